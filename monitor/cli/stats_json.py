"""The JSON of `monitor stats`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitor.cli.heat_map import HOURS_A_DAY
from monitor.cli.stats_read import Figures, ProductFigures, RuleFigures
from monitor.core.odds import Odds
from monitor.core.price import PriceRange
from monitor.core.stats import HourOfWeek, Statistics


def as_json(figures: Figures, zone: ZoneInfo, start: datetime, end: datetime) -> dict[str, Any]:
    return {
        "since": start,
        "until": end,
        "timezone": zone.key,
        "rules": [_rule(rule) for rule in figures.rules],
        "products": [_product(product) for product in figures.products],
    }


def _rule(rule: RuleFigures) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "watches": [key._asdict() for key in rule.products],
        **_statistics(rule.statistics, rule.prices),
    }


def _product(product: ProductFigures) -> dict[str, Any]:
    return {
        **product.key._asdict(),
        **asdict(product.attributes),
        "rules": product.rules,
        **_statistics(product.statistics, product.prices),
    }


def _statistics(found: Statistics, prices: Sequence[PriceRange]) -> dict[str, Any]:
    return {
        "observed": found.observed,
        "available": found.available,
        "observed_share": _share(found.observed_share),
        "available_share": _share(found.available_share),
        "windows": found.windows,
        "opening_unseen": found.opening_unseen,
        "end_unseen": found.end_unseen,
        "open_now": found.open_now,
        "last_opened_at": found.last_opened_at,
        "lasts": list(map(asdict, found.lasts)),
        "between": list(map(asdict, found.between)),
        "odds": [_odds(odds) for odds in found.odds],
        "seen_share": {**asdict(found.seen_share), "estimate": _share(found.seen_share.estimate)},
        "peak": found.peak,
        "most": found.most,
        "drained_per_minute": found.drained_per_minute,
        "prices": [asdict(price) for price in prices],
        "hours": [_hour(number, hour) for number, hour in enumerate(found.hours)],
    }


def _odds(odds: Odds) -> dict[str, Any]:
    return {**asdict(odds), "shortest": _share(odds.shortest), "longest": _share(odds.longest)}


def _hour(number: int, hour: HourOfWeek) -> dict[str, Any]:
    """`weekday`: 1 is Monday."""
    day, hour_of_day = divmod(number, HOURS_A_DAY)
    return {
        "weekday": day + 1,
        "hour": hour_of_day,
        "observed": hour.observed,
        "available": hour.available,
        "share": _share(hour.share),
    }


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
