"""Reads a Retry-After header, which may hold anything. Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from monitor.core.backoff import LONGEST_RETRY_AFTER


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """How long to wait: seconds or an HTTP date, at most 15 minutes; None for what is past or unreadable."""
    if header is None:
        return None
    text = header.strip()[:64]
    if text.isascii() and text.isdigit():
        return (
            min(timedelta(seconds=int(text[:9])), LONGEST_RETRY_AFTER)
            if len(text) < 10
            else LONGEST_RETRY_AFTER
        )
    try:
        at = parsedate_to_datetime(text)
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(wait, LONGEST_RETRY_AFTER) if wait > timedelta() else None
