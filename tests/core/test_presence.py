"""When anything of several products was to be had: known, known not to be, or not known."""

from monitor.core.lengths import Opening
from monitor.core.presence import Presence, of_any, of_one
from monitor.core.watched import Folded, Hole, fold

START, END = 0, 100
NONE: list[Hole[int]] = []


def product(*shown: tuple[int, int], holes: list[Hole[int]] = NONE, since: int = START) -> Folded[int]:
    """`(at, nodes)`: from then on. A poll comes every 5."""
    sights = [(at, at - 5 if at > since else None, nodes) for at, nodes in shown]
    return fold(sights, END - 5, holes, START, END)


def any_of(*products: Folded[int]) -> Presence:
    return of_any(products, START, END)


def test_of_one_product_it_is_what_was_seen_of_it() -> None:
    alone = product((0, 0), (20, 3), (40, 0), (60, 1), holes=[Hole(80, 90, 75)])
    told = of_one(alone, START, END)
    assert told.available == [(20, 40), (60, 80), (90, 100)]
    assert told.openings == [Opening(15, 20), Opening(55, 60)]
    assert told.dark == [Hole(80, 90, 75)]
    assert any_of(alone) == told


def test_what_overlaps_is_there_once() -> None:
    told = any_of(product((0, 0), (20, 3), (40, 0)), product((0, 0), (30, 1), (60, 0)))
    assert (told.available, told.openings) == ([(20, 60)], [Opening(15, 20)])


def test_a_poll_that_sees_one_go_and_another_come_is_no_opening() -> None:
    told = any_of(product((0, 0), (20, 3), (40, 0)), product((0, 0), (40, 1), (60, 0)))
    assert (told.available, told.openings) == ([(20, 60)], [Opening(15, 20)])


def test_it_is_dark_while_one_is_not_known_and_no_other_is_there() -> None:
    told = any_of(
        product((0, 0), (20, 3), (40, 0)), product((0, 0), holes=[Hole(10, 25, 5), Hole(35, 50, 30)])
    )
    assert told.available == [(20, 40)]
    assert told.dark == [Hole(10, 20, 5), Hole(40, 50, 40)]


def test_an_opening_is_not_one_when_another_may_have_been_there_already() -> None:
    told = any_of(product((0, 0), (20, 3), (40, 0)), product((0, 0), holes=[Hole(10, 18, 5)]))
    assert told.openings == []
    touching = any_of(product((0, 0), (20, 3), (40, 0)), product((0, 0), holes=[Hole(10, 15, 5)]))
    assert touching.openings == [Opening(15, 20)]


def test_a_product_hides_nothing_before_it_was_listed() -> None:
    told = any_of(product((0, 0), (20, 3), (40, 0)), product((60, 1), (70, 0), since=60))
    assert told.dark == []
    assert told.openings == [Opening(15, 20)]  # of the other nobody knows that it was gone before


def test_before_the_first_of_them_was_listed_nothing_is_known() -> None:
    told = any_of(product((30, 0), (50, 1), (60, 0), since=30), product((40, 0), since=40))
    assert told.dark == [Hole(0, 30, 0)]
    assert told.openings == [Opening(45, 50)]


def test_holes_that_overlap_are_one() -> None:
    holes = ([Hole(10, 30, 5)], [Hole(20, 40, 15)], [Hole(25, 28, 20)], [Hole(60, 70, 55)])
    told = any_of(*(product((0, 0), holes=those) for those in holes))
    assert told.dark == [Hole(10, 40, 5), Hole(60, 70, 55)]


def test_what_is_there_within_a_hole_of_another_parts_it() -> None:
    told = any_of(
        product((0, 0), (30, 1), (40, 0), (50, 1), (60, 0)), product((0, 0), holes=[Hole(20, 80, 15)])
    )
    assert told.dark == [Hole(20, 30, 15), Hole(40, 50, 40), Hole(60, 80, 60)]
    assert told.openings == []


def test_of_no_product_nothing_is_known() -> None:
    assert any_of() == Presence(START, END, [], [Hole(0, 100, 0)], [], START)


def test_the_last_poll_is_the_one_that_told_of_all() -> None:
    early = fold([(0, None, 0)], 70, [], START, END)
    assert any_of(product((0, 0)), early).answered_ms == 70
