"""Finds matches that no product can ever meet, and prices without their unit. Pure."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from typing import Final

from monitor.config import settings, values
from monitor.config.positions import Place
from monitor.config.problem import Problem
from monitor.config.rawdoc import Raw, elements, tables
from monitor.config.suggesting import did_you_mean
from monitor.core.matching import Range
from monitor.core.product import glob_matches

_PRICES: Final = ("price", "price_per_gpu")
_LEAST_COUNT: Final = {"remaining": 1, "total_gpus": 1, "gpu_count": 0, "aidc_id": 0, "price_unit": 0}
_MEASURES: Final = ("cpu_cores", "memory_gb", "disk_gb", "price", "price_per_gpu")


def match_problems(raw: Raw) -> Iterator[Problem]:
    """Problems of every table of every match."""
    for watch_place, watch in tables(raw, "watch"):
        for place, match in tables(watch, "match", watch_place):
            yield from _price_without_unit(match, place)
            yield from _never_met(match, place)
            yield from _unknown_source(raw, match, place)
            yield from _centre_not_asked_for(raw, match, place)


def _price_without_unit(match: Raw, place: Place) -> Iterator[Problem]:
    priced = [key for key in _PRICES if key in match]
    for key in priced:
        if "price_unit" not in match:
            yield Problem(
                (*place, key), "needs price_unit beside it: prices of different units do not compare"
            )
    if priced and "price_unit" in match and not _is_one_code(match["price_unit"]):
        yield Problem(
            (*place, "price_unit"),
            f"must be one code when {priced[0]} is matched: give each unit its own table in a list",
        )


def _is_one_code(value: object) -> bool:
    ranges = _ranges({"price_unit": value}, "price_unit")
    return ranges is None or (len(ranges) == 1 and ranges[0].low == ranges[0].high)


def _never_met(match: Raw, place: Place) -> Iterator[Problem]:
    for key in (*_LEAST_COUNT, *_MEASURES):
        ranges = _ranges(match, key)
        if ranges and not any(_can_hold(wanted, key) for wanted in ranges):
            yield Problem((*place, key), "can never be met: " + _why_never(key))


def _can_hold(wanted: Range, key: str) -> bool:
    if key in _MEASURES:
        return wanted.high is None or wanted.high > 0 or wanted.holds(Decimal(0))
    least = Decimal(_LEAST_COUNT[key])
    first = least if wanted.low is None else max(least, wanted.low.to_integral_value(ROUND_CEILING))
    return wanted.holds(first) or wanted.holds(first + 1)


def _why_never(key: str) -> str:
    if key in {"remaining", "total_gpus"}:
        return 'a product with none left is never in stock; write ">=1", or leave it out'
    return "it is never negative" if key in _MEASURES else "it is a whole number, 0 or more"


def _unknown_source(raw: Raw, match: Raw, place: Place) -> Iterator[Problem]:
    names = [
        name
        for _, source in tables(raw, "source")
        if isinstance(name := source.get("name", settings.DEFAULT_SOURCE), str)
    ]
    for at, glob in elements(match, "source", place):
        usable = isinstance(glob, str) and 0 < len(glob) <= values.LONGEST_GLOB
        if usable and names and not any(glob_matches(glob, name) for name in names):
            yield Problem(at, f"there is no source {values.shown(glob)}" + did_you_mean(glob, names))


def _centre_not_asked_for(raw: Raw, match: Raw, place: Place) -> Iterator[Problem]:
    ranges = _ranges(match, "aidc_id")
    sources = list(tables(raw, "source"))
    if not ranges or not all("aidc_ids" in source for _, source in sources):
        return
    asked = (aidc_id for at, source in sources for _, aidc_id in elements(source, "aidc_ids", at))
    ids = sorted({aidc_id for aidc_id in asked if isinstance(aidc_id, int)})
    if ids and not any(wanted.holds(Decimal(aidc_id)) for wanted in ranges for aidc_id in ids):
        yield Problem((*place, "aidc_id"), f"no source asks for this data centre: aidc_ids holds {ids}"[:200])


def _ranges(match: Raw, key: str) -> list[Range] | None:
    """The ranges of a key; None when it is not there or one of them cannot be read."""
    try:
        return [values.number_range(value) for _, value in elements(match, key, ())] or None
    except ValueError:
        return None
