"""The lines of `monitor alerts`: what was announced, and below it a line for each delivery."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from monitor.cli.chart import Glyphs
from monitor.cli.output import Cell, bad, careful, faint, good, print_line, span, strong, upstream, when
from monitor.cli.stored import Place
from monitor.core.decision import Notice, Transition
from monitor.core.notice_text import notice_headline, notice_sentence
from monitor.core.style import Style
from monitor.core.transition_text import transition_title
from monitor.core.words import Language

if TYPE_CHECKING:
    from monitor.store.telling import Delivery, Told

ATTEMPTS_SHOWN: Final = 3


def print_tellings(place: Place, found: "Sequence[Told]", now: datetime, glyphs: Glyphs) -> None:
    if not found:
        print_line(faint("nothing was announced in that time"))
        return
    width = max((cell_len(d.channel) for told in found for d in told.deliveries), default=0)
    for told in found:
        print_line(*_heading(place, told.what, now, glyphs))
        for delivery in told.deliveries:
            print_line(*_delivery(place, told, delivery, width, now, glyphs))
            for line in _attempts(place, delivery, now):
                print_line(faint(line))
    print_line()
    print_line(faint(f"times in {place.zone.key}"))


def _heading(place: Place, what: Transition | Notice, now: datetime, glyphs: Glyphs) -> list[Cell]:
    style = Style(Language.EN, place.zone, place.price_units)
    at = when(what.at, place.zone, now)
    if isinstance(what, Notice):
        words = f"{notice_headline(what, Language.EN)}: {notice_sentence(what, style)}"
        return [at, careful(glyphs.edges["notice"]), strong(words), faint(f"(event {what.event_id})")]
    edge = glyphs.edges[what.kind]
    title = strong(transition_title(what, None, style))
    return [
        at,
        good(edge) if what.kind == "fired" else edge,
        title,
        faint(f"({what.rule}, event {what.event_id})"),
    ]


def _delivery(
    place: Place, told: "Told", delivery: "Delivery", width: int, now: datetime, glyphs: Glyphs
) -> list[Cell]:
    padded = delivery.channel + " " * (width - cell_len(delivery.channel))
    colon = ":" if delivery.reason and delivery.state in {"failed", "muted"} else ""
    words = f"{glyphs.signs[delivery.state]} {delivery.state}{colon}"
    outcome = {"sent": good, "failed": bad, "expired": bad, "retry": careful}.get(delivery.state, faint)(
        words
    )
    count = len(delivery.attempts)
    tries = [f"{count} {'try' if count == 1 else 'tries'}"] if count > 1 else []
    repeat = ["possible repeat"] if delivery.possible_repeat else []
    rest = [*_outcome(place, told, delivery, now), *tries, *repeat]
    return [faint(f"{delivery.delivery_id:>8}"), padded, outcome, ", ".join(rest)]


def _outcome(place: Place, told: "Told", delivery: "Delivery", now: datetime) -> list[str]:
    why = [upstream(delivery.reason)] if delivery.reason else []
    match delivery.state:
        case "sent" if delivery.ended_at is not None:
            said = delivery.attempts[-1].reason if delivery.attempts else None
            return [f"after {_short(delivery.ended_at - told.what.at)}", *([upstream(said)] if said else [])]
        case "pending" | "retry":
            next_try = (
                "is being sent"
                if delivery.in_flight
                else f"next try {when(delivery.next_at, place.zone, now)}"
            )
            return [next_try, *why]
        case _:
            return why


def _short(duration: timedelta) -> str:
    """Tenths count where a message should have been quick."""
    seconds = max(duration.total_seconds(), 0.0)
    return f"{seconds:.1f} s" if seconds < 10 else span(duration)


def _attempts(place: Place, delivery: "Delivery", now: datetime) -> list[str]:
    """Of what did not arrive at the first try: when it was tried, and what was said."""
    if len(delivery.attempts) < 2:
        return []
    left_out = len(delivery.attempts) - ATTEMPTS_SHOWN
    return [
        *([f"{'':10}{left_out} earlier tries; --json tells all"] if left_out > 0 else []),
        *(
            f"{'':10}{when(attempt.at, place.zone, now)} {attempt.outcome}"
            f"{f': {upstream(attempt.reason)}' if attempt.reason else ''}"
            for attempt in delivery.attempts[-ATTEMPTS_SHOWN:]
        ),
    ]
