"""The model of a disk: what is there after a power cut, for every sort of unsynced operation."""

from collections.abc import Sequence

import pytest

from tests.torture.powercut.disk import KEPT, LOST, WHOLE, Disk, Fate
from tests.torture.powercut.operations import (
    Acknowledged,
    Create,
    Operation,
    Rename,
    Sync,
    SyncNames,
    Truncate,
    Unlink,
    Write,
)

MADE = (Create("a", 1), Write(1, 0, b"old!"), Sync(1), SyncNames())
SIZE_ONLY = Fate((), is_kept=True)
DATA_ONLY = Fate(WHOLE, is_kept=False)


def disk_after(*operations: Operation) -> Disk:
    disk = Disk()
    for operation in operations:
        disk.follow(operation)
    return disk


def image(operations: Sequence[Operation], fates: Sequence[Fate]) -> dict[str, bytes]:
    return disk_after(*operations).image(fates)


def test_what_was_synced_is_there_and_nothing_of_it_is_pending() -> None:
    disk = disk_after(*MADE, Acknowledged(1))
    assert disk.pending == []
    assert disk.image([]) == {"a": b"old!"}


@pytest.mark.parametrize(
    ("fate", "left"),
    [
        (KEPT, b"new!"),
        (LOST, b"old!"),
        (Fate(((0, 2),)), b"ned!"),
        (Fate(((1, 2), (3, 4))), b"oed!"),
        (SIZE_ONLY, b"old!"),
        (DATA_ONLY, b"new!"),
    ],
)
def test_an_overwrite_is_kept_lost_or_torn(fate: Fate, left: bytes) -> None:
    assert image([*MADE, Write(1, 0, b"new!")], [fate]) == {"a": left}


@pytest.mark.parametrize(
    ("fate", "left"),
    [
        (KEPT, b"old!more"),
        (LOST, b"old!"),
        (SIZE_ONLY, b"old!\0\0\0\0"),
        (DATA_ONLY, b"old!"),
        (Fate(((2, 4),)), b"old!\0\0re"),
    ],
)
def test_a_file_may_grow_without_the_data_and_data_may_come_without_the_size(fate: Fate, left: bytes) -> None:
    assert image([*MADE, Write(1, 4, b"more")], [fate]) == {"a": left}


def test_data_beyond_the_end_shows_when_a_later_write_lets_the_file_grow() -> None:
    grown: list[Operation] = [*MADE, Write(1, 4, b"ab"), Write(1, 6, b"cd")]
    assert image(grown, [DATA_ONLY, KEPT]) == {"a": b"old!abcd"}
    assert image(grown, [LOST, KEPT]) == {"a": b"old!\0\0cd"}


def test_a_write_after_one_that_was_lost_may_be_there() -> None:
    writes: list[Operation] = [*MADE, Write(1, 0, b"1"), Write(1, 1, b"2")]
    assert image(writes, [LOST, KEPT]) == {"a": b"o2d!"}


def test_a_cut_file_is_cut_or_not_and_what_is_written_after_it_too() -> None:
    cut: list[Operation] = [*MADE, Truncate(1, 1), Write(1, 2, b"Z")]
    assert image(cut, [KEPT, KEPT]) == {"a": b"o\0Z"}
    assert image(cut, [LOST, KEPT]) == {"a": b"olZ!"}
    assert image(cut, [KEPT, LOST]) == {"a": b"o"}
    assert image([*MADE, Truncate(1, 6)], [KEPT]) == {"a": b"old!\0\0"}


def test_a_sync_keeps_this_file_and_no_other_and_no_name() -> None:
    disk = disk_after(
        Create("a", 1), Create("b", 2), Write(1, 0, b"A"), Write(2, 0, b"B"), Sync(1), Write(1, 1, b"+")
    )
    assert disk.pending == [Create("a", 1), Create("b", 2), Write(2, 0, b"B"), Write(1, 1, b"+")]
    assert disk.image([KEPT, KEPT, LOST, LOST]) == {"a": b"A", "b": b""}
    assert disk.image([LOST, KEPT, KEPT, KEPT]) == {"b": b"B"}


def test_a_renamed_file_has_one_name_or_the_other() -> None:
    renamed: list[Operation] = [*MADE, Rename("a", "b", 1)]
    assert image(renamed, [KEPT]) == {"b": b"old!"}
    assert image(renamed, [LOST]) == {"a": b"old!"}


def test_a_deleted_file_may_come_back_with_what_was_surely_in_it() -> None:
    deleted: list[Operation] = [*MADE, Write(1, 0, b"new!"), Unlink("a")]
    assert image(deleted, [KEPT, KEPT]) == {}
    assert image(deleted, [LOST, LOST]) == {"a": b"old!"}


def test_a_name_that_was_taken_again_leads_to_one_file_or_the_other() -> None:
    again: list[Operation] = [*MADE, Unlink("a"), Create("a", 2), Write(2, 0, b"2")]
    assert image(again, [KEPT, KEPT, KEPT]) == {"a": b"2"}
    assert image(again, [LOST, LOST, KEPT]) == {"a": b"old!"}
    assert image(again, [KEPT, LOST, KEPT]) == {}
    assert image(again, [LOST, KEPT, KEPT]) == {"a": b"2"}


def test_the_names_are_settled_by_the_folder_not_the_data() -> None:
    disk = disk_after(Create("a", 1), Write(1, 0, b"A"), Create("b", 2), Unlink("b"), SyncNames())
    assert disk.pending == [Write(1, 0, b"A")]
    assert disk.image([LOST]) == {"a": b""}


def test_making_an_image_changes_nothing() -> None:
    disk = disk_after(*MADE, Write(1, 0, b"new!"))
    assert disk.image([KEPT]) != disk.image([LOST])
    assert disk.image([LOST]) == {"a": b"old!"}
