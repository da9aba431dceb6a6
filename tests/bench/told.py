"""From the last byte of the list to the webhook's arrival: the real process, and the bare script beside it.

Both poll once a second, half a second apart, each its own list; in every list one product comes back.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.catalogue import Catalogue, code_of, half_in_stock, watches
from tests.bench.figures import Figure, median, percentile
from tests.bench.servers import Answer, Receiver, Upstream

INTERVAL_S = 1.0
LOST_AFTER_S = 30.0


def seen_to_told(products: int, rules: int, restocks: int, aim_ms: float) -> Figure:
    """One figure: the median of the daemon's delays."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours, theirs = (stack.enter_context(Upstream(_restocking(products))) for _ in range(2))
        our_receiver, their_receiver = (stack.enter_context(Receiver()) for _ in range(2))
        config = write_config(folder, ours.url, f"json://{our_receiver.place}/told", rules)
        stack.enter_context(process("monitor", "--config", str(config), "run"))
        wait_for(lambda: len(ours.restocks) >= 1)
        start_at = ours.asked_at[-1] + 2.5 * INTERVAL_S
        webhook, database = f"http://{their_receiver.place}/told", str(folder / "bare.db")
        args = (theirs.url, webhook, database, str(INTERVAL_S), str(start_at))
        stack.enter_context(process("tests.bench.bare", *args))
        wait_for(lambda: min(len(ours.restocks), len(theirs.restocks)) > restocks, restocks * INTERVAL_S * 2)
        time.sleep(INTERVAL_S / 2)
        our_ms, their_ms = (
            delays_ms(ours, our_receiver, restocks),
            delays_ms(theirs, their_receiver, restocks),
        )
    return Figure(
        f"seen to told, {products:,} products × {rules} rules",
        median(our_ms),
        aim_ms,
        "ms",
        median(their_ms),
        {
            "restocks": len(our_ms),
            "p95 ms": percentile(our_ms, 95),
            "max ms": max(our_ms),
            "first ms": our_ms[0],
            "bare p95 ms": percentile(their_ms, 95),
        },
    )


def write_config(folder: Path, url: str, channel: str, rules: int, interval: str = "1s") -> Path:
    """Rules that neither space their openings nor tell of a sale: each restock is one message."""
    config = folder / "monitor.toml"
    config.write_text(
        f'[source]\nbase_url = "{url}"\napi_key = "bench"\ninterval = "{interval}"\n'
        f'[channels.hook]\nurl = "{channel}"\n'
        '[defaults]\nmin_gap = "0s"\nnotify_sold_out = false\nannounce_existing = false\n'
        f"{watches(rules, 'hook')}"
    )
    config.chmod(0o600)
    return config


@contextmanager
def process(module: str, *args: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process, ended with the block. What it said is shown if that went wrong."""
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen([sys.executable, "-m", module, *args], stdout=said, stderr=said)
        try:
            yield running
            if running.poll() is not None:
                raise RuntimeError(f"{module} ended by itself")  # noqa: TRY301  its words are wanted, too
        except BaseException as error:
            said.seek(0)
            error.add_note(f"{module} said: ...{said.read()[-2000:].decode()}")
            raise
        finally:
            running.terminate()
            running.wait(15)


def delays_ms(upstream: Upstream, receiver: Receiver, restocks: int) -> list[float]:
    """Of every restock after the first list, which is what was there at the start."""
    delays = []
    for code, sent_at in upstream.restocks[:restocks]:
        told_at = receiver.first_with(code.encode(), sent_at)
        delays.append((told_at - sent_at if told_at else LOST_AFTER_S) * 1000)
    return delays


def _restocking(products: int) -> Callable[[], Answer]:
    """In each list one product is back that was not in the last, and the one before it is gone again."""
    catalogue = Catalogue([0, 0] if products == 2 else half_in_stock(products))
    order = [number for number in range(products) if not catalogue.remaining[number]]
    random.Random(1).shuffle(order)
    turn = -1

    def next_answer() -> Answer:
        nonlocal turn
        turn += 1
        if turn == 0:
            return catalogue.body(), None
        if turn > 1:
            catalogue.set(order[(turn - 1) % len(order)], 0)
        back = order[turn % len(order)]
        catalogue.set(back, 3)
        return catalogue.body(), code_of(back)

    return next_answer


def wait_for(is_so: Callable[[], bool], patience_s: float = 30.0) -> None:
    deadline = time.perf_counter() + patience_s
    while not is_so():
        if time.perf_counter() > deadline:
            raise RuntimeError("the bench waited in vain")
        time.sleep(0.01)
