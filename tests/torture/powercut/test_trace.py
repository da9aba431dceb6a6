"""From lines of strace to operations; what is not understood is never passed over."""

from pathlib import Path

import pytest

from tests.torture.powercut.operations import (
    Acknowledged,
    Create,
    Operation,
    Rename,
    Sync,
    SyncNames,
    Told,
    Truncate,
    Unlink,
    Write,
)
from tests.torture.powercut.trace import Tape

FOLDER = Path("/data")


def quoted(text: str | bytes) -> str:
    return (
        '"' + "".join(f"\\x{byte:02x}" for byte in (text if isinstance(text, bytes) else text.encode())) + '"'
    )


def opened(path: str, descriptor: int, flags: str = "O_RDWR|O_CREAT|O_CLOEXEC", thread: int = 7) -> str:
    return f"{thread} openat(AT_FDCWD, {quoted(path)}, {flags}, 0644) = {descriptor}\n"


def read(*lines: str, tape: Tape | None = None) -> list[Operation]:
    return list((tape or Tape(FOLDER)).read(lines))


def test_what_is_done_to_files_of_the_folder_is_read_in_order() -> None:
    assert read(
        opened("/data/a", 5),
        f"7 pwrite64(5, {quoted('hello')}, 5, 4096) = 5\n",
        "8 ftruncate(5, 100)                   = 0\n",
        "8 fdatasync(5)                      = 0\n",
        opened("/data", 6, "O_RDONLY|O_CLOEXEC"),
        "7 fsync(6) = 0\n",
        f"7 rename({quoted('/data/a')}, {quoted('/data/b')}) = 0\n",
        f"7 unlink({quoted('/data/b')}) = 0\n",
    ) == [
        Create("a", 1),
        Write(1, 4096, b"hello"),
        Truncate(1, 100),
        Sync(1),
        SyncNames(),
        Rename("a", "b", 1),
        Unlink("b"),
    ]


def test_a_write_that_was_cut_short_counts_for_what_was_written() -> None:
    assert read(opened("/data/a", 5), f"7 pwrite64(5, {quoted('hello')}, 5, 0) = 2\n")[1:] == [
        Write(1, 0, b"he")
    ]


def test_what_failed_did_nothing() -> None:
    assert (
        read(
            f"7 openat(AT_FDCWD, {quoted('/data/a')}, O_RDWR) = -1 ENOENT (No such file or directory)\n",
            f"7 unlink({quoted('/data/a')}) = -1 ENOENT (No such file or directory)\n",
        )
        == []
    )


def test_a_descriptor_is_a_file_only_until_it_is_closed() -> None:
    assert read(
        opened("/data/a", 5),
        "7 close(5) = 0\n",
        opened("/etc/other", 5),
        f"7 pwrite64(5, {quoted('x')}, 1, 0) = 1\n",
    ) == [Create("a", 1)]


def test_a_file_that_was_deleted_is_another_than_its_successor() -> None:
    assert read(
        opened("/data/a", 5),
        f"7 unlink({quoted('/data/a')}) = 0\n",
        opened("/data/a", 6),
        f"7 pwrite64(5, {quoted('x')}, 1, 0) = 1\n",
        f"7 pwrite64(6, {quoted('y')}, 1, 0) = 1\n",
    )[2:] == [Create("a", 2), Write(1, 0, b"x"), Write(2, 0, b"y")]


def test_a_file_that_is_opened_again_is_not_made_again_but_may_be_emptied() -> None:
    again = opened("/data/a", 6)
    emptied = opened("/data/a", 7, "O_WRONLY|O_CREAT|O_TRUNC")
    assert read(opened("/data/a", 5), again, emptied) == [Create("a", 1), Truncate(1, 0)]


def test_a_call_that_another_thread_came_into_is_whole_again() -> None:
    assert read(
        opened("/data/a", 5),
        f"7 pwrite64(5, {quoted('hello')}, 5, 0 <unfinished ...>\n",
        "8 fdatasync(5)                      = 0\n",
        "7 <... pwrite64 resumed>)             = 5\n",
    )[1:] == [Sync(1), Write(1, 0, b"hello")]


def test_marks_are_read_and_other_output_is_not() -> None:
    assert read(
        f"7 write(1, {quoted('ACK 3' + chr(10))}, 6) = 6\n",
        f"7 write(1, {quoted('TOLD 4' + chr(10))}, 7) = 7\n",
        f"7 write(2, {quoted('a log line')}, 10) = 10\n",
    ) == [Acknowledged(3), Told(4)]


def test_shared_memory_and_files_elsewhere_do_not_matter() -> None:
    assert (
        read(
            opened("/data/a-shm", 5),
            f"7 pwrite64(5, {quoted('x')}, 1, 0) = 1\n",
            opened("/data/below/a", 6),
            f"7 write(6, {quoted('x')}, 1) = 1\n",
        )
        == []
    )


def test_the_next_process_goes_on_with_the_same_files() -> None:
    tape = Tape(FOLDER)
    read(opened("/data/a", 5), tape=tape)
    other = [f"9 pwrite64(5, {quoted('x')}, 1, 0) = 1\n", opened("/data/a", 3), opened("/data/b", 4)]
    assert read(*other, tape=tape) == [Create("b", 2)]


@pytest.mark.parametrize(
    "line",
    [
        f"7 write(5, {quoted('x')}, 1) = 1\n",
        "7 fallocate(5, 0, 0, 4096) = 0\n",
        "7 dup(5) = 6\n",
        f"7 truncate({quoted('/data/a')}, 0) = 0\n",
        f"7 rename({quoted('/data/a')}, {quoted('/elsewhere')}) = 0\n",
        '7 pwrite64(5, "\\x61"..., 4096, 0) = 4096\n',
    ],
)
def test_what_is_not_understood_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match=r"not understood|cut a string short"):
        read(opened("/data/a", 5), line)
