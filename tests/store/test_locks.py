"""Two kinds of lock between processes: one daemon per database, one writer at a time."""

import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.errors import DatabaseBusy, DatabaseError
from monitor.store.locks import LONGEST_NAP_S, LifeLock, WriteLock


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.naps: list[float] = []

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now_s += seconds


def test_a_second_daemon_is_told_who_holds_the_database(tmp_path: Path) -> None:
    first = LifeLock(tmp_path / "monitor.db", "run")
    with pytest.raises(DatabaseError, match=rf"process id {os.getpid()} \(run\); stop it first"):
        LifeLock(tmp_path / "monitor.db", "run")
    first.close()


def test_a_holder_that_has_not_written_its_name_yet_is_another_monitor(tmp_path: Path) -> None:
    first = LifeLock(tmp_path / "monitor.db", "run")
    os.truncate(tmp_path / "monitor.db.lock", 0)
    with pytest.raises(DatabaseError, match="held by another monitor; stop it first"):
        LifeLock(tmp_path / "monitor.db", "run")
    first.close()


def test_the_life_lock_is_free_again_after_close(tmp_path: Path) -> None:
    LifeLock(tmp_path / "monitor.db", "run").close()
    assert (tmp_path / "monitor.db.lock").read_bytes() == b""
    LifeLock(tmp_path / "monitor.db", "run").close()


def test_the_life_lock_is_let_go_on_a_disk_that_refuses_to_the_last(tmp_path: Path) -> None:
    lock = LifeLock(tmp_path / "monitor.db", "run")
    not_for_writing = os.open(tmp_path / "monitor.db.lock", os.O_RDONLY)
    os.dup2(not_for_writing, lock._descriptor)
    os.close(not_for_writing)
    lock.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(lock._descriptor)
    LifeLock(tmp_path / "monitor.db", "run").close()


def test_a_left_over_lock_file_of_a_dead_process_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "monitor.db.lock").write_text("99999999 run\n")
    lock = LifeLock(tmp_path / "monitor.db", "run")
    assert (tmp_path / "monitor.db.lock").read_text() == f"{os.getpid()} run\n"
    lock.close()


def test_a_deleted_life_lock_is_not_in_place(tmp_path: Path) -> None:
    lock = LifeLock(tmp_path / "monitor.db", "run")
    assert lock.is_in_place()
    (tmp_path / "monitor.db.lock").unlink()
    assert not lock.is_in_place()
    lock.close()


def test_a_lock_file_is_not_followed_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "monitor.db.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatabaseError, match=r"cannot write monitor.db.lock"):
        LifeLock(tmp_path / "monitor.db", "run")
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=f"{tmp_path}/nowhere does not exist; make it first"):
        LifeLock(tmp_path / "nowhere" / "monitor.db", "run")


def test_a_write_lock_held_for_a_second_is_waited_for(tmp_path: Path) -> None:
    time = Time()
    other = WriteLock(tmp_path / "monitor.db")
    held = other.held()
    held.__enter__()

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        if time.now_s >= 1:
            held.__exit__(None, None, None)

    with WriteLock(tmp_path / "monitor.db", timedelta(seconds=5), time.clock, sleep).held():
        assert 1 <= time.now_s <= 1 + LONGEST_NAP_S
    other.close()


def test_a_write_lock_that_is_never_released_is_busy_after_our_patience(tmp_path: Path) -> None:
    time = Time()
    other = WriteLock(tmp_path / "monitor.db")
    lock = WriteLock(tmp_path / "monitor.db", timedelta(seconds=5), time.clock, time.sleep)
    with other.held(), pytest.raises(DatabaseBusy, match="written by another process"), lock.held():
        pass
    assert 5 <= time.now_s <= 5 + LONGEST_NAP_S
    assert max(time.naps) <= LONGEST_NAP_S
    other.close()
    lock.close()


def test_a_write_lock_parts_the_threads_of_one_process(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path / "monitor.db", timedelta(milliseconds=10))
    refused: list[Exception] = []

    def contend() -> None:
        try:
            with lock.held():
                pass
        except DatabaseBusy as error:
            refused.append(error)

    with lock.held():
        thread = threading.Thread(target=contend)
        thread.start()
        thread.join()
    assert len(refused) == 1
    lock.close()


def test_a_write_lock_is_released_when_the_write_fails(tmp_path: Path) -> None:
    lock, other = WriteLock(tmp_path / "monitor.db"), WriteLock(tmp_path / "monitor.db", timedelta())
    with pytest.raises(ZeroDivisionError), lock.held():
        raise ZeroDivisionError
    with other.held():
        pass
    lock.close()
    other.close()


def test_a_deleted_write_lock_is_taken_anew_where_others_see_it(tmp_path: Path) -> None:
    lock, other = WriteLock(tmp_path / "monitor.db"), WriteLock(tmp_path / "monitor.db", timedelta())
    with lock.held():
        pass
    (tmp_path / "monitor.db.write").unlink()
    with lock.held(), pytest.raises(DatabaseBusy), other.held():
        pass
    lock.close()
    other.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_a_lock_file_made_by_root_belongs_to_the_owner_of_the_directory(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    LifeLock(tmp_path / "monitor.db", "run").close()
    assert (tmp_path / "monitor.db.lock").stat().st_uid == 65534
