"""What a transition says: its title, its body and its line in a shared message. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from monitor.core.decision import Cause, Facts, Transition, TransitionKind
from monitor.core.style import Style
from monitor.core.wording import (
    clock_text,
    duration_text,
    nodes_text,
    number_text,
    shown,
    size_alone,
    size_text,
    window_text,
)
from monitor.core.words import WAS_IN_STOCK, Language, below_your_need, headline, label, pick


def transition_headline(told: Transition, resolve: Transition | None, language: Language) -> str:
    return pick(WAS_IN_STOCK, language) if resolve else headline(told.kind, told.cause, language)


def transition_title(told: Transition, resolve: Transition | None, style: Style) -> str:
    """`BACK IN STOCK 3 nodes × 8 H800A · AIDC 1 · PRD-TRAIN-1`: enough on a lock screen."""
    words = transition_headline(told, resolve, style.language)
    opening = f"【{words}】" if style.language is Language.ZH else f"{words}{_colon(told)} "
    parts = [opening + _what(told, resolve, style), *_where(told.facts, style.language)]
    return " · ".join(part for part in parts if part)


def _colon(told: Transition) -> str:
    """A clause follows where the words alone would not make one."""
    return ":" if told.kind is TransitionKind.RESOLVED and told.cause is Cause.COUNT else ""


def transition_line(same: Sequence[Transition], resolve: Transition | None, style: Style) -> str:
    """One line of several: the code to paste comes first. `same`: by different rules, one like another."""
    told, language = same[0], style.language
    words = transition_headline(told, resolve, language)
    parts = [
        f"{told.facts.product_code} · {words} {_what(told, resolve, style)}".rstrip(),
        label("aidc", language, told.facts.aidc_id),
        _rules_text(same, language),
        _events_text(same, language),
    ]
    return " · ".join(parts)


def transition_body(same: Sequence[Transition], resolve: Transition | None, style: Style) -> str:
    """Lines of plain text, the most useful first. `same` as above."""
    told, language = same[0], style.language
    facts = told.facts
    lines = [
        f"productCode: {facts.product_code}",
        shown(facts.name) if facts.name else None,
        *_stock_lines(told, resolve, style),
        _price_text(facts, style),
        _sizes_text(facts, language),
        *_time_lines(told, resolve, style),
        _rules_text(same, language),
        *dict.fromkeys(shown(one.facts.note, 300) for one in same if one.facts.note),
        _events_text(same, language),
        _link(facts, style.public_url),
    ]
    return "\n".join(line for line in lines if line)


def _what(told: Transition, resolve: Transition | None, style: Style) -> str:
    facts, language = told.facts, style.language
    size = size_text(facts, language)
    if resolve is not None:
        start, end = _window(told, resolve)
        return f"{window_text(start, end, style.zone)} {size}".rstrip()
    if told.kind is TransitionKind.RESOLVED:
        if told.cause is Cause.COUNT and facts.wanted:
            return below_your_need(facts, language)
        return size_alone(facts, language)
    left = nodes_text(facts.remaining or 0, language)
    if facts.told_before is not None:
        left = f"{facts.told_before} → {left}"
    return f"{left} {size}".rstrip()


def _where(facts: Facts, language: Language) -> list[str]:
    return [label("aidc", language, facts.aidc_id), facts.product_code]


def _window(told: Transition, resolve: Transition) -> tuple[datetime, datetime]:
    return resolve.facts.fired_at or told.at, resolve.at


def _stock_lines(told: Transition, resolve: Transition | None, style: Style) -> list[str | None]:
    facts, language, zone = told.facts, style.language, style.zone
    if resolve is not None:
        start, end = _window(told, resolve)
        peak = nodes_text(resolve.facts.peak or facts.remaining or 0, language)
        return [
            label("was_in_stock", language, window_text(start, end, zone), peak),
            label("already_gone", language),
        ]
    left = None if facts.remaining is None else label("left", language, nodes_text(facts.remaining, language))
    if left and facts.gpu_count and facts.remaining:
        left += label("gpus_in_all", language, facts.remaining * facts.gpu_count)
    error = label("stock_error", language, shown(facts.stock_error)) if facts.stock_error else None
    return [left, error]


def _price_text(facts: Facts, style: Style) -> str | None:
    if facts.price is None or facts.price_unit is None:
        return None
    unit = style.price_units.get(facts.price_unit) or label("unit", style.language, facts.price_unit)
    return label("price", style.language, number_text(facts.price), unit)


def _sizes_text(facts: Facts, language: Language) -> str | None:
    sizes = {"cpu": facts.cpu_cores, "memory": facts.memory_gb, "disk": facts.disk_gb}
    known = [label(name, language, number_text(size)) for name, size in sizes.items() if size is not None]
    return " · ".join(known) or None


def _time_lines(told: Transition, resolve: Transition | None, style: Style) -> list[str | None]:
    facts, language, zone = told.facts, style.language, style.zone
    at = facts.seen_at or told.at
    return [
        label("seen", language, clock_text(at, zone), zone) if resolve is None else None,
        _unless_none("gone_for", language, facts.gone_for),
        _lasted_text(facts, language) if told.kind is TransitionKind.RESOLVED else None,
        label("firing_since", language, clock_text(facts.fired_at, zone, at))
        if told.kind is TransitionKind.REPEATED and facts.fired_at and resolve is None
        else None,
        label("openings", language, facts.openings, clock_text(facts.openings_since, zone, at))
        if facts.openings > 1 and facts.openings_since and told.kind is not TransitionKind.RESOLVED
        else None,
        label("unseen", language, clock_text(facts.unseen_from, zone, at), clock_text(at, zone, at))
        if facts.unseen_from
        else None,
    ]


def _unless_none(name: str, language: Language, duration: timedelta | None) -> str | None:
    return None if duration is None else label(name, language, duration_text(duration, language))


def _lasted_text(facts: Facts, language: Language) -> str | None:
    if facts.lasted is None:
        return None
    return label(
        "lasted", language, duration_text(facts.lasted, language), nodes_text(facts.peak or 0, language)
    )


def _rules_text(same: Sequence[Transition], language: Language) -> str:
    separator = "、" if language is Language.ZH else ", "
    names = separator.join(shown(one.rule) for one in same)
    return label("rule" if len(same) == 1 else "rules", language, names)


def _events_text(same: Sequence[Transition], language: Language) -> str:
    return label("event", language, ", ".join(one.event_id for one in same))


def _link(facts: Facts, public_url: str | None) -> str | None:
    if public_url is None:
        return None
    path = "/".join(quote(str(part), safe="") for part in (facts.source, facts.aidc_id, facts.product_code))
    return f"{public_url.rstrip('/')}/products/{path}"
