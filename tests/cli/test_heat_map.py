"""The hours of a week as a map: what was never watched is hatched, and no zero."""

from datetime import timedelta

from monitor.cli.chart import ASCII, UNICODE
from monitor.cli.heat_map import heat_map, hour_labels
from monitor.core.stats import HourOfWeek

HOUR = timedelta(hours=1)
NEVER, OUT = HourOfWeek(0 * HOUR, 0 * HOUR), HourOfWeek(HOUR, 0 * HOUR)


def week(*hours: HourOfWeek) -> list[HourOfWeek]:
    return [*hours, *[NEVER] * (168 - len(hours))]


def test_a_row_is_a_weekday_with_its_hours_below_the_labels() -> None:
    rows = heat_map(week(), UNICODE)
    assert [day for day, _ in rows] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert {len(cells) for _, cells in rows} == {24}
    labels = hour_labels()
    assert [labels.index(f" {hour}") + 1 for hour in (0, 3, 21)] == [5, 5 + 3 * 2, 5 + 21 * 2]


def test_what_was_not_watched_is_hatched_and_what_was_out_is_the_lowest() -> None:
    ((_, cells), *_) = heat_map(week(OUT, NEVER), UNICODE)
    assert cells[:2] == [("▁▁", 0), ("▒▒", None)]
    ((_, plain), *_) = heat_map(week(OUT, NEVER), ASCII)
    assert plain[:2] == [("__", 0), ("//", None)]


def test_the_largest_share_is_the_tallest_and_the_least_is_still_above_zero() -> None:
    hours = [HourOfWeek(HOUR, HOUR * share) for share in (0.4, 0.2, 0.0001)]
    ((_, cells), *_) = heat_map(week(*hours), UNICODE)
    assert cells[:3] == [("██", 7), ("▅▅", 4), ("▂▂", 1)]
