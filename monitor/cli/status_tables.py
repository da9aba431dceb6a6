"""The tables of `monitor status`."""

from typing import Final

from monitor.cli.chart import Glyphs, sparkline
from monitor.cli.output import (
    Cell,
    Table,
    ago,
    bad,
    careful,
    console,
    faint,
    good,
    price_text,
    print_line,
    print_table,
    right,
    size_of,
    span,
    strong,
    upstream,
    when,
)
from monitor.cli.overview import FeedView, Overview, ProductView
from monitor.cli.stored import Place
from monitor.core.alert import Inactive
from monitor.core.decision import Alert
from monitor.core.notice_text import notice_headline, notice_sentence
from monitor.core.product import Seen
from monitor.core.style import Style
from monitor.core.timeline import StockState
from monitor.core.words import Language
from monitor.store.locks import is_daemon

WIDE: Final = 110
"""From so many columns on there is room for names and prices, and for a character an hour."""


def print_overview(place: Place, found: Overview, holder: str | None, glyphs: Glyphs) -> None:
    print_line(when(found.now, place.zone), faint(f"({place.zone.key})"), _who(holder))
    print_line()
    print_table(_feeds(found), title="Sources", empty="nothing was polled yet")
    print_line()
    _print_products(place, found, glyphs)
    if found.alerts:
        print_line()
        print_table(_alerts(place, found), title="Alerts")
    if found.channels:
        print_line()
        print_table(_channels(place, found, glyphs), title="Deliveries")
    if found.episodes:
        print_line()
        _print_notices(place, found)


def _who(holder: str | None) -> Cell:
    if holder is None:
        return careful("no monitor is running")
    pid, _, what = holder.partition(" ")
    if not what:
        return careful("a monitor is starting or ending")
    if is_daemon(holder):
        return good(f"{what} is running (process {pid})")
    return careful(f"no monitor is running: {what} (process {pid}) holds the database and stores nothing")


def _feeds(found: Overview) -> Table:
    table = Table("source", "state", "last answer", "last poll", "reason")
    for feed in found.feeds:
        stored = feed.stored
        table.row(
            str(stored.feed),
            _feed_word(feed),
            ago(stored.last_ok_at, found.now),
            ago(stored.last_poll_at, found.now),
            upstream(stored.last_failure) if stored.last_failure else "",
        )
    return table


def _feed_word(feed: FeedView) -> Cell:
    if feed.state == "ok":
        return good("ok")
    return bad(feed.state) if feed.state == "blind" else careful(feed.state)


def _print_products(place: Place, found: Overview, glyphs: Glyphs) -> None:
    is_wide = console().width >= WIDE
    has_sources = len({view.product.key.source for view in found.products}) > 1
    table = Table(
        *("state", "product"),
        *(["name"] if is_wide else []),
        *(["source"] if has_sources else []),
        *("aidc", "size", right("left"), "24 hours", "for"),
        *(["price"] if is_wide else []),
    )
    for view in found.products:
        key, attributes = view.product.key, view.product.attributes
        table.row(
            state_cell(view.state, glyphs),
            upstream(key.product_code),
            *([upstream(attributes.name)] if is_wide else []),
            *([key.source] if has_sources else []),
            *(str(key.aidc_id), size_of(attributes), _left(view)),
            sparkline(view.lately, 24 if is_wide else 12, glyphs),
            "—" if view.since is None else span(found.now - view.since),
            *([price_text(attributes, place.price_units)] if is_wide else []),
        )
    print_table(table, title=_products_title(place, found), empty="no product is known")
    for view in found.products:
        if detail := _detail(place, found, view):
            print_line(
                careful(f"  {glyphs.shapes[view.state]} {upstream(view.product.key.product_code)}: {detail}")
            )


def _products_title(place: Place, found: Overview) -> str:
    if place.rules is None:
        return "Products"
    if not found.unwatched:
        return "Products"
    return f"Products ({len(found.products)} watched, {found.unwatched} not: see --all)"


def state_cell(state: StockState, glyphs: Glyphs) -> Cell:
    """`● In stock`."""
    text = f"{glyphs.shapes[state]} {state.value.capitalize()}"
    match state:
        case StockState.IN_STOCK:
            return good(text)
        case StockState.BLOCKED:
            return careful(text)
        case _:
            return faint(text)


def _left(view: ProductView) -> Cell:
    match view.state:
        case StockState.IN_STOCK:
            return good(str(view.remaining))
        case StockState.BLOCKED:
            return careful(f"({view.remaining})")
        case StockState.OUT:
            return "0"
        case StockState.DELISTED:
            return "–"
        case _:
            return "?"


def _detail(place: Place, found: Overview, view: ProductView) -> str | None:
    """Why stock that is shown cannot be had, or what was known before it was not."""
    current, known = view.product.current, view.product.last_known
    if view.state is StockState.BLOCKED and isinstance(current, Seen):
        return upstream(current.stock_error)
    if view.state is not StockState.UNKNOWN:
        return None
    last = f"{known.remaining} left" if isinstance(known, Seen) else "not listed" if known else "nothing"
    why = getattr(current, "reason", None)
    return (
        f"not known since {when(view.unknown_since, place.zone, found.now)}"
        f"{f' ({upstream(why)})' if why else ''}; before that {last}"
    )


def _alerts(place: Place, found: Overview) -> Table:
    table = Table("rule", "product", "aidc", "state", "since", right("peak"), "told")
    for alert in sorted(found.alerts, key=lambda alert: (alert.rule, alert.product)):
        table.row(
            alert.rule,
            upstream(alert.product.product_code),
            str(alert.product.aidc_id),
            _alert_state(alert),
            _alert_since(place, found, alert),
            str(alert.peak),
            _alert_told(place, found, alert),
        )
    return table


def _alert_state(alert: Alert) -> Cell:
    word = type(alert.state).__name__
    return good(word) if word == "Firing" else word


def _alert_since(place: Place, found: Overview, alert: Alert) -> str:
    if isinstance(alert.state, Inactive):
        return "—"
    return f"{when(alert.state.since, place.zone, found.now)} ({span(found.now - alert.state.since)})"


def _alert_told(place: Place, found: Overview, alert: Alert) -> str:
    if alert.muted is not None:
        return f"muted ({alert.muted.value})"
    return when(alert.announced_at, place.zone, found.now) if alert.announced_at else "—"


def _channels(place: Place, found: Overview, glyphs: Glyphs) -> Table:
    table = Table(
        *("channel", right("wait"), "next try", right("sent"), right("failed"), right("expired")),
        *(right("muted"), "newest trouble"),
    )
    for channel in found.channels:
        trouble = f"{when(channel.trouble_at, place.zone, found.now)} {upstream(channel.trouble)}"
        table.row(
            channel.channel,
            careful(f"{glyphs.signs['retry']} {channel.waiting}") if channel.waiting else "0",
            "now" if channel.in_flight else when(channel.next_at, place.zone, found.now),
            str(channel.sent),
            bad(f"{glyphs.signs['failed']} {channel.failed}") if channel.failed else "0",
            bad(f"{glyphs.signs['expired']} {channel.expired}") if channel.expired else "0",
            str(channel.muted),
            trouble if channel.trouble else "",
        )
    return table


def _print_notices(place: Place, found: Overview) -> None:
    style = Style(Language.EN, place.zone, place.price_units)
    print_line(strong("Notices"))
    for notice in found.episodes:
        at = when(notice.at, place.zone, found.now)
        print_line(bad(notice_headline(notice, Language.EN)), f"{at}  {notice_sentence(notice, style)}")
