"""The JSON of `monitor forecast`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from monitor.cli.forecasting import Foretold
from monitor.core.forecast import LEAST_OBSERVED, LEAST_WINDOWS, Forecast, Outcome, Trialled
from monitor.core.rates import Rates


def as_json(found: Sequence[Foretold], now: datetime) -> dict[str, Any]:
    return {"at": now, "products": [_product(one) for one in found]}


def _product(one: Foretold) -> dict[str, Any]:
    return {**one.key._asdict(), "name": one.attributes.name, **forecast_json(one.forecast)}


def forecast_json(told: Forecast) -> dict[str, Any]:
    return {
        "enough_data": bool(told.outcomes),
        "windows": told.windows,
        "windows_needed": LEAST_WINDOWS,
        "observed": told.observed,
        "observed_needed": LEAST_OBSERVED,
        "out": told.is_out,
        "horizons": [_horizon(outcome) for outcome in told.outcomes],
        "rates": None if told.rates is None else _rates(told.rates),
    }


def _horizon(outcome: Outcome) -> dict[str, Any]:
    return {
        "within": outcome.horizon,
        "speaks": outcome.speaks,
        "chance": _rounded(outcome.chance),
        "usual": _rounded(outcome.usual),
        "test": None if outcome.test is None else _test(outcome.test),
    }


def _test(test: Trialled) -> dict[str, Any]:
    return {
        "forecasts": test.count,
        "cut": test.cut,
        "brier": _rounded(test.brier),
        "usual_brier": _rounded(test.usual_brier),
        "skill": _rounded(test.skill),
        "gain_at_least": _rounded(test.gain_at_least),
        "calibration": [
            {**asdict(band), "said": _rounded(band.said), "came": _rounded(band.came)} for band in test.bands
        ],
    }


def _rates(rates: Rates) -> dict[str, Any]:
    up_to_15_min, up_to_1_h, up_to_6_h, more, not_known = map(_rounded, rates.ages)
    return {
        "per_day_out": _rounded(rates.mean * 86_400),
        "by_age": {
            "up_to_15_min": up_to_15_min,
            "up_to_1_h": up_to_1_h,
            "up_to_6_h": up_to_6_h,
            "more": more,
            "not_known": not_known,
        },
        "by_hour": [_rounded(factor) for factor in rates.hours],
        "rest_day": _rounded(rates.days[0]),
        "work_day": _rounded(rates.days[1]),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
