"""The processor's time that one poll takes: ask, decide, commit, in a process that does nothing else.

As a program, `python -m tests.bench.cycle CONFIG`, it polls as many times as each line on standard input
says, with the parts of the daemon, and prints the CPU seconds of each poll.
"""

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from tests.bench.catalogue import Catalogue, half_in_stock, watches
from tests.bench.figures import Figure, median
from tests.bench.servers import Answer, Upstream

PRODUCTS = 1000
RULES = 50
CHANGING = 10


def cpu_of_a_cycle(polls: int, rounds: int = 10) -> Figure:
    """The two programs take turns, so that both meet the same weather."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstreams = [stack.enter_context(Upstream(_changing())) for _ in range(2)]
        config = folder / "monitor.toml"
        config.write_text(
            f'[source]\nbase_url = "{upstreams[0].url}"\napi_key = "bench"\n'
            '[channels.hook]\nurl = "json://127.0.0.1:9/"\n'
            f"[defaults]\nannounce_existing = false\n{watches(RULES, 'hook')}"
        )
        config.chmod(0o600)
        bare = (
            "tests.bench.bare",
            upstreams[1].url,
            "http://127.0.0.1:9/",
            str(folder / "bare.db"),
            "0",
            "0",
        )
        programs = [_program(stack, "tests.bench.cycle", str(config)), _program(stack, *bare)]
        for program in programs:
            _cpu_ms(program, 3)
        took: list[list[float]] = [[], []]
        for _ in range(rounds):
            for side, program in enumerate(programs):
                took[side] += _cpu_ms(program, polls // rounds)
    ours, theirs = (median(so_far) for so_far in took)
    return Figure(
        f"CPU of a poll, {PRODUCTS:,} products, 1 % changing",
        ours / theirs,
        3,
        "× bare",
        1,
        {"ms": ours, "bare ms": theirs, "polls": len(took[0]), "rules": RULES},
    )


def _changing() -> Callable[[], Answer]:
    """Counts move; nothing sells out or comes back, so that neither program has anything to send."""
    catalogue, chance = Catalogue(half_in_stock(PRODUCTS)), random.Random(2)
    there = [number for number, left in enumerate(catalogue.remaining) if left]

    def next_answer() -> Answer:
        for number in chance.sample(there, CHANGING):
            catalogue.set(number, catalogue.remaining[number] % 8 + 1)
        return catalogue.body(), None

    return next_answer


def _program(stack: ExitStack, module: str, *args: str) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    program = subprocess.Popen([sys.executable, "-m", module, *args], stdin=pipe, stdout=pipe, text=True)
    stack.callback(program.wait, 15)
    assert program.stdin
    stack.callback(program.stdin.close)
    return program


def _cpu_ms(program: "subprocess.Popen[str]", polls: int) -> list[float]:
    assert program.stdin
    assert program.stdout
    print(polls, file=program.stdin, flush=True)
    return [seconds * 1000 for seconds in json.loads(program.stdout.readline())]


async def _poll_as_told(config_path: Path) -> None:
    from monitor.config.loading import load
    from monitor.daemon.clock import SteadyClock, SystemClock, new_event_id
    from monitor.daemon.gate import SourceGate
    from monitor.daemon.ledger import Ledger
    from monitor.daemon.poll import SaidFailures, poll
    from monitor.daemon.settings import feeds_of, settings_of
    from monitor.source.client import Client
    from monitor.store.database import Database
    from monitor.store.store import Store

    config, clock = load(config_path), SystemClock()
    (source,), (feed,) = config.sources, feeds_of(config)
    store = Store(Database.open(config.storage.url, holder="bench"))
    steady = SteadyClock(clock)
    ledger = Ledger(store, [feed], settings_of(config), steady, new_event_id)
    await ledger.load()
    client = Client(source.base_url, "bench", source.timeout, clock.now)
    gate = SourceGate(timedelta(seconds=1), clock.monotonic)
    for line in sys.stdin:
        took = []
        for _ in range(int(line)):
            before = time.process_time()
            taken = await poll(feed, client, gate, ledger, steady, lambda _: None, SaidFailures())
            took.append(time.process_time() - before)
            assert taken is not None
            assert taken.trouble is None
        print(json.dumps(took), flush=True)
    await client.close()
    store.close(5)


if __name__ == "__main__":
    asyncio.run(_poll_as_told(Path(sys.argv[1])))
