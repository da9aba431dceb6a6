"""Retry-After holds seconds, a date, or anything at all."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.source.retry_after import retry_after

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 120 ", 120),
        ("900", 900),
        ("901", 900),
        ("9" * 400, 900),
        ("Sun, 01 Jun 2025 12:01:00 GMT", 60),
        ("Sunday, 01-Jun-25 12:01:00 GMT", 60),
        ("Sun Jun  1 12:01:00 2025", 60),
        ("Sun, 01 Jun 2025 14:01:00 +0200", 60),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 900),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 900),
    ],
)
def test_a_readable_wait_is_at_most_a_quarter_of_an_hour(header: str, seconds: int) -> None:
    assert retry_after(header, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "-1",
        "1.5",
        "1e3",
        "soon",
        "１２",
        "Sun, 01 Jun 2025 11:59:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Sun, 99 Jun 2025 12:00:00 GMT",
        "Sun, 01 Jun 99999 12:00:00 GMT",
        "\0",
        ", , ,",
    ],
)
def test_a_wait_that_is_past_or_unreadable_is_none(header: str | None) -> None:
    assert retry_after(header, NOW) is None
