"""How long windows last and how far openings are apart: as short and as long as it can have been."""

from monitor.core.lengths import Lengths, Opening, between, of_windows
from monitor.core.survival import Sample
from monitor.core.watched import Hole, Piece


def piece(opened: int, unseen: int | None, last: int, closed: int | None) -> Piece[int]:
    return Piece(opened, unseen, last, closed, 1, closed or last, 0, 0)


def test_an_end_came_after_the_last_sight_and_by_the_first_poll_without() -> None:
    """Opened after 0 and by 15, closed after 45 and by 60."""
    assert of_windows([piece(15, 0, 45, 60)]) == Lengths(Sample([30], []), Sample([45], []), Sample([60], []))


def test_a_window_whose_end_nobody_saw_lasted_at_least_to_the_last_sight() -> None:
    assert of_windows([piece(15, 0, 45, None)]) == Lengths(
        Sample([], [30]), Sample([], [37]), Sample([], [45])
    )


def test_a_window_whose_opening_nobody_saw_is_left_out() -> None:
    assert of_windows([piece(15, None, 45, 60), piece(80, None, 90, None)]).count == 0


def test_lengths_are_in_order() -> None:
    lengths = of_windows([piece(15, 0, 75, 90), piece(115, 100, 115, 130)])
    assert (lengths.shortest.ended, lengths.longest.ended) == ([0, 60], [30, 90])


def test_from_opening_to_opening_both_may_have_been_earlier() -> None:
    lengths = between([Opening(0, 15), Opening(100, 115)], [], 130)
    assert lengths == Lengths(Sample([85], [15]), Sample([100], [22]), Sample([115], [30]))


def test_a_hole_between_two_openings_may_hide_another() -> None:
    lengths = between([Opening(0, 15), Opening(100, 115)], [Hole(40, 60, 30)], 200)
    assert lengths.shortest == Sample([], [15, 85])


def test_a_hole_that_begins_with_the_poll_that_saw_an_opening_lies_after_it() -> None:
    assert between([Opening(0, 15), Opening(100, 115)], [Hole(15, 60, 15)], 115).shortest == Sample(
        [], [0, 0]
    )


def test_a_hole_before_an_opening_and_one_after_the_next_do_no_harm() -> None:
    holes = [Hole(2, 4, 1), Hole(5, 10, 4), Hole(120, 140, 118)]
    assert between([Opening(11, 15), Opening(100, 115)], holes, 200).shortest == Sample([85], [3])


def test_an_answer_before_an_opening_makes_no_length_negative() -> None:
    assert between([Opening(0, 15)], [], 5).shortest == Sample([], [0])


def test_without_openings_there_is_no_length() -> None:
    assert between([], [Hole(1, 2, 0)], 5).count == 0
