"""The JSON of `monitor status`."""

from dataclasses import asdict
from typing import Any

from monitor.cli.overview import FeedView, Overview, ProductView
from monitor.cli.stored import Place
from monitor.core.alert import Clearing, Inactive
from monitor.core.decision import Alert
from monitor.core.notice_text import notice_sentence
from monitor.core.product import Invalid, Seen
from monitor.core.style import Style
from monitor.core.timeline import StockState
from monitor.core.words import Language
from monitor.store.locks import is_daemon


def as_json(place: Place, found: Overview, holder: str | None) -> dict[str, Any]:
    style = Style(Language.EN, place.zone, place.price_units)
    return {
        "at": found.now,
        "monitor": _holder(holder),
        "sources": [_feed(feed) for feed in found.feeds],
        "products": [_product(place, view) for view in found.products],
        "alerts": [alert_json(alert) for alert in found.alerts],
        "channels": [asdict(channel) for channel in found.channels],
        "notices": [
            {
                "event_id": notice.event_id,
                "kind": notice.kind,
                "subject": notice.subject,
                "since": notice.at,
                "text": notice_sentence(notice, style),
            }
            for notice in found.episodes
        ],
    }


def _holder(holder: str | None) -> dict[str, Any]:
    running = holder if holder is not None and is_daemon(holder) else None
    pid = (running or "").partition(" ")[0]
    return {"running": running is not None, "pid": int(pid) if pid.isdecimal() else None}


def _feed(feed: FeedView) -> dict[str, Any]:
    return {
        "source": feed.stored.feed.source,
        "aidc_id": feed.stored.feed.aidc_id,
        "state": feed.state,
        "last_ok_at": feed.stored.last_ok_at,
        "last_poll_at": feed.stored.last_poll_at,
        "reason": feed.stored.last_failure,
    }


def _product(place: Place, view: ProductView) -> dict[str, Any]:
    """`remaining`, `stock_error` and `available` are null while the state is unknown."""
    product, is_known = view.product, view.state is not StockState.UNKNOWN
    seen = product.current if isinstance(product.current, Seen) and is_known else None
    known = product.last_known if isinstance(product.last_known, Seen) else None
    return {
        **product.key._asdict(),
        **asdict(product.attributes),
        "price_label": place.price_units.get(product.attributes.price_unit or 0),
        "state": view.state,
        "remaining": seen.remaining if seen else None,
        "stock_error": seen.stock_error if seen else None,
        "available": view.state is StockState.IN_STOCK if is_known else None,
        "invalid_reason": product.current.reason if isinstance(product.current, Invalid) else None,
        "since": view.since,
        "unknown_since": view.unknown_since,
        "last_known_remaining": known.remaining if known else None,
        "rules": view.rules,
    }


def alert_json(alert: Alert) -> dict[str, Any]:
    state = alert.state
    return {
        "rule": alert.rule,
        **alert.product._asdict(),
        "state": type(state).__name__.lower(),
        "since": None if isinstance(state, Inactive) else state.since,
        "cleared_at": state.cleared_at if isinstance(state, Clearing) else None,
        "announced_at": alert.announced_at,
        "muted": alert.muted,
        "peak": alert.peak,
    }
