"""The JSON of `monitor history`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.cli.past import Past
from monitor.core.moment import to_ms
from monitor.core.price import Changed, Price, PriceLog
from monitor.core.product import Invalid, Seen
from monitor.core.timeline import StockState, stock_state
from monitor.core.window import Span, Window

if TYPE_CHECKING:
    from monitor.store.history import ProductHistory


def as_json(found: Sequence[Past], start: datetime, end: datetime) -> dict[str, Any]:
    return {"since": start, "until": end, "products": [_product(past, start) for past in found]}


def _product(past: Past, start: datetime) -> dict[str, Any]:
    prices = _prices(past.stored)
    return {
        **past.key._asdict(),
        **asdict(past.stored.attributes),
        "observed_share": round(past.observed_share, 4),
        "available_share": round(past.available_share, 4),
        "windows": [_window(window, _price_of(window, prices, start)) for window in past.windows],
        "spans": [_span(span) for span in past.spans if span.until_at is None or span.until_at > start],
        "unknown": [
            {"from_at": segment.start, "until_at": segment.end}
            for segment in past.segments
            if segment.state in (StockState.UNKNOWN, StockState.NO_RECORD)
        ],
        "changes": [asdict(change) for change in past.stored.changes],
    }


def _prices(stored: "ProductHistory") -> PriceLog:
    amounts, units = (
        [
            Changed(to_ms(one.at), one.old)
            for one in stored.changes
            if one.field == field and one.at is not None
        ]
        for field in ("price", "price_unit")
    )
    return PriceLog(stored.attributes.price, stored.attributes.price_unit, amounts, units)


def _price_of(window: Window, prices: PriceLog, start: datetime) -> Price | None:
    """When it opened; changes are known from `start` on only."""
    return None if window.opened_at < start else prices.at(to_ms(window.opened_at))


def _window(window: Window, price: Price | None) -> dict[str, Any]:
    """It opened after `unseen_at` and by `opened_at`, and closed after `last_at` and by `closed_at`."""
    return {
        "opened_at": window.opened_at,
        "unseen_at": window.unseen_at,
        "last_at": window.last_at,
        "closed_at": window.closed_at,
        "peak": window.peak,
        "price": None if price is None else price.amount,
        "price_unit": None if price is None else price.unit,
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
