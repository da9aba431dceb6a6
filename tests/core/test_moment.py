"""Moments as integer milliseconds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from monitor.core.moment import from_ms, to_ms


def test_a_moment_survives_the_database_to_the_millisecond() -> None:
    moment = datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)

    assert from_ms(to_ms(moment)) == moment


def test_the_zone_does_not_matter() -> None:
    shanghai = timezone(timedelta(hours=8))

    assert to_ms(datetime(1970, 1, 1, 8, 0, 1, tzinfo=shanghai)) == 1000


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        to_ms(datetime(2026, 3, 1))  # noqa: DTZ001
