"""What a program is told: one event as a flat JSON object with every key, null where nothing is known. Pure.

docs/acting.md describes the keys. They are added to, never renamed; what breaks a reader raises `VERSION`.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from monitor.core.decision import Facts, Notice, NoticeKind, Transition, TransitionKind
from monitor.core.moment import from_ms
from monitor.core.outbox import Item
from monitor.core.style import Style

VERSION: Final = 1
MISSED: Final = "missed"
"""The kind of an opening that was over before it could be told: nothing is left to act on."""
TEST: Final = "test"
NOTICE: Final = "notice"

Value = str | int | float | bool | None
Event = Mapping[str, Value | Mapping[str, Value]]

_NOTHING: Final[Mapping[str, None]] = dict.fromkeys(
    (
        *("cause", "rule", "opening", "source", "aidc_id", "product_code", "name", "remaining", "total_gpus"),
        *("gpu_name", "gpu_count", "cpu_cores", "memory_gb", "disk_gb", "price", "price_unit", "price_label"),
        *("stock_error", "seen_at", "unseen_from", "gone_for_s", "fired_at", "ended_at", "lasted_s", "peak"),
        *("openings", "note", "notice", "subject", "facts"),
    )
)


def event_of(item: Item, title: str, body: str, style: Style) -> Event:
    """`title` and `body` are what a person would read of it."""
    told = item.told
    about = _of_notice(told) if isinstance(told, Notice) else _of_transition(told, item.resolve, style)
    is_drill = isinstance(told, Notice) and told.kind is NoticeKind.REHEARSAL
    return {
        **_head(told.event_id, told.at, title, body),
        "possible_repeat": item.possible_repeat,
        "rehearsal": style.is_rehearsal or is_drill,
        **_NOTHING,
        **about,
    }


def trial_event(event_id: str, at: datetime, title: str, body: str) -> Event:
    """Of `monitor notify-test`: about no product at all."""
    head = _head(event_id, at, title, body)
    return {**head, "kind": TEST, "possible_repeat": False, "rehearsal": False, **_NOTHING}


def event_text(event: Event) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _head(event_id: str, at: datetime, title: str, body: str) -> dict[str, Value]:
    shown = {"title": title, "body": body}
    return {"version": VERSION, "event_id": event_id, "kind": None, "at": _time(at), **shown}


def _of_transition(told: Transition, resolve: Transition | None, style: Style) -> dict[str, Value]:
    facts, end = told.facts, resolve.facts if resolve else told.facts
    is_over = resolve is not None or told.kind is TransitionKind.RESOLVED
    return {
        "kind": MISSED if resolve else told.kind.value,
        "cause": told.cause.value,
        "rule": told.rule,
        "opening": told.opening,
        **_product(facts, style),
        "remaining": end.remaining,
        "stock_error": end.stock_error,
        "seen_at": _time(facts.seen_at or told.at),
        "unseen_from": _time(facts.unseen_from),
        "gone_for_s": _seconds(facts.gone_for),
        "fired_at": _time(end.fired_at or (told.at if told.kind is TransitionKind.FIRED else None)),
        "ended_at": _time((resolve or told).at if is_over else None),
        "lasted_s": _seconds(end.lasted),
        "peak": end.peak,
        "openings": facts.openings,
        "note": facts.note,
    }


def _product(facts: Facts, style: Style) -> dict[str, Value]:
    known = facts.remaining is not None and facts.gpu_count is not None
    return {
        "source": facts.source,
        "aidc_id": facts.aidc_id,
        "product_code": facts.product_code,
        "name": facts.name,
        "total_gpus": (facts.remaining or 0) * (facts.gpu_count or 0) if known else None,
        "gpu_name": facts.gpu_name,
        "gpu_count": facts.gpu_count,
        "cpu_cores": _number(facts.cpu_cores),
        "memory_gb": _number(facts.memory_gb),
        "disk_gb": _number(facts.disk_gb),
        "price": _number(facts.price),
        "price_unit": facts.price_unit,
        "price_label": None if facts.price_unit is None else style.price_units.get(facts.price_unit),
    }


def _of_notice(notice: Notice) -> dict[str, Value | Mapping[str, Value]]:
    facts = {
        name: _time(from_ms(value)) if name == "since" and isinstance(value, int) else value
        for name, value in notice.facts.items()
    }
    return {"kind": NOTICE, "notice": notice.kind.value, "subject": notice.subject, "facts": facts}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()


def _number(number: Decimal | None) -> int | float | None:
    if number is None:
        return None
    return int(number) if number == number.to_integral_value() else float(number)
