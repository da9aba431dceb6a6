"""The judge of a soak: what it lets pass, and what it reports."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import pytest

from tests.torture.soak.judge import Hour, growth, judged
from tests.torture.soak.samples import Sample

MONTH_H = 720
GOOD = Sample(
    hour=0,
    memory_kib=70_000,
    blocks=500_000,
    descriptors=21,
    threads=2,
    log_bytes=500_000,
    database_bytes=3_000_000,
    polls=0,
    beats=0,
)
Change = Callable[[int], dict[str, int]]


def month(change: Change = lambda _: {}, hours: int = MONTH_H) -> list[Hour]:
    """Hours of a daemon that is well, but for what `change` says of an hour."""
    random = Random(1)
    return [
        Hour(
            replace(
                GOOD,
                hour=hour,
                **{
                    "memory_kib": GOOD.memory_kib + random.randint(-300, 300),
                    "database_bytes": GOOD.database_bytes + hour * 1000,
                    "polls": hour * 120,
                    **change(hour),
                },
            ),
            {"info": 0 if hour == 50 else 60},
            is_down=hour == 50,
        )
        for hour in range(1, hours + 1)
    ]


def found(hours: Sequence[Hour]) -> str:
    return "; ".join(judged(hours, channels=2))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: {}, id="nothing but noise"),
        pytest.param(
            lambda h: {"memory_kib": 60_000 + min(h, 170) * 200}, id="caches fill in the first days"
        ),
        pytest.param(
            lambda h: {"memory_kib": 95_000 if h % 10 == 0 else 70_000}, id="memory goes up and down"
        ),
        pytest.param(lambda h: {"threads": 12 if h in {300, 301} else 2}, id="sends that hang for a while"),
        pytest.param(lambda h: {"descriptors": 30 if h > 700 else 21}, id="connections in use at the end"),
    ],
)
def test_what_goes_up_and_down_is_no_growth(change: Change) -> None:
    assert found(month(change)) == ""


@pytest.mark.parametrize(
    ("change", "violation"),
    [
        pytest.param(
            lambda h: {"memory_kib": 70_000 + h * 2}, "memory grew by 1440 KiB, 1024 are allowed", id="a leak"
        ),
        pytest.param(
            lambda h: {"memory_kib": 70_000 + h // 24 * 50 + (20_000 if h % 100 == 0 else 0)},
            "memory grew by 1",
            id="a leak by the day, under peaks",
        ),
        pytest.param(
            lambda h: {"descriptors": 21 + h // 100}, "descriptors grew from 23 to 27", id="descriptors leak"
        ),
        pytest.param(
            lambda h: {"descriptors": 90 if h == 400 else 21}, "once there were 90 descriptors", id="a burst"
        ),
        pytest.param(lambda h: {"threads": 2 + h // 300}, "threads grew from 2 to 4", id="threads leak"),
        pytest.param(
            lambda h: {"log_bytes": 5_000_000 if h == 9 else 0},
            "log was 5000000 bytes long in hour 9",
            id="no checkpoint",
        ),
        pytest.param(
            lambda h: {"database_bytes": h * h},
            "the database grew by",
            id="a database that grows ever faster",
        ),
    ],
)
def test_what_grows_is_reported(change: Change, violation: str) -> None:
    assert violation in found(month(change))


@pytest.mark.parametrize(("lines", "is_bad"), [(10, False), (11, True), (240, True)])
def test_few_lines_are_logged_in_an_hour_without_any_answer(lines: int, is_bad: bool) -> None:
    hours = month()
    hours[99] = replace(hours[99], is_down=True, lines={"info": 3, "warning": lines - 3})
    assert (f"{lines} log lines in hour 100" in found(hours)) is is_bad


def test_a_run_of_days_owes_an_hour_without_any_answer_and_as_many_polls_as_it_should_make() -> None:
    assert found([replace(hour, is_down=False) for hour in month()]) == (
        "in no hour the provider was down throughout"
    )
    assert found(month(lambda hour: {"polls": hour * 29})) == "only 29 polls an hour"
    assert found([replace(hour, is_down=False) for hour in month(hours=4)]) == ""


def test_growth_is_that_of_the_whole_run_by_the_slope_after_its_first_quarter() -> None:
    steep = month(lambda h: {"memory_kib": 70_000 if h > MONTH_H / 4 else 50_000})
    assert growth(steep) == 0
    assert growth(month(lambda h: {"memory_kib": 70_000 + h})) == MONTH_H
    assert growth(month(hours=1)) == 0


def test_a_page_cache_that_fills_as_the_database_grows_is_no_growth() -> None:
    def filling(hour: int) -> dict[str, int]:
        in_cache_kib = min(hour * 5, 2000)
        return {"database_bytes": hour * 5 * 1024, "memory_kib": 60_000 + round(in_cache_kib * 1.15)}

    assert abs(growth(month(filling))) < 10
