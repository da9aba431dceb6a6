"""`monitor db`: look after the database: upgrade, back up, prune, export and check it."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import click

from monitor.cli.completing import complete_products
from monitor.cli.options import DurationType, Verb, VerbGroup, config_option, json_option
from monitor.cli.output import print_json
from monitor.cli.progress import progress_bar
from monitor.cli.stored import the_place
from monitor.core.errors import DatabaseError, MonitorError

if TYPE_CHECKING:
    from monitor.store.database import Database

FORMATS: Final = ("csv", "jsonl")
LEAST_KEEP: Final = timedelta(days=1)
"""As for [storage] keep: a slip of the finger shall not cost all history."""
SQLITE_MAGIC: Final = b"SQLite format 3\0"
PAUSE_S: Final = 0.01
"""Between two slices of housekeeping, so that a monitor beside us can write."""


@click.group(
    "db",
    cls=VerbGroup,
    examples=[
        ("monitor db backup /var/backups/monitor.db", "whole, also while the monitor writes"),
        ("monitor db export --format csv -o stock.csv", "every observation"),
        ("monitor db check", "is it whole?"),
    ],
)
def db() -> None:
    """Look after the database: docs/database.md tells what is in it."""


@db.command("upgrade", cls=Verb, examples=[("monitor db upgrade", "after a new release, with it stopped")])
@config_option
def upgrade() -> None:
    """Bring the database to the schema of this release; a backup is left beside it.

    The monitor does so by itself when it starts. Refused while it runs.
    """
    from monitor.store.database import Database
    from monitor.store.glance import standing
    from monitor.store.revision import HEAD
    from monitor.store.sqlite import backups_of

    url = the_place().url
    before = standing(url)
    if not before.exists:
        raise DatabaseError(f"the database {before.file} does not exist; start the monitor to make it")
    if not before.is_behind and before.holder is None:
        click.echo(f"{before.file} is of this release already (schema {HEAD})")
        return
    Database.open(url, holder="monitor db upgrade").close()
    saved = f"; the backup is {backups_of(before.file)[-1]}" if before.revision else ""
    click.echo(f"{before.file} was upgraded from schema {before.revision or 'none'} to {HEAD}{saved}")


@db.command(
    "backup",
    cls=Verb,
    examples=[("monitor db backup monitor-$(date +%F).db", "every night, from cron")],
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
def backup(file: Path) -> None:
    """Copy the database to FILE, which must not be there yet. The copy is checked before it bears that name.

    A running monitor may write meanwhile: the copy is of the moment at which it began.
    """
    from monitor.store.backup import backup as copy

    with progress_bar("copying") as progress:
        copy(the_place().url, file, progress)
    click.echo(f"{file} ({_size(file)})")


@db.command(
    "prune",
    cls=Verb,
    examples=[
        ("monitor db prune", "what the monitor does by itself, now"),
        ("monitor db prune --keep 90d --yes", "forget more than the configuration says, once"),
    ],
)
@click.option(
    "--keep",
    type=DurationType(),
    metavar="DURATION",
    help="Forget ended history that is older: 1d at least. Else as [storage] keep says.",
)
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")
@config_option
def prune(keep: timedelta | None, is_sure: bool) -> None:
    """Thin old polls and forget ended history that is older than `keep`; then give the space back.

    Beside a running monitor too. What is open (spans, alerts, deliveries that wait) is never forgotten.
    """
    from monitor.config.values import duration_text
    from monitor.store.database import Database

    if keep is not None and keep < LEAST_KEEP:
        raise click.BadParameter("1d is the least that is kept", param_hint="'--keep'")
    place = the_place()
    keep = keep if keep is not None else place.keep
    with Database.open_for_command(place.url) as database:
        if not is_sure:
            _ask(f"Forget ended history older than {duration_text(keep)} in {database.file}?")
        before = database.file.stat().st_size
        _keep_house(database, keep)
    after = _size(database.file)
    click.echo(f"{database.file} was pruned: {_bytes(before)} before, {after} now")


@db.command(
    "export",
    cls=Verb,
    examples=[
        ("monitor db export --format csv -o stock.csv", "every observation that is stored"),
        ("monitor db export --format jsonl --since 24h | jq .", "a day, for a script"),
        ("monitor db export --format csv --product 'PRD-TRAIN-*'", "of some products"),
    ],
)
@click.option("--format", "kind", required=True, type=click.Choice(FORMATS))
@click.option(
    "--since", type=DurationType(), metavar="DURATION", help="How far to look back. Else everything."
)
@click.option(
    "--product",
    "products",
    multiple=True,
    metavar="PRODUCT",
    shell_complete=complete_products,
    help="A code, a pattern, or source/data centre/code. May be repeated.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of the screen."
)
@config_option
def export(kind: str, since: timedelta | None, products: tuple[str, ...], output: Path | None) -> None:
    """Write the `observation` view: one row for each product and stored poll, times in ms since 1970 (UTC).

    In csv, text that a spreadsheet would take for a formula gets an apostrophe before it; jsonl is exact.
    """
    from monitor.cli.past import wanted_keys
    from monitor.store.export import Chosen, write_csv, write_jsonl
    from monitor.store.history import product_keys
    from monitor.store.readonly import reading

    write = write_csv if kind == "csv" else write_jsonl
    start = None if since is None else datetime.now(UTC) - since
    with reading(the_place().url) as connection:
        keys = frozenset(wanted_keys(products, product_keys(connection))) if products else None
        with _opened(output) as out, progress_bar("exporting") as progress:
            write(connection, out, progress, Chosen(start, keys))
    if output is not None:
        click.echo(f"{output} ({_size(output)})", err=True)


@db.command("check", cls=Verb, examples=[("monitor db check", "reads all of it, and changes nothing")])
@config_option
@json_option
def check(as_json: bool) -> int:
    """Read the whole database and say whether it is whole. Exit code 6 when it is not."""
    from monitor.store.checking import problems, row_counts
    from monitor.store.readonly import reading
    from monitor.store.revision import HEAD
    from monitor.store.sqlite import file_of

    url = the_place().url
    with reading(url) as connection:
        found = problems(connection)
        counts = {} if found else row_counts(connection)
    file = file_of(url)
    size = file.stat().st_size
    if as_json:
        told = {"file": str(file), "ok": not found, "schema": HEAD, "bytes": size}
        print_json({**told, "problems": found, "rows": counts})
    elif not found:
        rows = ", ".join(f"{count:,} {table}" for table, count in counts.items())
        click.echo(f"{file} is whole: {_bytes(size)}, schema {HEAD}; rows: {rows}")
    if found and not as_json:
        raise DatabaseError(f"{file} is damaged: " + "; ".join(found))
    return DatabaseError.exit_code if found else 0


def _keep_house(database: "Database", keep: timedelta) -> None:
    from monitor.store.housekeeping import Housekeeping

    house, now, slices = Housekeeping(keep), datetime.now(UTC), 1
    while database.write(lambda connection: house.step(connection, now)):
        slices += 1
        if sys.stderr.isatty():
            click.echo(f"\rstep {slices} ", err=True, nl=False)
        time.sleep(PAUSE_S)
    if sys.stderr.isatty():
        click.echo("\r", err=True, nl=False)


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: say --yes")
    if not click.confirm(question, err=True):
        raise MonitorError("nothing was done")


@contextmanager
def _opened(file: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that bears its name only once it is whole."""
    if file is None:
        yield sys.stdout
        return
    part = file.with_name(f"{file.name}.part")
    try:
        _spare_a_database(file)
        with part.open("w", encoding="utf-8", newline="") as out:
            yield out
        part.replace(file)
    except OSError as error:
        raise MonitorError(f"cannot write {file}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _spare_a_database(file: Path) -> None:
    if file.is_file():
        with file.open("rb") as there:
            if there.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC:
                raise MonitorError(
                    f"{file} is a database, which an export does not replace: name another file"
                )


def _size(file: Path) -> str:
    return _bytes(file.stat().st_size)


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
