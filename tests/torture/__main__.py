"""`python -m tests.torture`: runs the harnesses, prints what they find, and keeps it as evidence."""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.torture.harnesses import HARNESSES, Harness
from tests.torture.report import CHECKOUT, Record, Result, Run, page_of, plainly, read_records, record_of

EVIDENCE: Final = CHECKOUT / "docs" / "evidence"
NAMES: Final = [harness.name for harness in HARNESSES]


def main(arguments: Sequence[str] | None = None) -> int:
    """0: no harness found a violation."""
    given = _parser().parse_args(arguments)
    chosen = [harness for harness in HARNESSES if given.only is None or harness.name in given.only]
    with ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="torture-")))
        records = list(_run_all(chosen, folder, given.seed, quick=given.quick))
    if given.write:
        write_evidence(records, EVIDENCE)
    return 0 if all(record.is_well for record in records) else 1


def write_evidence(records: Iterable[Record], folder: Path) -> None:
    """Keep these, beside those that earlier runs of other harnesses left."""
    (folder / "torture").mkdir(parents=True, exist_ok=True)
    for record in records:
        (folder / "torture" / f"{record.name}.json").write_text(record.as_json(), "utf-8")
    (folder / "torture.md").write_text(page_of(read_records(folder / "torture", NAMES)), "utf-8")


def _run_all(chosen: Iterable[Harness], folder: Path, seed: int, *, quick: bool) -> Iterable[Record]:
    for harness in chosen:
        record = _run(harness, folder / harness.name, seed, quick=quick)
        (folder / f"{harness.name}.json").write_text(record.as_json(), "utf-8")
        _print(record)
        yield record


def _run(harness: Harness, folder: Path, seed: int, *, quick: bool) -> Record:
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:5.0f} s {harness.name}: {line}", file=sys.stderr, flush=True)

    run = Run(seed, folder, quick, say)
    say(f"{harness.about}; seed {seed}")
    try:
        result = harness.torture(run)
    except Exception:
        result = Result({}, [f"the harness crashed: {traceback.format_exc(limit=-4)}"])
    return record_of(harness.name, harness.about, run, result, time.monotonic() - started)


def _print(record: Record) -> None:
    print(
        f"{record.name}: {'ok' if record.is_well else 'VIOLATED'} in {record.seconds} s, seed {record.seed}"
    )
    for name, value in record.counts.items():
        print(f"  {name}: {plainly(value)}")
    for violation in record.violations:
        print(f"  VIOLATION: {violation}")
    if record.violation_count > len(record.violations):
        print(f"  and {record.violation_count - len(record.violations)} more")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="a small part of each: minutes, not hours")
    parser.add_argument("--seed", type=int, default=1, help="another number, other accidents (default 1)")
    parser.add_argument(
        "--folder", type=Path, help="where to work and to leave the results; an interrupted run resumes there"
    )
    parser.add_argument("--write", action="store_true", help="keep the results in docs/evidence")
    return parser


if __name__ == "__main__":
    sys.exit(main())
