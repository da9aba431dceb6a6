"""A program run to its end or its deadline: nothing that it does or leaves undone may hold us."""

import os
import sys
from pathlib import Path

import pytest

from monitor.notify.process import OUTPUT_KEPT_BYTES, Ended, run
from tests.acceptance.daemon import until
from tests.notify.scripts import script

ENVIRON = {"PATH": os.environ["PATH"]}
LONG_S = 30.0


def sh(words: str, given: bytes = b"", deadline_s: float = LONG_S) -> Ended:
    return run(["/bin/sh", "-c", words], given, ENVIRON, deadline_s)


def test_it_reads_what_it_is_given_and_what_it_says_is_kept() -> None:
    assert sh("cat; echo err >&2; exit 3", b"in\n") == Ended(3, b"in\nerr\n")


def test_arguments_are_passed_as_they_are_and_never_through_a_shell(tmp_path: Path) -> None:
    file = script(tmp_path, 'printf "%s|" "$@"')
    odd = ["$(touch /tmp/pwned)", "; exit 9", "a b", "*", ""]
    assert run([str(file), *odd], b"", ENVIRON, LONG_S) == Ended(0, ("|".join(odd) + "|").encode())


def test_nothing_is_inherited_but_what_is_passed() -> None:
    ended = run([sys.executable, "-c", "import os; print(sorted(os.environ))"], b"", {"A": "有货"}, LONG_S)
    assert set(eval(ended.output)) - {"LC_CTYPE"} == {"A"}


def test_no_descriptor_of_ours_is_handed_on(tmp_path: Path) -> None:
    with (tmp_path / "held").open("w") as held:
        ended = sh("ls -l /proc/self/fd")
        assert held.name.encode() not in ended.output


def test_of_much_output_the_end_is_kept() -> None:
    ended = sh("yes | head -c 3000000; printf end")
    assert (ended.code, len(ended.output), ended.output[-4:]) == (0, OUTPUT_KEPT_BYTES, b"\nend")


def test_it_need_not_read_its_input() -> None:
    assert sh("exit 0", b"x" * 1_000_000) == Ended(0, b"")
    assert sh("exec 0<&-; sleep 0.1; echo done", b"x" * 1_000_000) == Ended(0, b"done\n")


def test_it_may_close_its_output_and_work_on() -> None:
    assert sh("exec >&- 2>&-; sleep 0.1; exit 4") == Ended(4, b"")


def test_what_it_leaves_behind_on_purpose_neither_holds_us_nor_dies(tmp_path: Path) -> None:
    ended = sh(f"(sleep 0.3; echo later > {tmp_path}/left) & echo started")
    assert ended == Ended(0, b"started\n")
    until((tmp_path / "left").exists, lambda: "what was left behind to go on", LONG_S)


def test_at_the_deadline_it_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    words = f"(echo $$ ; sleep 60 & echo $! > {tmp_path}/child; wait)"
    ended = sh(f"trap '' TERM; {words}", deadline_s=0.5)
    assert ended.code is None
    assert ended.output
    child = int((tmp_path / "child").read_text())
    until(lambda: is_dead(child), lambda: "the child to die", LONG_S)


def is_dead(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_output_without_end_is_cut_at_the_deadline() -> None:
    ended = sh("yes", deadline_s=0.3)
    assert (ended.code, len(ended.output)) == (None, OUTPUT_KEPT_BYTES)


def test_one_that_is_killed_by_somebody_else_tells_the_signal() -> None:
    assert sh("kill -TERM $$").code == -15


def test_what_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run([str(tmp_path / "none")], b"", ENVIRON, LONG_S)
