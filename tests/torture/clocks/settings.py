"""The configuration of a simulated monitor: watches drawn at random, and the file that says the same."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final

from monitor.config.loading import load
from monitor.config.settings import Config
from tests.torture.clocks.scene import CHANNELS, CODES, INTERVAL_S, TIMEOUT_S, Watch

ENVIRON: Final[Mapping[str, str]] = {"KEY": "canary-key", "HOOK": "json://127.0.0.1:9/canary-hook"}
BLIND_AFTER: Final = timedelta(minutes=33)
GIVE_UP_AFTER: Final[Mapping[str, timedelta]] = {"phone": timedelta(hours=6), "ops": timedelta(minutes=95)}

# Never a multiple of the interval: then no time is up within the millisecond in which a poll is answered.
_WAITS_S: Final = (0, 0, 137, 431, 1_031)
_GAPS_S: Final = (0, 60, 437, 1_327)
_REMINDERS_S: Final = (None, None, 3_731, 20_000, 86_531)


def draw_watches(chance: Random) -> tuple[Watch, ...]:
    """Three: one that tells all, one with patience, and one of any kind."""
    plain = Watch("plain", CODES, CHANNELS)
    patient = replace(_draw(chance, "patient"), hold=_seconds(431), keep=_seconds(431))
    return plain, patient, _draw(chance, "odd")


def redraw(chance: Random, watches: Iterable[Watch]) -> tuple[Watch, ...]:
    """Some rules change, one may go, one may come (again)."""
    kept = [_draw(chance, watch.name) if chance.random() < 0.5 else watch for watch in watches]
    if len(kept) > 1 and chance.random() < 0.5:
        kept.pop(chance.randrange(len(kept)))
    names = {watch.name for watch in kept}
    new = chance.choice(("odd", "patient", "late"))
    return tuple(kept) if new in names or len(kept) > 2 else (*kept, _draw(chance, new))


def configured(file: Path, watches: Iterable[Watch]) -> Config:
    file.touch(0o600)
    file.write_text(_HEAD + "".join(_table(watch) for watch in watches), "utf-8")
    return load(file)


def _draw(chance: Random, name: str) -> Watch:
    remind_s = chance.choice(_REMINDERS_S)
    return Watch(
        name,
        tuple(sorted(chance.sample(CODES, chance.randint(1, 3)))),
        tuple(sorted(chance.sample(CHANNELS, chance.randint(1, 2)))),
        least=chance.choice((None, None, 2, 3)),
        dearest=chance.choice((None, None, Decimal(16))),
        hold=_seconds(chance.choice(_WAITS_S)),
        keep=_seconds(chance.choice(_WAITS_S)),
        remind=None if remind_s is None else _seconds(remind_s),
        min_gap=_seconds(chance.choice(_GAPS_S)),
        tells_sold_out=chance.random() < 0.8,
        tells_existing=chance.random() < 0.6,
        more=chance.choice((None, Decimal(2), Decimal("1.5"))),
    )


def _seconds(number: int) -> timedelta:
    return timedelta(seconds=number)


_HEAD: Final = f"""
[source]
base_url = "http://127.0.0.1:9"
api_key = {{ env = "KEY" }}
interval = "{INTERVAL_S:.0f}s"
timeout = "{TIMEOUT_S:.0f}s"
[storage]
url = "sqlite:///monitor.db"
[monitor]
notify = ["ops"]
blind_after = "{BLIND_AFTER.total_seconds():.0f}s"
""" + "".join(
    f"""
[channels.{name}]
url = {{ env = "HOOK" }}
give_up_after = "{patience.total_seconds():.0f}s"
"""
    for name, patience in GIVE_UP_AFTER.items()
)


def _table(watch: Watch) -> str:
    wanted = [f"product_code = [{_names(watch.codes)}]"]
    wanted += [f'remaining = ">={watch.least}"'] if watch.least is not None else []
    wanted += [f'price = "<={watch.dearest}"', "price_unit = 11"] if watch.dearest is not None else []
    more = "" if watch.more is None else f'more_at = "x{watch.more}"'
    remind = "" if watch.remind is None else f'remind_every = "{watch.remind.total_seconds():.0f}s"'
    return f"""
[[watch]]
name = "{watch.name}"
match = {{ {", ".join(wanted)} }}
notify = [{_names(watch.channels)}]
for = "{watch.hold.total_seconds():.0f}s"
keep_firing_for = "{watch.keep.total_seconds():.0f}s"
min_gap = "{watch.min_gap.total_seconds():.0f}s"
notify_sold_out = {str(watch.tells_sold_out).lower()}
announce_existing = {str(watch.tells_existing).lower()}
{remind}
{more}
"""


def _names(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
