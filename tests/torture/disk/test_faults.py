"""Which calls a bad disk refuses: those of the database's files, from the Nth on or at it alone."""

import errno
from pathlib import Path

import pytest

from tests.torture.disk.faults import READ_ONLY, SYNCS, WRITES, Fault, FaultyDisk
from tests.torture.gate import Call, Fail, Pass

DATABASE = Path("/data/monitor.db")


def answers(disk: FaultyDisk, *calls: tuple[str, str]) -> list[int]:
    """The errors that these calls got, 0 for none."""
    verdicts = [disk(Call(number, name, file, 1)) for number, (name, file) in enumerate(calls, 1)]
    assert all(isinstance(verdict, Pass | Fail) for verdict in verdicts)
    return [verdict.error if isinstance(verdict, Fail) else 0 for verdict in verdicts]


@pytest.mark.parametrize(
    ("is_lasting", "expected"), [(False, [0, errno.EIO, 0, 0]), (True, [0, errno.EIO, errno.EIO, errno.EIO])]
)
def test_the_second_fails_alone_or_with_all_that_follow(is_lasting: bool, expected: list[int]) -> None:
    disk = FaultyDisk(Fault(WRITES, 2, errno.EIO, is_lasting), DATABASE)
    disk.arm()
    assert answers(disk, *[("pwrite64", "/data/monitor.db-wal")] * 4) == expected
    assert disk.is_struck


def test_nothing_fails_before_it_is_armed_nor_after_its_end() -> None:
    disk = FaultyDisk(Fault(SYNCS, 1, errno.EIO, is_lasting=True), DATABASE)
    sync = ("fdatasync", "/data/monitor.db")
    assert answers(disk, sync) == [0]
    disk.arm()
    assert answers(disk, sync) == [errno.EIO]
    disk.end()
    assert answers(disk, sync) == [0]


def test_only_the_files_of_the_database_are_on_the_bad_disk() -> None:
    disk = FaultyDisk(READ_ONLY, DATABASE)
    disk.arm()
    ours = [
        ("openat", "/data/monitor.db"),
        ("unlink", "/data/monitor.db-wal"),
        ("write", "/data/monitor.db.lock"),
    ]
    others = [("write", "/data/output"), ("sendto", "socket:[7]"), ("fsync", "/data/monitor.db")]
    assert answers(disk, *ours) == [errno.EROFS] * 3
    assert answers(disk, *others) == [0] * 3


def test_a_sync_of_their_directory_counts() -> None:
    disk = FaultyDisk(Fault(SYNCS, 1, errno.ENOSPC, is_lasting=False), DATABASE)
    disk.arm()
    assert answers(disk, ("fsync", "/data")) == [errno.ENOSPC]
    assert str(Fault(SYNCS, 7, errno.ENOSPC, is_lasting=True)) == "ENOSPC at sync 7 and for ever"
