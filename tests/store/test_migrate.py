"""Upgrades are all or nothing, keep what they do not touch, and come after a backup."""

import os
import re
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from monitor.core.errors import DatabaseError
from monitor.store import migrate
from monitor.store.database import Database
from monitor.store.revision import HEAD, is_behind, revision_of
from monitor.store.schema import metadata
from monitor.store.sqlite import advice_on_damage, backups_of
from monitor.store.view import CREATE_VIEW
from tests.store.builders import execute, url_of

MIGRATIONS = Path(__file__).parents[2] / "migrations"
NOW = datetime(2025, 11, 24, 8, 0, tzinfo=UTC)
NEXT = f"{int(HEAD) + 1:04}"
SECOND = f"""
import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{HEAD}"


def upgrade() -> None:
    with op.batch_alter_table("transition") as batch:
        batch.add_column(sa.Column("extra", sa.Text(), server_default="{{}}", nullable=False))
    with op.batch_alter_table("poll") as batch:
        batch.alter_column("reason", existing_type=sa.Text(), new_column_name="why")
    op.execute("UPDATE poll SET why = 'told'")
"""
HISTORY = (
    "INSERT INTO source VALUES (1, 'default')",
    "INSERT INTO product (id, source_id, aidc_id, product_code, first_seen_at, last_seen_at)"
    " VALUES (1, 1, 1, 'PRD-TRAIN-1', 0, 0)",
    "INSERT INTO poll VALUES (1, 1, NULL, 0, 38, 'ok', NULL, NULL, 1, 0, 0)",
    "INSERT INTO snapshot VALUES (1, 1, NULL, 3, NULL, NULL)",
    "INSERT INTO transition VALUES (1, 'e1', 'rule', 1, 1, 0, 'fired', 'stock', 'e1', '{}')",
    "INSERT INTO delivery (id, transition_id, channel, state, expires_at) VALUES (1, 1, 'slack', 'sent', 9)",
    "INSERT INTO attempt VALUES (1, 1, 'm1', 0, 38, 'accepted', NULL)",
)


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """The real migrations, and one more after them."""
    place = tmp_path / "scripts 100%"
    shutil.copytree(MIGRATIONS, place, ignore=shutil.ignore_patterns("__pycache__"))
    (place / "versions" / f"{NEXT}_second.py").write_text(SECOND)
    return place


@pytest.fixture
def old(file: Path) -> Path:
    """A database of this release with some history."""
    execute(file, *HISTORY)
    return file


@contextmanager
def connected(file: Path) -> Iterator[Connection]:
    engine = create_engine(url_of(file))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def normal(sql: str) -> str:
    """Without what carries no meaning: white space, quotes, and constraints that stand between columns."""
    flat = (
        re.sub(r"\s+", " ", sql.replace('"', ""))
        .replace(" ,", ",")
        .replace("( ", "(")
        .replace(" )", ")")
        .strip()
    )
    head, begin, rest = flat.partition("(")
    body, end, options = rest.rpartition(")")
    parts = re.split(r", (?![^(]*\))", body)
    constraints = sorted(part for part in parts if part.startswith("CONSTRAINT "))
    columns = [part for part in parts if part not in constraints]
    return head + begin + ", ".join([*columns, *constraints]) + end + options


def schema_of(file: Path) -> set[str]:
    rows = execute(file, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
    return {normal(str(row[0])) for row in rows if isinstance(row, tuple)}


def test_the_constant_is_the_head_of_the_scripts() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_revisions_are_numbers_that_grow() -> None:
    revisions = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)
    assert all(re.fullmatch(r"\d{4}", revision) for revision in revisions)


def test_the_migrations_make_the_schema_and_the_view(tmp_path: Path, file: Path) -> None:
    with connected(tmp_path / "metadata.db") as connection:
        metadata.create_all(connection)
        connection.exec_driver_sql(CREATE_VIEW)
        connection.commit()
    assert schema_of(file) == schema_of(tmp_path / "metadata.db")


def test_autogenerate_finds_no_difference(file: Path) -> None:
    with connected(file) as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_a_developer_can_ask_alembic_for_drift(file: Path) -> None:
    config = Config(cmd_opts=Namespace(x=[f"url={url_of(file)}"]))
    config.set_main_option("script_location", str(MIGRATIONS))
    command.check(config)


