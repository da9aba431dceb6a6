"""A made-up history as a file: thinned as an old one is, and windows are those of the truth beside it."""

import json
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.core.errors import MonitorError
from monitor.core.moment import from_ms
from monitor.core.window import Window, windows
from monitor.simulator.into_file import Plan, write_history
from monitor.store.database import Database
from monitor.store.history import history
from monitor.store.housekeeping import Housekeeping
from monitor.store.readonly import reading

END = datetime(2026, 10, 20, 12, tzinfo=UTC)
PLAN = Plan(3, timedelta(days=32), END, products=8)


@dataclass(frozen=True, slots=True)
class Made:
    file: Path
    truth: list[dict[str, Any]]
    steps: list[tuple[int, int]]

    def openings(self, code: str) -> list[tuple[datetime, datetime]]:
        return [
            (_at(line["opened_at"]), _at(line["closed_at"]) if line["closed_at"] else END)
            for line in self.truth
            if line["kind"] == "opening" and line["product_code"] == code
        ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    steps: list[tuple[int, int]] = []
    write_history(PLAN, folder / "m.db", folder / "truth", lambda done, of: steps.append((done, of)))
    lines = (folder / "truth").read_text("utf-8").splitlines()
    assert sorted(path.name for path in folder.iterdir()) == ["m.db", "truth"]
    return Made(folder / "m.db", [json.loads(line) for line in lines], steps)


def test_windows_are_the_true_openings_at_the_resolution_of_polls(made: Made) -> None:
    compared = 0
    for code, found in _windows(made.file).items():
        true = made.openings(code)
        for window in found:
            begun = [
                opened
                for opened, _ in true
                if _is_after(opened, window.unseen_at) and opened <= window.opened_at
            ]
            assert begun, (code, window)
            if window.closed_at is not None:
                assert any(window.last_at < closed <= window.closed_at for _, closed in true), (code, window)
            compared += 1
    assert compared > 200


def test_every_opening_that_a_poll_could_see_is_in_a_window(made: Made) -> None:
    """But for the unreadable rows, of which there are few."""
    polls = _ok_polls(made.file)
    seen = missed = 0
    for code, found in _windows(made.file).items():
        for opened, closed in made.openings(code):
            inside = bisect_left(polls, closed) - bisect_left(polls, opened)
            if opened > END - timedelta(days=30) and inside:
                is_found = any(w.opened_at < closed and (w.closed_at or END) >= opened for w in found)
                seen, missed = seen + is_found, missed + (not is_found)
                assert is_found or inside < 12
    assert seen > 200
    assert missed <= 3


def test_polls_older_than_thirty_days_are_thinned_as_the_monitor_would(made: Made) -> None:
    with Database.open_for_command(f"sqlite:///{made.file}") as database:
        before = _count(database)
        house = Housekeeping(timedelta(days=400))
        while database.write(lambda connection: house.step(connection, END)):
            pass
        assert _count(database) == before
    assert 30 * 5500 < before < 31 * 5760


def test_it_says_how_far_it_is(made: Made) -> None:
    assert made.steps == sorted(made.steps)
    assert made.steps[-1] == (32 * 86_400, 32 * 86_400)


def test_the_first_line_of_the_truth_tells_of_the_whole(made: Made) -> None:
    whole = made.truth[0]
    assert (whole["kind"], whole["seed"], whole["products"], whole["interval_s"]) == ("history", 3, 8, 15.0)
    assert (_at(whole["since"]), _at(whole["until"])) == (PLAN.start, END)
    assert whole["holidays"] == [f"2026-10-0{day}" for day in range(1, 8)]


def test_the_counts_of_an_opening_are_those_of_its_time(made: Made) -> None:
    for line in made.truth:
        if line["kind"] == "opening":
            times = [at for at, _ in line["counts"]]
            assert times[0] == line["opened_at"]
            assert times == sorted(times)
            assert line["peak"] == max(left for _, left in line["counts"])


@pytest.mark.parametrize("there", ["m.db", "truth"])
def test_no_file_is_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    with pytest.raises(MonitorError, match=f"{there} exists already, and is not overwritten"):
        write_history(PLAN, tmp_path / "m.db", tmp_path / "truth", lambda _done, _of: None)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_what_was_interrupted_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_history(PLAN, tmp_path / "m.db", tmp_path / "truth", interrupt)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MonitorError, match=r"cannot write .*nowhere/m\.db: No such file or directory"):
        write_history(PLAN, tmp_path / "nowhere" / "m.db", tmp_path / "truth", lambda _done, _of: None)


def _windows(file: Path) -> dict[str, list[Window]]:
    with reading(f"sqlite:///{file}") as connection:
        return {
            one.key.product_code: list(windows(one.spans))
            for one in history(connection, PLAN.start)
            if one.key.product_code != "PRD-CCI-1"  # in two data centres, and always there
        }


def _ok_polls(file: Path) -> list[datetime]:
    with reading(f"sqlite:///{file}") as connection:
        rows = connection.exec_driver_sql("SELECT at FROM poll WHERE outcome = 'ok' ORDER BY id")
        return [from_ms(at) for (at,) in rows]


def _count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM poll").scalar_one())


def _is_after(moment: datetime, other: datetime | None) -> bool:
    return other is None or moment > other


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
