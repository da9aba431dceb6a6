"""The page of `monitor explain`: a table for each rule, and lines for its alert and for what comes next."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from monitor.cli.chart import Glyphs
from monitor.cli.explained import ProductView, RuleView, Supposed
from monitor.cli.output import (
    Cell,
    Table,
    bad,
    careful,
    faint,
    good,
    price_text,
    print_line,
    print_table,
    size_of,
    span,
    strong,
    upstream,
    when,
)
from monitor.cli.status_tables import state_cell
from monitor.config.settings import Config
from monitor.core.alert import Clearing, Firing, Inactive, Pending, State, elapsed
from monitor.core.explaining import Answer, verdict_text
from monitor.core.foresight import Announced, Step, Timer
from monitor.core.matching import Met, NotMet, Unknown
from monitor.core.product import Seen
from monitor.core.timeline import stock_state
from monitor.core.words import Language, headline

_LABEL = 12
_TIMERS = {
    "for": ("fires at", "fires at the next poll that meets it, due since"),
    "keep_firing_for": ("over at", "over at the next poll without it, due since"),
    "remind_every": ("reminder at", "reminder at the next poll that meets it, due since"),
    "min_gap": (
        "openings are held (min_gap) until",
        "told at the next poll that meets it, was held until",
    ),
    "silence": ("silent until", "silent until"),
}


def print_explained(config: Config, found: Sequence[ProductView], now: datetime, glyphs: Glyphs) -> None:
    for number, view in enumerate(found):
        if number:
            print_line()
        _Page(config, view, now, glyphs).print()
    print_line(faint(f"times in {config.monitor.timezone.key}"))


class _Page:
    """One product."""

    def __init__(self, config: Config, view: ProductView, now: datetime, glyphs: Glyphs) -> None:
        self._zone, self._units = config.monitor.timezone, config.monitor.price_units
        self._view, self._now, self._glyphs = view, now, glyphs

    def print(self) -> None:
        product = self._view.product
        key, attributes = product.key, product.attributes
        name = [upstream(attributes.name)] if attributes.name else []
        place = [key.source, f"AIDC {key.aidc_id}", size_of(attributes), price_text(attributes, self._units)]
        print_line(strong(upstream(key.product_code)), " · ".join([*name, *place]))
        print_line(state_cell(stock_state(product.current), self._glyphs), *self._seen())
        for rule in self._view.rules:
            print_line()
            self._print_rule(rule)
        if not self._view.rules:
            print_line(careful("there is no [[watch]]: nothing is announced"))

    def _seen(self) -> Iterator[Cell]:
        current, state = self._view.product.current, self._view.state
        if isinstance(current, Seen):
            yield f"{current.remaining} left"
        if state is None:
            yield careful("no feed of the configuration covers it: it is not asked for any more")
        elif state.last_ok_at is None:
            yield careful("its feed has never answered")
        else:
            age = span(elapsed(state.last_ok_at, self._now))
            if self._view.is_fresh:
                yield faint(f"as of {self._at(state.last_ok_at)} ({age} ago)")
            else:
                why = f" ({upstream(state.last_failure)})" if state.last_failure else ""
                yield careful(f"stale: the last answer is of {self._at(state.last_ok_at)}, {age} ago{why}")

    def _print_rule(self, view: RuleView) -> None:
        words = verdict_text(view.explained.verdict)
        verdict = good(words) if isinstance(view.explained.verdict, Met) else careful(upstream(words))
        aside = [faint("(not watched by it)")] if isinstance(view.explained.watched, NotMet) else []
        print_line(strong(view.rule.name), verdict, *aside)
        print_table(self._answers(view))
        if not view.is_enabled:
            self._line("disabled", "enabled = false: nothing is decided or announced")
            return
        self._line("alert", self._alert(view))
        for timer in view.timers:
            self._line("", self._timer(timer))
        for supposed in view.supposed:
            self._line(*self._supposed(view, supposed))
        if isinstance(view.explained.verdict, NotMet | Unknown) and view.supposed and not _has_stock(view):
            self._line("with stock", "not met with any count of nodes")

    def _answers(self, view: RuleView) -> Table:
        tables = view.explained.tables
        several = len(tables) > 1
        table = Table("", *(["any of"] if several else []), "key", "wanted", "found")
        for number, answers in enumerate(tables, 1):
            for answer in answers:
                table.row(self._mark(answer), *([str(number)] if several else []), *_cells(answer))
        for answer in view.explained.stock:
            if not any(answer.key == asked.key for answers in tables for asked in answers):
                table.row(self._mark(answer), *(["—"] if several else []), *_cells(answer))
        return table

    def _mark(self, answer: Answer) -> Cell:
        signs = self._glyphs.signs
        if answer.holds is None:
            return careful("?")
        return good(signs["sent"]) if answer.holds else bad(signs["failed"])

    def _line(self, label: str, text: str) -> None:
        print_line(f"{label:{_LABEL}}", text)

    def _alert(self, view: RuleView) -> str:
        alert = view.alert
        if alert is None or isinstance(alert.state, Inactive):
            return "inactive"
        state, told = alert.state, alert.announced_at
        words = {Pending: "pending", Firing: "firing", Clearing: "clearing"}[type(state)]
        since = state.cleared_at if isinstance(state, Clearing) else state.since
        parts = [f"{words} since {self._at(since)} ({span(elapsed(since, self._now))})"]
        if isinstance(state, Clearing):
            parts.append(f"had fired at {self._at(state.since)}")
        if not isinstance(state, Pending):
            muted = f"muted ({alert.muted.value})" if alert.muted else None
            parts.append(muted or (f"told {self._at(told)}" if told else "not told"))
            parts.append(f"at most {alert.peak} left")
        return ", ".join(parts)

    def _timer(self, timer: Timer) -> str:
        runs, ran_out = _TIMERS[timer.what]
        left = timer.at - self._now
        if left.total_seconds() <= 0:
            return f"{ran_out} {self._at(timer.at)}"
        return f"{runs} {self._at(timer.at)} (in {span(left)})"

    def _supposed(self, view: RuleView, supposed: Supposed) -> tuple[str, str]:
        seen = supposed.observation
        label = supposed.what
        if label == "with stock" and isinstance(seen, Seen):
            label = f"with {seen.remaining} left"
        steps = [self._step(step) for step in supposed.steps]
        return label, "; then ".join(steps) or "nothing to tell"

    def _step(self, step: Step) -> str:
        at = "" if step.at == self._view.next_at else f"at {self._at(step.at)} "
        return at + (", ".join(map(_announced, step.announced)) or _silently(step.state))

    def _at(self, moment: datetime) -> str:
        return when(moment, self._zone, self._now)


def _cells(answer: Answer) -> tuple[str, str, str]:
    found = "not known" if answer.found is None else upstream(answer.found)
    return answer.key, upstream(answer.wanted), found


def _has_stock(view: RuleView) -> bool:
    return any(supposed.what == "with stock" for supposed in view.supposed)


def _announced(one: Announced) -> str:
    words = headline(one.kind, one.cause, Language.EN)
    if one.muted is not None:
        return f"{words}, muted ({one.muted.value})"
    return f"{words} to {', '.join(one.channels) or 'nobody (notify = [])'}"


def _silently(state: State) -> str:
    match state:
        case Inactive():
            return "inactive, nothing to tell"
        case Pending():
            return "pending"
        case Firing():
            return "firing on, nothing to tell"
        case Clearing():
            return "clearing"
