"""Looks into a parsed TOML document whose types nobody has checked yet. Pure.

Checks that span keys run whatever else is wrong, so that every problem is told at once.
"""

from collections.abc import Iterator
from typing import Any

from monitor.config.positions import Place

Raw = dict[str, Any]


def table(raw: Raw, key: str) -> Raw:
    """The table of that name; an empty one when there is none."""
    found = raw.get(key)
    return found if isinstance(found, dict) else {}


def tables(raw: Raw, key: str, place: Place = ()) -> Iterator[tuple[Place, Raw]]:
    """The tables of that name with their places, whether one or a list of them is there."""
    found = raw.get(key)
    if isinstance(found, dict):
        yield (*place, key), found
    elif isinstance(found, list):
        for index, element in enumerate(found):
            if isinstance(element, dict):
                yield (*place, key, index), element


def elements(raw: Raw, key: str, place: Place) -> Iterator[tuple[Place, Any]]:
    """The elements of a list, or the single value that stands for one, with their places."""
    found = raw.get(key)
    if isinstance(found, list):
        for index, element in enumerate(found):
            yield (*place, key, index), element
    elif found is not None:
        yield (*place, key), found


def is_enabled(watch: Raw) -> bool:
    return watch.get("enabled") is not False
