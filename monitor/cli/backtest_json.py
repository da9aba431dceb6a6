"""The JSON of `monitor backtest`."""

from typing import Any

from monitor.cli.backtested import Backtest, Watch
from monitor.core.backtest import Opening, Outcome, Tried
from monitor.core.whatif import quantile


def as_json(found: Backtest) -> dict[str, Any]:
    return {
        "since": found.since,
        "watched": [_watch(watch) for watch in found.watches],
        "rules": [_outcome(outcome) for outcome in found.outcomes],
        "rules_without_products": found.idle,
    }


def _watch(watch: Watch) -> dict[str, Any]:
    return {
        "feed": watch.feed,
        "from_at": watch.from_at,
        "until_at": watch.until_at,
        "interval": watch.interval,
        "unwatched": [{"from_at": hole.start, "until_at": hole.end} for hole in watch.unwatched],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "rule": outcome.rule.name,
        "products": [key._asdict() for key in outcome.products],
        "told": outcome.told,
        "messages": outcome.messages,
        "openings": [_opening(opening) for opening in outcome.openings],
        "timings": [_tried(tried) for tried in outcome.tried],
    }


def _opening(opening: Opening) -> dict[str, Any]:
    return {
        **opening.product._asdict(),
        "fired_at": opening.fired_at,
        "cause": opening.cause,
        "remaining": opening.remaining,
        "told_at": opening.told_at,
        "muted": opening.muted,
        "ended_at": opening.ended_at,
        "stayed": None if opening.ended_at is None else opening.ended_at - opening.fired_at,
        "peak": opening.peak,
    }


def _tried(tried: Tried) -> dict[str, Any]:
    cost = tried.cost
    return {
        "setting": tried.setting,
        "value": tried.value,
        "openings": cost.chances,
        "told": cost.told,
        "lost": cost.lost,
        "later_median": quantile(cost.later, 0.5),
        "later_p90": quantile(cost.later, 0.9),
        "left_median": quantile(cost.left, 0.5),
    }
