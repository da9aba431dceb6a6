"""`python -m tests.torture`: runs the harnesses, prints what they find, and keeps it as evidence."""

import argparse
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.torture.harnesses import HARNESSES, Harness
from tests.torture.report import CHECKOUT, Record, Result, Run, page_of, plainly, read_records, record_of

EVIDENCE: Final = CHECKOUT / "docs" / "evidence"
AFTER_ALL: Final = (
    "",
    "Exit code: 0 all is well; 1 a harness found a violation, or crashed; 2 the options are wrong.",
    "Run it as root, with the tools that .ci/run installs. What cannot run for want of one is reported.",
    "Given the --folder and --seed of an interrupted run, these go on where it was, the others begin anew:",
)
NAMES: Final = [harness.name for harness in HARNESSES]


def main(arguments: Sequence[str] | None = None) -> int:
    """0: no harness found a violation."""
    # Started in the background a shell ignores it, and so would every program that a harness interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    given = _given(arguments)
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


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.quick and given.write:
        parser.error("--write keeps results of whole runs: a --quick one would take the place of one")
    return given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.torture",
        description=__doc__,
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", action="append", choices=NAMES, metavar="NAME", help="this one; several times: these"
    )
    parser.add_argument("--quick", action="store_true", help="a small part of each: minutes, not hours")
    parser.add_argument("--seed", type=int, default=1, help="another number, other accidents (default 1)")
    parser.add_argument(
        "--folder", type=Path, help="where to work and to leave the results (default: a temporary one)"
    )
    parser.add_argument("--write", action="store_true", help="keep the results in docs/evidence")
    return parser


def _epilog() -> str:
    resuming = ", ".join(harness.name for harness in HARNESSES if harness.resumes)
    harnesses = [line for harness in HARNESSES for line in _lines_of(harness)]
    return "\n".join(["harnesses, in the order in which they run:", *harnesses, *AFTER_ALL, resuming])


def _lines_of(harness: Harness) -> Iterator[str]:
    yield f"  {harness.name:<10} {harness.about}"
    if harness.needs:
        yield f"  {'':<10} needs {harness.needs}"


if __name__ == "__main__":
    sys.exit(main())
