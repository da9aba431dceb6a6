"""The JSON of `monitor explain`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from monitor.cli.explained import ProductView, RuleView, Supposed
from monitor.cli.status_json import alert_json
from monitor.config.settings import Config
from monitor.core.explaining import Answer, verdict_text
from monitor.core.foresight import Step
from monitor.core.matching import NotMet
from monitor.core.product import Seen
from monitor.core.timeline import stock_state
from monitor.core.words import Language, headline


def as_json(config: Config, found: Sequence[ProductView], now: datetime) -> dict[str, Any]:
    return {"at": now, "products": [_product(config, view) for view in found]}


def _product(config: Config, view: ProductView) -> dict[str, Any]:
    product, state = view.product, view.state
    seen = product.current if isinstance(product.current, Seen) else None
    return {
        **product.key._asdict(),
        **asdict(product.attributes),
        "price_label": config.monitor.price_units.get(product.attributes.price_unit or 0),
        "state": stock_state(product.current),
        "remaining": seen.remaining if seen else None,
        "stock_error": seen.stock_error if seen else None,
        "last_ok_at": state.last_ok_at if state else None,
        "fresh": view.is_fresh,
        "next_at": view.next_at if state else None,
        "rules": [_rule(rule) for rule in view.rules],
    }


def _rule(view: RuleView) -> dict[str, Any]:
    found = view.explained
    return {
        "rule": view.rule.name,
        "enabled": view.is_enabled,
        "verdict": verdict_text(found.verdict),
        "watches": not isinstance(found.watched, NotMet),
        "tables": [[_answer(answer) for answer in table] for table in found.tables],
        "stock": [_answer(answer) for answer in found.stock],
        "alert": None if view.alert is None else alert_json(view.alert),
        "timers": [{"what": timer.what, "until_at": timer.at} for timer in view.timers],
        "next": [_supposed(supposed) for supposed in view.supposed],
    }


def _answer(answer: Answer) -> dict[str, Any]:
    """`holds` is null where it is not known."""
    return {"key": answer.key, "wanted": answer.wanted, "found": answer.found, "holds": answer.holds}


def _supposed(supposed: Supposed) -> dict[str, Any]:
    seen = supposed.observation
    return {
        "if": supposed.what,
        "remaining": seen.remaining if isinstance(seen, Seen) else None,
        "steps": [_step(step) for step in supposed.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "at": step.at,
        "state": type(step.state).__name__.lower(),
        "announced": [
            {
                "edge": one.kind,
                "cause": one.cause,
                "headline": headline(one.kind, one.cause, Language.EN),
                "channels": one.channels,
                "muted": one.muted,
            }
            for one in step.announced
        ],
    }
