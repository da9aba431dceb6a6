"""Which images are made of a cut: the plain ones always, drawn ones by the seed."""

from random import Random

import pytest

from tests.torture.powercut.disk import KEPT, LOST, Fate
from tests.torture.powercut.fates import PAGE, SECTOR, Scheme, schemes, torn
from tests.torture.powercut.operations import Change, Create, Truncate, Unlink, Write

PENDING: list[Change] = [
    Create("a", 1),
    Write(1, 0, bytes(3 * SECTOR)),
    Write(1, 4000, bytes(PAGE)),
    Truncate(1, 9000),
    Unlink("b"),
]


@pytest.mark.parametrize(
    ("write", "unit", "parts"),
    [
        (Write(1, 0, bytes(1024)), SECTOR, ((0, 512), (512, 1024))),
        (Write(1, 500, bytes(24)), SECTOR, ((0, 12), (12, 24))),
        (Write(1, 512, bytes(24)), SECTOR, ((0, 24),)),
        (Write(1, 4152, bytes(4096)), PAGE, ((0, 4040), (4040, 4096))),
    ],
)
def test_a_write_tears_at_the_borders_of_the_disk_not_at_its_own(
    write: Write, unit: int, parts: tuple[tuple[int, int], ...]
) -> None:
    assert torn(write, unit, lambda: True) == parts
    assert torn(write, unit, lambda: False) == ()
    first_only = iter([True, *[False] * 8])
    assert torn(write, unit, lambda: next(first_only)) == parts[:1]


def test_when_nothing_is_unsynced_there_is_one_image() -> None:
    assert [scheme.fates for scheme in schemes([], 10, Random(1))] == [()]


def test_the_plain_cases_are_always_there() -> None:
    by_name = {scheme.name: scheme for scheme in schemes(PENDING, 0, Random(1))}
    assert set(by_name["all kept"].fates) == {KEPT}
    assert set(by_name["all lost"].fates) == {LOST}
    assert by_name["names kept, data lost"].fates == (KEPT, LOST, LOST, LOST, KEPT)
    assert by_name["data kept, names lost"].fates == (LOST, KEPT, KEPT, KEPT, LOST)
    assert by_name["last kept, all others lost"].fates == (LOST, LOST, LOST, LOST, KEPT)
    assert by_name["first lost, all others kept"].is_reordered
    assert not by_name["all lost"].is_reordered


def test_drawn_cases_are_the_seed_s_and_of_every_sort() -> None:
    drawn = [list(schemes(PENDING, 200, Random(seed))) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert any(scheme.is_torn for scheme in drawn[0])
    assert any(scheme.is_reordered and not scheme.is_torn for scheme in drawn[0])
    names = {(scheme.fates[0].is_kept, scheme.fates[4].is_kept) for scheme in drawn[0]}
    assert names == {(True, True), (True, False), (False, False), (False, True)}


@pytest.mark.parametrize(
    ("fates", "is_torn", "is_reordered"),
    [
        ((KEPT, KEPT), False, False),
        ((KEPT, LOST), False, False),
        ((LOST, KEPT), False, True),
        ((KEPT, Fate(((0, 512),))), True, False),
    ],
)
def test_torn_and_reordered_are_told_apart(
    fates: tuple[Fate, ...], is_torn: bool, is_reordered: bool
) -> None:
    scheme = Scheme("", fates)
    assert (scheme.is_torn, scheme.is_reordered) == (is_torn, is_reordered)
