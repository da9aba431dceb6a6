"""What `monitor wait` says on standard error while it waits: troubles always, its progress on a terminal."""

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Final

import click
from rich.text import Text

from monitor.cli.output import ago, console, is_terminal, span, upstream, when
from monitor.core.alert import elapsed
from monitor.core.explaining import lacking_text, nearest
from monitor.core.matching import Rule
from monitor.core.product import Feed
from monitor.core.waiting import Look, blindness

_CLEAR: Final = "\r\x1b[2K"


class Teller:
    """Silence means that nothing is in stock: whatever else keeps the wait from returning is said, once."""

    def __init__(self, rule: Rule, zone: tzinfo, since: datetime) -> None:
        self._rule, self._zone, self._since = rule, zone, since
        self._on_terminal = is_terminal(sys.stderr)
        self._drawn = False
        self._gone: str | None = None
        self._blind: Mapping[Feed, str | None] = {}
        self._failed: set[tuple[Feed, str]] = set()
        self._products: object = None
        self._near = ""

    def tell(self, look: Look) -> None:
        if look.gone != self._gone:
            self._say(look.gone or "the monitor is back")
            self._gone = look.gone
        self._tell_failures(look)
        self._tell_blindness(look)
        if self._on_terminal:
            self._draw(look)

    def clear(self) -> None:
        """Leave no half line behind."""
        if self._drawn:
            click.echo(_CLEAR, nl=False, err=True)
            self._drawn = False

    def _tell_failures(self, look: Look) -> None:
        """Before its first answer a feed may well be set up wrong: then nobody wants to wait for patience."""
        for feed in look.feeds:
            if feed.failure and feed.last_ok_at is None and (feed.feed, feed.failure) not in self._failed:
                self._failed.add((feed.feed, feed.failure))
                self._say(f"{feed.feed}: {upstream(feed.failure)}; it is asked again")

    def _tell_blindness(self, look: Look) -> None:
        blind = blindness(look, self._since)
        for answered in look.feeds:
            feed = answered.feed
            if feed in blind and feed not in self._blind:
                why = f" ({upstream(blind[feed])})" if blind[feed] else ""
                heard = when(answered.last_ok_at or self._since, self._zone, look.at)
                self._say(f"{feed}: no answer since {heard}{why}: what is in stock there is not known")
            elif feed in self._blind and feed not in blind:
                self._say(f"{feed}: answers again")
        self._blind = blind

    def _say(self, sentence: str) -> None:
        self.clear()
        click.echo(f"monitor: {sentence}", err=True)

    def _draw(self, look: Look) -> None:
        """One line, drawn over the last one."""
        answered = [feed.last_ok_at for feed in look.feeds if feed.last_ok_at is not None]
        waited = elapsed(self._since, look.at)
        parts = [
            f"waiting for {self._rule.name} since {when(self._since, self._zone, look.at)} ({span(waited)})",
            f"last answer {ago(max(answered, default=None), look.at)}",
            *([] if look.gone is None else ["no monitor is running"]),
            self._nearest(look),
        ]
        line = Text(" · ".join(parts), no_wrap=True)
        line.truncate(console(err=True).width - 1, overflow="ellipsis")
        click.echo(f"{_CLEAR}{line.plain}", nl=False, err=True)
        self._drawn = True

    def _nearest(self, look: Look) -> str:
        if look.products is not self._products:
            self._products = look.products
            self._near = _near_text(self._rule, look) or (
                "no known product is watched by it" if look.products else "nothing is known yet"
            )
        return self._near


def timed_out(rule: Rule, timeout: timedelta, look: Look) -> str:
    """What is said at the end of patience."""
    near = _near_text(rule, look)
    return f"no product met {rule.name} within {span(timeout)}{near and f'; {near}'}"


def _near_text(rule: Rule, look: Look) -> str:
    found = nearest(rule, look.products)
    if found is None:
        return ""
    if not found.lacking:  # or the wait would be over: that poll is too old
        return f"nearest: {found.product.product_code} met it when it was last seen"
    return f"nearest: {found.product.product_code}, {upstream(lacking_text(found.lacking))}"
