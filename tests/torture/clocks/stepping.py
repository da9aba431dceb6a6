"""The real process, `monitor run`, under a wall clock that is set again and again while stock comes and goes.

The clock is libfaketime's: it reads how wrong it is from a file, anew each time that it is asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.acceptance.daemon import Daemon, Stage, Told
from tests.fakes.internet import Answer

LIBRARIES: Final = "usr/lib/*/faketime/libfaketime.so.1"
STEPS: Final = (
    *("+3600", "+0", "-3600", "+0", "+86400", "+0", "-86400", "+0"),
    *("@1970-01-02 00:00:00", "+0", "+315360000", "+0", "-3600", "+86400", "@1970-01-02 00:00:00", "+0"),
)
POLLS: Final = 2
WORDS: Final = ("BACK IN STOCK", "SOLD OUT")


@dataclass
class Stepped:
    """`messages`: what the hook accepted. `objections`: what was not as it has to be."""

    steps: int = 0
    polls: int = 0
    messages: list[Told] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)


def library() -> Path | None:
    return next(iter(sorted(Path("/").glob(LIBRARIES))), None)


def play(folder: Path, faketime: Path, steps: Sequence[str], say: Callable[[str], None]) -> Stepped:
    """At each step stock comes or goes; at every second one the receiver is out of order meanwhile."""
    found = Stepped()
    with Stage.built(folder) as stage:
        clock = folder / "clock"
        _set(clock, "+0")
        daemon = stage.start(**_environ(faketime, clock))
        try:
            for number, step in enumerate(steps):
                say(f"the clock is set to {step}")
                _one(stage, daemon, clock, step, number)
                found.steps += 1
        except AssertionError as error:
            found.objections.append(f"after {found.steps} steps, {steps[: found.steps + 1]}: {error}")
        else:
            found.objections += [] if daemon.stop() == 0 else ["it did not stop with 0"]
        found.polls, found.messages = stage.provider.requests, stage.hooked
        channels = {"hook": [told.event for told in stage.hooked], "mail": [t.event for t in stage.mailed]}
    titles = [told.title for told in found.messages]
    found.objections += [] if found.objections else [*judge(titles, found.steps), *alike(channels)]
    return found


def judge(titles: Sequence[str], steps: int) -> Iterator[str]:
    """One message for each step, stock coming and going in turn, nothing else."""
    wanted = [WORDS[number % 2] for number in range(steps)]
    if len(titles) != steps:
        yield f"{len(titles)} messages after {steps} changes of stock: {titles}"
    for number, (title, words) in enumerate(zip(titles, wanted, strict=False)):
        if not title.startswith(words):
            yield f"message {number} is {title!r}, not {words}"


def alike(channels: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Every channel told the same events in the same order."""
    if len({tuple(events) for events in channels.values()}) != 1:
        yield f"the channels differ: {dict(channels)}"


def _one(stage: Stage, daemon: Daemon, clock: Path, step: str, number: int) -> None:
    is_out_of_order = number % 2 == 1
    if is_out_of_order:
        stage.internet.answers["127.0.0.1"] = Answer(fault="reset_before_reading")
        stage.shelf.stock(3 if number % 2 == 0 else 0)
        daemon.until(lambda: _waiting(stage), "a delivery that waits")
    _set(clock, step)
    polls = stage.provider.requests
    daemon.until(lambda: stage.provider.requests >= polls + POLLS, f"{POLLS} polls after the step")
    stage.internet.answers.pop("127.0.0.1", None)
    stage.shelf.stock(3 if number % 2 == 0 else 0)
    daemon.until(lambda: len(stage.hooked) > number, f"message {number}")
    daemon.until(lambda: len(stage.mailed) > number, f"mail {number}")
    stage.all_sent(daemon)


def _waiting(stage: Stage) -> bool:
    return stage.rows("SELECT count(*) FROM delivery WHERE state = 'retry'") != [(0,)]


def _environ(faketime: Path, clock: Path) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(faketime),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_TIMESTAMP_FILE": str(clock),
    }


def _set(clock: Path, step: str) -> None:
    """All at once: half a line would be another time."""
    new = clock.with_suffix(".new")
    new.write_text(f"{step}\n", "ascii")
    new.replace(clock)