def test_a_database_that_is_up_to_date_opens_without_alembic(url: str) -> None:
    code = (
        "import sys; from monitor.store.database import Database\n"
        f"Database.open({url!r}, holder='run').close(); print('alembic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout == "False\n"


def test_an_upgrade_keeps_parents_and_children(old: Path, scripts: Path) -> None:
    saved = migrate.upgrade(old, HEAD, NOW, scripts=scripts, head=NEXT)
    assert execute(old, "SELECT version_num FROM alembic_version") == [(NEXT,)]
    assert execute(old, "SELECT id, extra FROM transition") == [(1, "{}")]
    assert execute(old, "SELECT id, transition_id FROM delivery") == [(1, 1)]
    assert execute(old, "SELECT id, delivery_id FROM attempt") == [(1, 1)]
    assert execute(old, "SELECT why FROM poll") == [("told",)]
    assert execute(old, "SELECT product_code, remaining_count FROM observation") == [("PRD-TRAIN-1", 3)]
    assert saved == old.with_name(f"monitor.db.backup-{HEAD}-20251124T080000.000000Z")
    assert execute(saved, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert execute(saved, "SELECT count(*) FROM attempt") == [(1,)]


def test_the_first_schema_is_upgraded_to_the_newest_and_keeps_what_it_holds(
    tmp_path: Path, file: Path
) -> None:
    old = tmp_path / "first.db"
    migrate.upgrade(old, None, NOW, head="0001")
    open_alert = "INSERT INTO alert VALUES ('rule', 1, 'firing', 5, NULL, 'stock', 'e1', 6, NULL, 3)"
    execute(old, *HISTORY, open_alert, "INSERT INTO silence VALUES (1, 'rule', NULL, 5, 9, 'moving', 5)")
    migrate.upgrade(old, "0001", NOW)
    assert schema_of(old) == schema_of(file)
    assert execute(old, "SELECT rule, product_id, state, since, announced_at, peak FROM alert") == [
        ("rule", 1, "firing", 5, 6, 3)
    ]
    assert execute(old, "SELECT rule, until_at, reason, ended_at FROM silence") == [
        ("rule", 9, "moving", None)
    ]
    assert execute(old, "SELECT count(*) FROM attempt") == [(1,)]


def test_the_three_newest_backups_are_kept(old: Path, scripts: Path) -> None:
    revision = HEAD
    for day in range(5):
        execute(old, f"UPDATE alembic_version SET version_num = '{revision}'")
        (scripts / "versions" / f"{NEXT}_second.py").write_text(
            SECOND.split("def upgrade", maxsplit=1)[0] + "def upgrade(): ..."
        )
        migrate.upgrade(old, revision, NOW + timedelta(days=day), scripts=scripts, head=NEXT)
    kept = [path.name[-23:-15] for path in backups_of(old)]
    assert kept == ["20251126", "20251127", "20251128"]


def test_what_a_killed_upgrade_left_is_no_backup_and_goes_with_the_next(old: Path, scripts: Path) -> None:
    cut_short = old.with_name(f"monitor.db.backup-{HEAD}-20251123T080000.000000Z.4711.part")
    leftovers = {cut_short, cut_short.with_name(f"{cut_short.name}-journal")}
    for leftover in leftovers:
        leftover.write_bytes(b"half a page")
    assert backups_of(old) == []
    assert "no backup lies beside it" in advice_on_damage(old)
    saved = migrate.upgrade(old, HEAD, NOW, scripts=scripts, head=NEXT)
    assert backups_of(old) == [saved]
    assert leftovers.isdisjoint(old.parent.iterdir())


def test_a_script_that_fails_undoes_the_whole_upgrade(old: Path, scripts: Path) -> None:
    with (scripts / "versions" / f"{NEXT}_second.py").open("a") as stream:
        stream.write("    raise ZeroDivisionError\n")
    before = schema_of(old)
    with pytest.raises(ZeroDivisionError):
        migrate.upgrade(old, HEAD, NOW, scripts=scripts, head=NEXT)
    assert schema_of(old) == before
    assert execute(old, "SELECT version_num FROM alembic_version") == [(HEAD,)]


def test_a_script_that_would_leave_orphans_is_undone(old: Path, scripts: Path) -> None:
    with (scripts / "versions" / f"{NEXT}_second.py").open("a") as stream:
        stream.write("    op.execute('DELETE FROM product')\n")
    with pytest.raises(DatabaseError, match=r"undone: table .* would point to rows of product"):
        migrate.upgrade(old, HEAD, NOW, scripts=scripts, head=NEXT)
    assert execute(old, "SELECT count(*) FROM product") == [(1,)]


def test_no_upgrade_without_a_backup(old: Path, scripts: Path) -> None:
    old.with_name(f"monitor.db.backup-{HEAD}-20251124T080000.000000Z").mkdir()
    with pytest.raises(DatabaseError, match="exists already"):
        migrate.upgrade(old, HEAD, NOW, scripts=scripts, head=NEXT)
    assert execute(old, "SELECT version_num FROM alembic_version") == [(HEAD,)]


KILLER = """
import os, shutil, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy import Engine, event
import alembic.command, alembic.autogenerate
from monitor.store import migrate

old, scripts, place = map(Path, sys.argv[1:4])
revision, head = (sys.argv[4] or None), sys.argv[5]
for number in range(1, 1000):
    file = place / f"{number}.db"
    if revision:
        shutil.copy(old, file)
    child = os.fork()
    if child == 0:
        seen = 0

        @event.listens_for(Engine, "after_cursor_execute")
        def count(*_: object) -> None:
            global seen
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

        migrate.upgrade(file, revision, datetime.now(UTC), scripts=scripts, head=head)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        print(number - 1)
        break
"""


@pytest.mark.parametrize("revision", [HEAD, ""])
def test_killed_after_any_statement_it_is_old_or_new(
    tmp_path: Path, old: Path, scripts: Path, revision: str
) -> None:
    place = tmp_path / "killed"
    place.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", KILLER, str(old), str(scripts), str(place), revision, NEXT],
        check=True,
        capture_output=True,
        text=True,
        cwd=MIGRATIONS.parent,
    )
    statements = int(ran.stdout)
    assert statements > 20
    finished = schema_of(place / f"{statements + 1}.db")
    begun = schema_of(old) if revision else set()
    for number in range(1, statements + 1):
        file = place / f"{number}.db"
        assert schema_of(file) == begun, f"killed after statement {number}"
        assert execute(file, "PRAGMA integrity_check") == [("ok",)]
    assert finished != begun
    migrate.upgrade(place / "7.db", revision or None, NOW, scripts=scripts, head=NEXT)
    assert schema_of(place / "7.db") == finished


def test_a_database_made_in_part_by_a_killed_start_is_made_whole_by_the_next(tmp_path: Path) -> None:
    execute(tmp_path / "monitor.db", "PRAGMA auto_vacuum=INCREMENTAL", "PRAGMA journal_mode=WAL")
    assert (tmp_path / "monitor.db").stat().st_size > 0
    with (
        Database.open(url_of(tmp_path / "monitor.db"), holder="run") as database,
        database.read() as connection,
    ):
        assert revision_of(connection, database.file) == HEAD


@pytest.mark.parametrize(("revision", "answer"), [(None, True), ("0001", True), ("0002", False)])
def test_behind_means_older_than_the_head(revision: str | None, answer: bool) -> None:
    assert is_behind(revision, Path("monitor.db"), head="0002") is answer


@pytest.mark.parametrize("revision", ["0003", "a1b2c3"])
def test_a_newer_revision_is_refused_with_both_revisions(revision: str) -> None:
    with pytest.raises(DatabaseError, match=f"schema is revision {revision}, this release knows up to 0002"):
        is_behind(revision, Path("monitor.db"), head="0002")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_a_database_made_by_root_belongs_to_the_owner_of_the_directory(tmp_path: Path) -> None:
    place = tmp_path / "state"
    place.mkdir()
    os.chown(place, 65534, 65534)
    with Database.open(url_of(place / "monitor.db"), holder="db upgrade"):
        assert {path.stat().st_uid for path in place.iterdir()} == {65534}
