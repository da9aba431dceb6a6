"""Copies of the program in a folder of their own: the next release, and ones that are broken on purpose.

A process that is started in such a folder runs that copy, whatever becomes of the checkout meanwhile.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.store.revision import HEAD
from tests.torture.report import CHECKOUT


@dataclass(frozen=True, slots=True)
class Edit:
    """`old` stands once in `file`."""

    file: str
    old: str
    new: str


NEXT: Final = f"{int(HEAD) + 1:04}"
SECOND_REVISION: Final = f'''"""A column more, by way of a copy; and each row of another table changes."""

import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{HEAD}"


def upgrade() -> None:
    with op.batch_alter_table("transition") as batch:
        batch.add_column(sa.Column("extra", sa.Text(), server_default="{{}}", nullable=False))
    op.execute("UPDATE poll SET excerpt = 'upgraded'")
'''
NEXT_HEAD: Final = Edit("monitor/store/revision.py", f'HEAD: Final = "{HEAD}"', f'HEAD: Final = "{NEXT}"')
IMPATIENT: Final = Edit("monitor/store/sqlite.py", '"synchronous=FULL"', '"synchronous=NORMAL"')
SMALL_SLICES: Final = Edit(
    "monitor/store/housekeeping.py", "PAGES_PER_SLICE: Final = 200", "PAGES_PER_SLICE: Final = 2"
)
"""So that a small file gives pages back as a large one does."""

UNSYNCED_COPY: Final = (
    Edit("monitor/store/backup.py", "        os.fsync(descriptor)", "        pass"),
    Edit(
        "monitor/store/backup.py",
        '        source.execute("BEGIN")\n',
        '        source.execute("BEGIN")\n        copy.execute("PRAGMA synchronous=OFF")\n',
    ),
)
"""SQLite syncs a copy of its own accord, so that must be taken from it as well."""


def make_release(folder: Path, *edits: Edit) -> Path:
    """The program as it is, but for these edits, with its tests."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("monitor", "migrations", "tests"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=ignored)
    for edit in edits:
        text = (folder / edit.file).read_text("utf-8")
        assert text.count(edit.old) == 1, f"{edit.file} does not hold {edit.old!r} once"
        (folder / edit.file).write_text(text.replace(edit.old, edit.new), "utf-8")
    return folder


def make_next_release(folder: Path) -> Path:
    """Its schema has one revision more."""
    made = make_release(folder, NEXT_HEAD)
    (made / "migrations" / "versions" / f"{NEXT}_second.py").write_text(SECOND_REVISION, "utf-8")
    return made
