"""The JSON of `monitor history`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from monitor.cli.past import Past
from monitor.core.product import Invalid, Seen
from monitor.core.timeline import StockState, stock_state
from monitor.core.window import Span, Window


def as_json(found: Sequence[Past], start: datetime, end: datetime) -> dict[str, Any]:
    return {"since": start, "until": end, "products": [_product(past, start) for past in found]}


def _product(past: Past, start: datetime) -> dict[str, Any]:
    return {
        **past.key._asdict(),
        **asdict(past.stored.attributes),
        "observed_share": round(past.observed_share, 4),
        "available_share": round(past.available_share, 4),
        "windows": [_window(window) for window in past.windows],
        "spans": [_span(span) for span in past.spans if span.until_at is None or span.until_at > start],
        "unknown": [
            {"from_at": segment.start, "until_at": segment.end}
            for segment in past.segments
            if segment.state in (StockState.UNKNOWN, StockState.NO_RECORD)
        ],
        "changes": [asdict(change) for change in past.stored.changes],
    }


def _window(window: Window) -> dict[str, Any]:
    """It opened after `unseen_at` and by `opened_at`, and closed after `last_at` and by `closed_at`."""
    return {
        "opened_at": window.opened_at,
        "unseen_at": window.unseen_at,
        "last_at": window.last_at,
        "closed_at": window.closed_at,
        "peak": window.peak,
        "drops": window.drops,
        "drained_per_minute": window.drained_per_minute,
        "open": window.is_open,
    }


def _span(span: Span) -> dict[str, Any]:
    observed = span.observation
    return {
        "state": stock_state(observed),
        "remaining": observed.remaining if isinstance(observed, Seen) else None,
        "stock_error": observed.stock_error if isinstance(observed, Seen) else None,
        "reason": observed.reason if isinstance(observed, Invalid) else None,
        "unseen_from": span.unseen_from,
        "from_at": span.from_at,
        "last_at": span.last_at,
        "until_at": span.until_at,
    }
