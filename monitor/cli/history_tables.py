"""The charts and tables of `monitor history`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from monitor.cli.chart import Glyphs, step_chart
from monitor.cli.output import (
    Cell,
    Table,
    careful,
    console,
    faint,
    good,
    is_terminal,
    percent,
    print_line,
    print_table,
    right,
    size_of,
    span,
    strong,
    upstream,
    when,
)
from monitor.cli.past import Past
from monitor.cli.stored import Place
from monitor.core.window import Window

PIPED_CHART_WIDTH: Final = 100
WIDEST_CHART: Final = 160
WINDOWS_ON_A_TERMINAL: Final = 20


def print_past(place: Place, found: Sequence[Past], now: datetime, glyphs: Glyphs) -> None:
    if not found:
        print_line(faint("nothing changed in that time"))
        return
    width = min(console().width, WIDEST_CHART) if is_terminal() else PIPED_CHART_WIDTH
    for past in found:
        print_line(strong(upstream(past.key.product_code)), _what_it_is(past))
        for line in step_chart(past.segments, width, place.zone, glyphs):
            print_line(line)
        print_line(faint(_in_short(past)))
        _print_windows(place, past, now)
        _print_changes(place, past, now)
        print_line()
    print_line(faint(_legend(glyphs)))
    print_line(faint("within: how much earlier it may have been, back to the poll before"))
    print_line(faint(f"times in {place.zone.key}"))


def _what_it_is(past: Past) -> str:
    key, attributes = past.key, past.stored.attributes
    name = [upstream(attributes.name)] if attributes.name else []
    return " · ".join([*name, key.source, f"AIDC {key.aidc_id}", size_of(attributes)])


def _in_short(past: Past) -> str:
    count = len(past.windows)
    return (
        f"{count} window{'' if count == 1 else 's'}, in stock {percent(past.available_share)} of the time "
        f"that is known; known is {percent(past.observed_share)}"
    )


def _print_windows(place: Place, past: Past, now: datetime) -> None:
    shown = past.windows[-WINDOWS_ON_A_TERMINAL:] if is_terminal() else past.windows
    if not shown:
        return
    if len(shown) < len(past.windows):
        print_line(faint(f"the newest {len(shown)}; --json tells all"))
    table = Table("opened", "within", "closed", "within", "lasted", right("peak"))
    for window in shown:
        table.row(
            _moment(window.opened_at, place, now),
            _within(window.opened_within),
            _closed(past, window, place, now),
            "" if window.is_open else _within(window.closed_within),
            _lasted(past, window, now),
            str(window.peak),
        )
    print_table(table)


def _moment(at: datetime | None, place: Place, now: datetime) -> str:
    return when(at, place.zone, now)


def _within(uncertainty: timedelta | None) -> str:
    return "—" if uncertainty is None else span(uncertainty)


def _closed(past: Past, window: Window, place: Place, now: datetime) -> Cell:
    if not window.is_open:
        return _moment(window.closed_at, place, now)
    return good("open") if past.is_known_now else careful("not known")


def _lasted(past: Past, window: Window, now: datetime) -> str:
    if window.is_open and not past.is_known_now:
        return f"at least {span(window.last_at - window.opened_at)}"
    return span(window.lasted(now))


def _print_changes(place: Place, past: Past, now: datetime) -> None:
    for change in past.stored.changes:
        was = "not known" if change.old is None else upstream(change.old)
        is_ = "not known" if change.new is None else upstream(change.new)
        field = change.field.replace("_", " ")
        print_line(f"{_moment(change.at, place, now)}  {field}: {was} → {is_}")


def _legend(glyphs: Glyphs) -> str:
    return (
        f"{glyphs.line} in stock  {glyphs.blocked} blocked  {glyphs.zero} out  {glyphs.delisted} delisted  "
        f"{glyphs.unknown} not known  {glyphs.no_record} no record"
    )
