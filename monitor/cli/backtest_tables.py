"""The tables of `monitor backtest`: for each rule its openings, and what other timings had told of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from monitor.cli.backtested import Backtest, Watch
from monitor.cli.chart import Glyphs
from monitor.cli.output import (
    Cell,
    Table,
    careful,
    faint,
    good,
    print_line,
    print_table,
    right,
    span,
    strong,
    upstream,
    when,
)
from monitor.cli.stored import Place
from monitor.core.backtest import Opening, Outcome, Tried
from monitor.core.decision import TransitionKind
from monitor.core.product import ProductKey
from monitor.core.whatif import quantile
from monitor.core.words import Language, headline

OPENINGS_SHOWN: Final = 10
PRODUCTS_SHOWN: Final = 5


def print_backtest(place: Place, found: Backtest, now: datetime, glyphs: Glyphs, *, shows_all: bool) -> None:
    for outcome in found.outcomes:
        print_line(strong(outcome.rule.name), _what_it_watched(outcome.products))
        print_line(faint(_in_short(outcome)))
        _print_openings(place, outcome, now, glyphs, None if shows_all else OPENINGS_SHOWN)
        print_line()
        _print_tried(outcome.tried)
        print_line()
    for name in found.idle:
        print_line(careful(f"{name} watches no product of this database"))
    if not found.watches and len(found.idle) < found.rules:
        print_line(careful(f"nothing that they watch was polled since {when(found.since, place.zone, now)}"))
        return
    for watch in found.watches:
        print_line(faint(_watched(place, watch)))
    print_line(faint("told: of the times that the rule came to be met, those announced while that lasted"))
    print_line(faint("later: than the first poll that saw it; left: from then until it was over"))
    print_line(faint(f"times in {place.zone.key}; silences are left out"))


def _what_it_watched(products: Sequence[ProductKey]) -> str:
    named = [f"{upstream(key.product_code)} (aidc {key.aidc_id})" for key in products[:PRODUCTS_SHOWN]]
    more = len(products) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _in_short(outcome: Outcome) -> str:
    untold = len(outcome.openings) - outcome.told
    times = "once" if len(outcome.openings) == 1 else f"{len(outcome.openings):,} times"
    held = f", {untold} of them without being told" if untold else ""
    messages = "1 message" if outcome.messages == 1 else f"{outcome.messages:,} messages"
    return f"fired {times}{held}; {messages} to a channel that takes all kinds"


def _print_openings(place: Place, outcome: Outcome, now: datetime, glyphs: Glyphs, most: int | None) -> None:
    shown = outcome.openings if most is None else outcome.openings[-most:]
    if not shown:
        return
    if len(shown) < len(outcome.openings):
        print_line(faint(f"the newest {len(shown)}; --all lists every one"))
    table = Table("fired", "product", right("nodes"), "stayed", "", "told")
    for opening in shown:
        table.row(
            when(opening.fired_at, place.zone, now),
            f"{upstream(opening.product.product_code)} (aidc {opening.product.aidc_id})",
            "—" if opening.remaining is None else str(opening.remaining),
            "to the end" if opening.ended_at is None else span(opening.ended_at - opening.fired_at),
            headline(TransitionKind.FIRED, opening.cause, Language.EN),
            _told(opening, glyphs),
        )
    print_table(table)


def _told(opening: Opening, glyphs: Glyphs) -> Cell:
    if opening.told_at is None:
        return faint(f"{glyphs.signs['muted']} {opening.muted}")
    later = opening.told_at - opening.fired_at
    words = f"{glyphs.signs['sent']} after {span(later)}" if later else f"{glyphs.signs['sent']} at once"
    return good(words)


def _print_tried(tried: Sequence[Tried]) -> None:
    table = Table("with", right("told"), right("lost"), "later (median)", "(90 %)", "left (median)")
    for one in tried:
        cost = one.cost
        table.row(
            strong("as configured") if one.value is None else f"{one.setting} {_short(one.value)}",
            f"{cost.told:,} of {cost.chances:,}",
            careful(f"{cost.lost:,}") if cost.lost else "0",
            _span(quantile(cost.later, 0.5)),
            _span(quantile(cost.later, 0.9)),
            _span(quantile(cost.left, 0.5)),
        )
    print_table(table)


def _short(value: timedelta) -> str:
    from monitor.config.values import duration_text

    return duration_text(value)


def _span(duration: timedelta | None) -> str:
    return "—" if duration is None else span(duration)


def _watched(place: Place, watch: Watch) -> str:
    since, until = when(watch.from_at, place.zone), when(watch.until_at, place.zone)
    hole = watch.not_watched_for
    text = f"{watch.feed}: from {since} to {until}, polled every {_short(watch.interval)}"
    if not hole:
        return f"{text}, with no hole"
    share, count = 100 * (hole / (watch.until_at - watch.from_at)), len(watch.unwatched)
    times = "1 stretch" if count == 1 else f"{count} stretches"
    return f"{text}; not watched for {span(hole)} of it ({share:.1f} %, {times}): nothing is decided then"
