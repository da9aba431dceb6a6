"""Every number is taken once, until the lives are over."""

from tests.torture.points import UNREACHED, WRONG_IN_A_ROW, Points


def taken(points: Points, calls: int) -> list[int]:
    numbers = []
    while (number := points.take()) is not None:
        numbers.append(number)
        points.note(number, reached=number <= calls)
    return numbers


def test_it_goes_on_until_no_number_is_reached() -> None:
    assert taken(Points(), 5) == list(range(1, 5 + UNREACHED + 1))


def test_a_life_that_was_shorter_by_chance_does_not_end_it() -> None:
    points = Points()
    for _ in range(UNREACHED):
        number = points.take()
        assert number is not None
        points.note(number, reached=number == UNREACHED)
    assert points.take() == UNREACHED + 1


def test_it_gives_up_when_run_after_run_goes_wrong() -> None:
    points = Points()
    for _ in range(WRONG_IN_A_ROW):
        assert not points.has_given_up
        number = points.take()
        assert number is not None
        points.note(number, reached=True, went_wrong=True)
    assert points.has_given_up
    assert points.take() is None


def test_a_run_that_goes_well_between_those_that_do_not_keeps_it_going() -> None:
    points = Points()
    for number in range(1, 3 * WRONG_IN_A_ROW):
        assert points.take() == number
        points.note(number, reached=True, went_wrong=number % WRONG_IN_A_ROW != 0)


def test_a_few_are_those_that_were_drawn() -> None:
    assert taken(Points([9, 4]), 5) == [9, 4]
