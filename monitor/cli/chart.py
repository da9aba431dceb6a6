"""Stock over time in a terminal: sparklines and step charts, as text. Pure.

Unknown time is hatched, never a zero or a blank. Where the terminal lacks the characters, plain ASCII does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from monitor.core.timeline import Column, Segment, StockState, columns

MOST_TICKS: Final = 4
ROWS_PER_TICK: Final = 2
LABEL_ROOM: Final = 12
"""So many columns lie at least between two labels below a chart."""

_DAY: Final = timedelta(days=1)
_STEPS: Final = (
    *(timedelta(minutes=minutes) for minutes in (1, 5, 10, 15, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 5, 10, 30, 90, 365)),
)


@dataclass(frozen=True, slots=True)
class Glyphs:
    """`shapes` stand before the words of states. `levels`: from nothing to the most.

    `falls`: where a line comes down, and where it arrives above zero and at zero; `rises`: where it leaves
    zero, where it leaves a count, and where it arrives. `signs` of the states of deliveries.
    """

    shapes: dict[StockState, str]
    levels: str
    line: str
    zero: str
    blocked: str
    delisted: str
    unknown: str
    no_record: str
    vertical: str
    falls: str
    rises: str
    axis: str
    signs: dict[str, str]
    edges: dict[str, str]


UNICODE: Final = Glyphs(
    shapes=dict(zip(StockState, "●◈○▣▨░", strict=True)),
    levels="▁▂▃▄▅▆▇█",
    line="━",
    zero="─",
    blocked="┅",
    delisted="·",
    unknown="▒",
    no_record="░",
    vertical="┃",
    falls="┓┗┖",
    rises="┚┛┏",
    axis="┤│└─┬",
    signs={
        "sent": "✓",
        "retry": "↻",
        "pending": "↻",
        "failed": "✗",
        "expired": "⌛",
        "muted": "–",
    },
    edges={"fired": "▲", "resolved": "▽", "repeated": "△", "notice": "!"},
)
ASCII: Final = Glyphs(
    shapes=dict(zip(StockState, "*!o#?:", strict=True)),
    levels="_.-=+*%@",
    line="=",
    zero="_",
    blocked="~",
    delisted=".",
    unknown="/",
    no_record=":",
    vertical="|",
    falls="+++",
    rises="+++",
    axis="||+-+",
    signs={"sent": "+", "retry": "~", "pending": "~", "failed": "x", "expired": "!", "muted": "-"},
    edges={"fired": "^", "resolved": "v", "repeated": "^", "notice": "!"},
)


def glyphs_for(encoding: str | None) -> Glyphs:
    """What a stream of this encoding can show."""
    text = "".join(
        value if isinstance(value, str) else "".join(value.values())
        for value in (getattr(UNICODE, name) for name in Glyphs.__slots__)
    )
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def sparkline(segments: Sequence[Segment], width: int, glyphs: Glyphs = UNICODE) -> str:
    """One character a column, each the most that it held; the tallest is the most of all."""
    drawn = columns(segments, width)
    most = max((column.count for column in drawn), default=0)
    return "".join(_level(column, most, glyphs) for column in drawn)


def step_chart(segments: Sequence[Segment], width: int, zone: tzinfo, glyphs: Glyphs = UNICODE) -> list[str]:
    """Lines of at most `width` columns: the counts over time, with an axis of counts and one of times."""
    if not segments:
        return []
    most = max((segment.count for segment in segments), default=0)
    step, ticks = _count_ticks(most)
    label_width = len(str(step * ticks))
    drawn = columns(segments, max(width - label_width - 1, 1))
    rows = _grid(drawn, ticks * ROWS_PER_TICK, step * ticks, glyphs)
    lines = [
        _count_label(height, step, label_width, glyphs) + "".join(rows[height])
        for height in reversed(range(len(rows)))
    ]
    return [*lines, *_time_axis(segments[0].start, segments[-1].end, len(drawn), label_width, zone, glyphs)]


def _level(column: Column, most: int, glyphs: Glyphs) -> str:
    match column.state:
        case StockState.IN_STOCK:
            top = len(glyphs.levels) - 1
            return glyphs.levels[max(round(column.count / most * top), 1)]
        case StockState.OUT:
            return glyphs.levels[0]
        case state:
            return _flat(state, glyphs)


def _flat(state: StockState, glyphs: Glyphs) -> str:
    return {
        StockState.IN_STOCK: glyphs.line,
        StockState.BLOCKED: glyphs.blocked,
        StockState.OUT: glyphs.zero,
        StockState.DELISTED: glyphs.delisted,
        StockState.UNKNOWN: glyphs.unknown,
        StockState.NO_RECORD: glyphs.no_record,
    }[state]


def _count_ticks(most: int) -> tuple[int, int]:
    """The distance of the labels at the left (1, 2 or 5, times a power of ten), and how many there are."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            step = digit * power
            if most <= MOST_TICKS * step:
                return step, max(-(-most // step), 1)
        power *= 10


def _grid(drawn: Sequence[Column], top: int, most: int, glyphs: Glyphs) -> list[list[str]]:
    """Rows from zero upward."""
    rows = [[" "] * len(drawn) for _ in range(top + 1)]
    before: int | None = None
    for index, column in enumerate(drawn):
        if column.state in (StockState.UNKNOWN, StockState.NO_RECORD):
            for row in rows:
                row[index] = _flat(column.state, glyphs)
            before = None
            continue
        height = max(round(column.count / most * top), 1) if column.count else 0
        rows[height][index] = _flat(column.state, glyphs)
        if before is not None and before != height:
            _draw_step(rows, index, before, height, glyphs)
        before = height
    return rows


def _draw_step(rows: list[list[str]], index: int, before: int, height: int, glyphs: Glyphs) -> None:
    for between in range(min(before, height) + 1, max(before, height)):
        rows[between][index] = glyphs.vertical
    if height > before:
        rows[before][index], rows[height][index] = glyphs.rises[1 if before else 0], glyphs.rises[2]
    else:
        rows[before][index], rows[height][index] = glyphs.falls[0], glyphs.falls[1 if height else 2]


def _count_label(height: int, step: int, width: int, glyphs: Glyphs) -> str:
    if height % ROWS_PER_TICK:
        return " " * width + glyphs.axis[1]
    return f"{step * (height // ROWS_PER_TICK):>{width}}{glyphs.axis[0]}"


def _time_axis(
    start: datetime, end: datetime, width: int, margin: int, zone: tzinfo, glyphs: Glyphs
) -> list[str]:
    """Local midnights and round hours; no label reaches into that of the right end."""
    line, labels = [glyphs.axis[3]] * width, [" "] * width
    step = next((s for s in _STEPS if (end - start) / s * LABEL_ROOM <= width), _STEPS[-1])
    for moment in _round_times(start, end, step, zone):
        column = int((moment - start) / (end - start) * width)
        text = _time_label(moment, zone)
        if column + len(text) > width - len("now") - 1:
            break
        line[column] = glyphs.axis[4]
        labels[column : column + len(text)] = text
    labels[width - len("now") :] = "now"[-width:]
    return [
        " " * margin + glyphs.axis[2] + "".join(line),
        " " * (margin + 1) + "".join(labels),
    ]


def _round_times(start: datetime, end: datetime, step: timedelta, zone: tzinfo) -> list[datetime]:
    """Counted from a local midnight on the local clock, so that days of 23 hours do no harm."""
    midnight = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if step > _DAY:
        midnight -= _DAY * (midnight.toordinal() % (step // _DAY))
    times = (midnight + count * step for count in range(int((end - start + 2 * step + _DAY) / step) + 1))
    return [moment for moment in times if start <= moment <= end]


def _time_label(moment: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    return f"{local.day} {local:%b}" if (local.hour, local.minute) == (0, 0) else f"{local:%H:%M}"
