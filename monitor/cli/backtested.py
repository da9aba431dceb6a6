"""What `backtest` tells, as values: the outcome of each rule, and when nobody watched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from monitor.cli.past import check_rule
from monitor.cli.stored import Place
from monitor.core.backtest import Outcome, backtest, merged
from monitor.core.matching import NotMet, Rule, covers
from monitor.core.moment import from_ms
from monitor.core.product import Attributes, ProductKey
from monitor.core.timeline import Stretch
from monitor.core.world import Settings

if TYPE_CHECKING:
    from monitor.store.answers import Answers

Progress = Callable[[int, int], None]
CHANNEL: Final = "backtest"
"""All that is told goes to one channel, so that what is muted can be seen whatever a rule notifies."""


@dataclass(frozen=True, slots=True)
class Watch:
    """When a feed was answered: from the first poll to the last, but not in the `unwatched` stretches."""

    feed: str
    from_at: datetime
    until_at: datetime
    interval: timedelta
    unwatched: tuple[Stretch, ...]

    @property
    def not_watched_for(self) -> timedelta:
        return sum((hole.end - hole.start for hole in self.unwatched), timedelta(0))


@dataclass(frozen=True, slots=True)
class Backtest:
    """So many `rules` were tried: `outcomes` in their order; the `idle` ones watch no product.

    Without `watches` nothing that they watch was polled in that time.
    """

    since: datetime
    rules: int
    outcomes: tuple[Outcome, ...]
    idle: tuple[str, ...]
    watches: tuple[Watch, ...]


def read_backtest(
    place: Place, rule: str | None, database: Path | None, since: datetime, progress: Progress
) -> Backtest:
    """Raises DatabaseError, and UsageError for a rule that is none or where there is no rule."""
    from monitor.store.readonly import reading
    from monitor.store.sights import replayable

    rules = _rules(place, rule)
    by_rule: dict[str, list[Outcome]] = {one.name: [] for one in rules}
    answers: dict[int, Answers] = {}
    watching: set[str] = set()

    def is_wanted(key: ProductKey, sets: Sequence[Attributes]) -> bool:
        found = {one.name for one in _watching(rules, key, sets)}
        watching.update(found)
        return bool(found)

    new_id = map("{:012}".format, count()).__next__
    with reading(place.url if database is None else f"sqlite:///{database.absolute()}") as connection:
        for one in replayable(connection, since, is_wanted, progress):
            answers[id(one.answers)] = one.answers
            key = one.past.key
            settings = _settings(place, _watching(rules, key, one.attributes), key.source)
            for outcome in backtest(one.past, settings, one.answers.usual_ms, new_id):
                by_rule[outcome.rule.name].append(outcome)
    return Backtest(
        since,
        len(rules),
        tuple(merged(outcomes) for outcomes in by_rule.values() if outcomes),
        tuple(name for name in by_rule if name not in watching),
        tuple(_watch(one) for one in answers.values()),
    )


def _rules(place: Place, rule: str | None) -> list[Rule]:
    check_rule(place, rule)
    found = [replace(one, notify=(CHANNEL,)) for one in place.rules or () if rule in {None, one.name}]
    if not found:
        raise click.UsageError("there is no rule to try: name a configuration that has some with --config")
    return found


def _watching(rules: Sequence[Rule], key: ProductKey, sets: Sequence[Attributes]) -> tuple[Rule, ...]:
    """Those that watched the product with any of the attributes that it had."""
    return tuple(
        rule for rule in rules if any(not isinstance(covers(rule, key, one), NotMet) for one in sets)
    )


def _settings(place: Place, rules: tuple[Rule, ...], source: str) -> Settings:
    return Settings(rules, {CHANNEL: timedelta(hours=6)}, (), {source: place.blind_after_of(source)})


def _watch(answers: "Answers") -> Watch:
    times = answers.answered.times
    return Watch(
        str(answers.feed),
        from_ms(times[0]),
        from_ms(times[-1]),
        timedelta(milliseconds=answers.usual_ms),
        tuple(
            Stretch(from_ms(start), from_ms(end))
            for start, end in answers.answered.holes(answers.patience_ms)
        ),
    )
