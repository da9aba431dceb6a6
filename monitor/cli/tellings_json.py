"""The JSON of `monitor alerts`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.cli.stored import Place
from monitor.core.decision import Notice, Transition
from monitor.core.notice_text import notice_headline, notice_sentence
from monitor.core.style import Style
from monitor.core.transition_text import transition_title
from monitor.core.words import Language, headline

if TYPE_CHECKING:
    from monitor.store.telling import Delivery, Told


def as_json(place: Place, found: "Sequence[Told]", since: datetime) -> dict[str, Any]:
    style = Style(Language.EN, place.zone, place.price_units)
    return {"since": since, "events": [_event(told, style) for told in found]}


def _event(told: "Told", style: Style) -> dict[str, Any]:
    what = _notice(told.what, style) if isinstance(told.what, Notice) else _transition(told.what, style)
    return {**what, "deliveries": [_delivery(delivery) for delivery in told.deliveries]}


def _transition(what: Transition, style: Style) -> dict[str, Any]:
    return {
        "event_id": what.event_id,
        "at": what.at,
        "edge": what.kind,
        "cause": what.cause,
        "headline": headline(what.kind, what.cause, Language.EN),
        "text": transition_title(what, None, style),
        "rule": what.rule,
        **what.product._asdict(),
        "remaining": what.facts.remaining,
        "opening": what.opening,
    }


def _notice(what: Notice, style: Style) -> dict[str, Any]:
    return {
        "event_id": what.event_id,
        "at": what.at,
        "notice": what.kind,
        "headline": notice_headline(what, Language.EN),
        "text": notice_sentence(what, style),
        "subject": what.subject,
    }


def _delivery(delivery: "Delivery") -> dict[str, Any]:
    """`attempts`: `duration` in seconds."""
    return asdict(delivery)
