"""Every number is taken once, until the lives are over."""

from tests.torture.points import UNREACHED, Points


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


def test_a_few_are_those_that_were_drawn() -> None:
    assert taken(Points([9, 4]), 5) == [9, 4]
