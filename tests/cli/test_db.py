"""`monitor db`: whole copies, prunes that were meant, exports that spreadsheets cannot misread."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.product import Attributes
from monitor.store.database import Database
from monitor.store.locks import LifeLock
from monitor.store.revision import HEAD
from monitor.store.sqlite import backups_of
from tests.cli.calling import call
from tests.cli.stock import CONFIG, stock, stocked, train
from tests.store.builders import damage_poll_table, execute

DAY = timedelta(days=1)


def db(folder: Path, *words: str | Path) -> tuple[int, str, str]:
    result = call("db", *words, "--config", folder / "monitor.toml")
    return result.exit_code, result.stdout, result.stderr


def poll_count(file: Path) -> int:
    (row,) = execute(file, "SELECT count(*) FROM poll")
    return int(row[0])  # type: ignore[index]


def real(folder: Path) -> Path:
    """A database as the monitor itself makes it."""
    (folder / "monitor.toml").write_text(CONFIG, encoding="utf-8")
    file = folder / "monitor.db"
    Database.open(f"sqlite:///{file}", holder="the tests").close()
    return file


def test_a_backup_is_whole_and_never_overwrites(tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with stocked(tmp_path, stock(TRAIN_1=3), stock(TRAIN_1=2)):
        code, out, _ = db(tmp_path, "backup", copy)
        again, _, error = db(tmp_path, "backup", copy)
    assert (code, out.startswith(f"{copy} (")) == (0, True)
    assert (again, "exists already" in error) == (6, True)
    assert poll_count(copy) == 2


def test_a_backup_may_be_made_beside_the_monitor(tmp_path: Path) -> None:
    file = real(tmp_path)
    with Database.open(f"sqlite:///{file}", holder="monitor run"):
        code, _, _ = db(tmp_path, "backup", tmp_path / "copy.db")
    assert code == 0


def test_upgrading_what_is_of_this_release_does_nothing(tmp_path: Path) -> None:
    file = real(tmp_path)
    assert db(tmp_path, "upgrade") == (0, f"{file} is of this release already (schema {HEAD})\n", "")
    assert backups_of(file) == []


def test_an_upgrade_is_refused_while_the_monitor_runs(tmp_path: Path) -> None:
    file = real(tmp_path)
    lock = LifeLock(file, "monitor run")
    try:
        code, _, error = db(tmp_path, "upgrade")
    finally:
        lock.close()
    assert (code, "is held by the monitor" in error) == (6, True)


def test_an_upgrade_makes_no_database(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text(CONFIG, encoding="utf-8")
    code, _, error = db(tmp_path, "upgrade")
    assert (code, "does not exist; start the monitor to make it" in error) == (6, True)
    assert not (tmp_path / "monitor.db").exists()


def test_pruning_forgets_what_is_older_and_gives_a_summary(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=0)) as monitor:
        monitor.now -= 100 * DAY
        for left in (1, 2, 0):
            monitor.poll(stock(TRAIN_1=left), later=DAY)
        code, out, _ = db(tmp_path, "prune", "--keep", "90d", "--yes")
        spans = monitor.rows("SELECT remaining_count FROM snapshot ORDER BY first_poll_id")
    assert (code, "was pruned: " in out) == (0, True)
    assert spans == [(0,)]


def test_nobody_is_asked_where_nobody_answers(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        code, _, error = db(tmp_path, "prune", "--keep", "1d")
        assert monitor.rows("SELECT count(*) FROM poll") == [(1,)]
    assert (code, "say --yes" in error) == (2, True)


def test_all_history_is_not_pruned_by_a_slip(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        code, _, error = db(tmp_path, "prune", "--keep", "0s", "--yes")
        assert monitor.rows("SELECT count(*) FROM poll") == [(1,)]
    assert (code, "1d is the least that is kept" in error) == (2, True)


def test_pruning_works_beside_the_monitor(tmp_path: Path) -> None:
    file = real(tmp_path)
    with Database.open(f"sqlite:///{file}", holder="monitor run"):
        code, _, _ = db(tmp_path, "prune", "--yes")
    assert code == 0


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_has_a_header_and_every_observation(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3, CCI_1=1), stock(TRAIN_1=2, CCI_1=1)) as monitor:
        code, out, _ = db(tmp_path, "export", "--format", "csv")
        expected = monitor.rows("SELECT poll_id, product_code, remaining_count FROM observation")
    found = [(int(r["poll_id"]), r["product_code"], int(r["remaining_count"])) for r in rows_of(out)]
    assert (code, sorted(found)) == (0, sorted(expected))


def test_an_export_can_be_of_some_products_and_lately(tmp_path: Path) -> None:
    answers = [stock(TRAIN_1=left, TRAIN_2=1, CCI_1=1) for left in range(4)]
    with stocked(tmp_path, *answers):
        _, out, _ = db(tmp_path, "export", "--format", "jsonl", "--product", "*TRAIN-1", "--since", "20s")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["product_code"], row["remaining_count"]) for row in rows] == [
        ("PRD-TRAIN-1", 2),
        ("PRD-TRAIN-1", 3),
    ]


def test_an_export_into_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    with stocked(tmp_path, stock(TRAIN_1=3)):
        code, out, _ = db(tmp_path, "export", "--format", "csv", "-o", file)
    assert (code, out, len(rows_of(file.read_text("utf-8")))) == (0, "", 1)
    assert not file.with_name("stock.csv.part").exists()


def test_an_export_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)):
        code, _, error = db(tmp_path, "export", "--format", "csv", "-o", tmp_path / "no" / "stock.csv")
    assert (code, "cannot write" in error) == (1, True)


def test_an_export_never_replaces_a_database(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        code, _, error = db(tmp_path, "export", "--format", "csv", "-o", tmp_path / "monitor.db")
        assert monitor.rows("SELECT count(*) FROM poll") == [(1,)]
    assert (code, "is a database, which an export does not replace" in error) == (1, True)


def test_an_export_of_an_unknown_product_is_a_usage_error(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)):
        code, _, error = db(tmp_path, "export", "--format", "csv", "--product", "PRD-TRAIM-1")
    assert (code, "nearest: PRD-TRAIN-1" in error) == (2, True)


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@sum", "\tx"])
def test_a_spreadsheet_sees_no_formula_where_upstream_wrote_one(tmp_path: Path, text: str) -> None:
    with stocked(tmp_path, stock(TRAIN_1=train(2, text, Attributes(text)))):
        _, as_csv, _ = db(tmp_path, "export", "--format", "csv")
        _, as_jsonl, _ = db(tmp_path, "export", "--format", "jsonl")
    (row,) = rows_of(as_csv)
    assert (row["name"], row["stock_error"]) == (f"'{text}", f"'{text}")
    assert json.loads(as_jsonl)["name"] == text


def test_a_whole_database_is_said_to_be_whole(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)):
        code, out, _ = db(tmp_path, "check")
        found = json.loads(db(tmp_path, "check", "--json")[1])
    assert (code, "monitor.db is whole: " in out) == (0, True)
    assert (found["ok"], found["problems"], found["rows"]["poll"]) == (True, [], 1)


def test_a_damaged_database_is_said_to_be_so(tmp_path: Path) -> None:
    with stocked(tmp_path, *[stock(TRAIN_1=3)] * 3):
        pass
    damage_poll_table(tmp_path / "monitor.db")
    code, out, error = db(tmp_path, "check")
    assert (code, out) == (6, "")
    assert "damaged" in error


def test_rows_that_point_to_none_are_found(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)):
        pass
    with closing(sqlite3.connect(tmp_path / "monitor.db")) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("DELETE FROM product")
    code, out, _ = db(tmp_path, "check", "--json")
    assert code == 6
    assert "1 rows of snapshot point to rows of product that are not there" in json.loads(out)["problems"]


@pytest.mark.parametrize(
    "verb", [["check"], ["export", "--format", "csv"], ["prune", "--yes"], ["backup", "x"]]
)
def test_no_verb_makes_a_database(tmp_path: Path, verb: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "monitor.toml").write_text(CONFIG, encoding="utf-8")
    code, _, error = db(tmp_path, *verb)
    assert (code, "does not exist" in error) == (6, True)
    assert [file.name for file in tmp_path.iterdir()] == ["monitor.toml"]
