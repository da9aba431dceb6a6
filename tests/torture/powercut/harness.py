"""Cuts the power after every operation of a recorded run, in every way that the disk may take it."""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Final

from tests.torture.powercut.operations import Acknowledged
from tests.torture.powercut.recording import Act, Recording, record
from tests.torture.powercut.releases import (
    IMPATIENT,
    SMALL_SLICES,
    UNSYNCED_COPY,
    Edit,
    make_next_release,
    make_release,
)
from tests.torture.powercut.replay import Plan, replay
from tests.torture.powercut.share import Share
from tests.torture.report import Count, Result, Run

IMAGES_OWED: Final = 20_000
FAULTS: Final[dict[str, tuple[str, Sequence[Edit]]]] = {
    "with synchronous=NORMAL": ("lost", (IMPATIENT,)),
    "with backups unsynced": ("backup", UNSYNCED_COPY),
}
"""Programs that are broken on purpose, and what must be found in images of theirs."""


def torture(run: Run) -> Result:
    cycles, plan = (3, Plan(run.seed, drawn=2, every=4)) if run.quick else (14, Plan(run.seed, drawn=14))
    _clear(run.folder)
    recording = record_acts(run.folder / "run", run.seed, cycles)
    run.say(f"{len(recording.operations)} operations and marks are recorded")
    began = monotonic()
    share = replay(recording, plan, run.folder)
    counts = counts_of(recording, share, plan.every, monotonic() - began)
    run.say(f"{len(share.images)} images are opened; now programs that are broken on purpose")
    broken = {
        f"{kind} {name}": found_in_broken(run.folder / name, run.seed, *edits)[kind]
        for name, (kind, edits) in FAULTS.items()
    }
    return Result(counts | broken, [*share.violations, *_owed(run, share, broken)], share.left_out)


def record_acts(folder: Path, seed: int, cycles: int) -> Recording:
    """A new database, a crash, a deleted file, a smaller one, an upgrade: all that a file goes through."""
    program = make_release(folder / "program", SMALL_SLICES)
    acts = [
        Act("first", program, cycles),
        Act("deleted", program, cycles),
        Act("tidied", program, max(cycles // 3, 1)),
        Act("upgrade", make_next_release(folder / "next"), max(cycles // 3, 1)),
    ]
    return record(folder, acts, seed)


def found_in_broken(folder: Path, seed: int, *edits: Edit, every: int = 4) -> Counter[str]:
    """In how many images of a broken program the judge found what."""
    release = make_release(folder / "program", *edits)
    recording = record(folder, [Act("first", release, 2)], seed)
    return replay(recording, Plan(seed, drawn=1, every=every), folder).findings


def counts_of(recording: Recording, share: Share, every: int, seconds: float) -> dict[str, Count]:
    """`images`: each counted once, however many replays gave it."""
    kinds = Counter(type(operation) for operation in recording.operations)
    return {
        "images": len(share.images),
        "torn": len(share.torn),
        "reordered": len(share.reordered),
        "replays": share.replays,
        "cuts": sum(len(recording.cuts(act)[::every]) for act in recording.acts),
        "acknowledged commits": kinds[Acknowledged],
        **{kind: share.findings[kind] for kind in ("lost", "half", "corrupt", "refused", "stuck", "backup")},
        "images a second": len(share.images) / max(seconds, 0.001),
    }


def _clear(folder: Path) -> None:
    """Of an interrupted run nothing can be used: another recording has other bytes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _owed(run: Run, share: Share, broken: dict[str, int]) -> Iterator[str]:
    if not run.quick and len(share.images) < IMAGES_OWED:
        yield f"{len(share.images)} different images were opened, fewer than {IMAGES_OWED}"
    for name, found in broken.items():
        if not found:
            yield f"a program that is broken on purpose was not found out: {name}"
