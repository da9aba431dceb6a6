"""The hours of a week as a map in a terminal: how much of each something was to be had. Pure.

An hour that was never watched is hatched: it is not known, and no zero.
"""

from collections.abc import Sequence
from typing import Final

from monitor.cli.chart import Glyphs
from monitor.core.stats import HourOfWeek

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS_A_DAY: Final = 24
HOURS_A_LABEL: Final = 3
CELL_WIDTH: Final = 2
_MARGIN: Final = " " * 5

Cell = tuple[str, int | None]
"""What is drawn, and how high: 0 for nothing, up to the number of levels; None where it is not known."""


def heat_map(hours: Sequence[HourOfWeek], glyphs: Glyphs) -> list[tuple[str, list[Cell]]]:
    """A weekday and its 24 cells for each row; the tallest is the largest share of all."""
    shares = [hour.share for hour in hours]
    most = max((share for share in shares if share is not None), default=0.0)
    cells = [_cell(share, most, glyphs) for share in shares]
    days = [cells[first : first + HOURS_A_DAY] for first in range(0, len(cells), HOURS_A_DAY)]
    return list(zip(WEEKDAYS, days, strict=True))


def hour_labels() -> str:
    """The line above: an hour of the day at every third cell."""
    width = CELL_WIDTH * HOURS_A_LABEL
    return _MARGIN + "".join(f"{hour:<{width}}" for hour in range(0, HOURS_A_DAY, HOURS_A_LABEL)).rstrip()


def _cell(share: float | None, most: float, glyphs: Glyphs) -> Cell:
    if share is None:
        return glyphs.unknown * CELL_WIDTH, None
    top = len(glyphs.levels) - 1
    height = max(round(share / most * top), 1) if share else 0
    return glyphs.levels[height] * CELL_WIDTH, height
