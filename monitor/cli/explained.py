"""What `explain` tells, as values: each rule against a product, and what it would do about it next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.cli.past import wanted_keys
from monitor.config.settings import Config, SourceSettings
from monitor.core.alert import elapsed
from monitor.core.decision import Alert
from monitor.core.explaining import Explained, explained
from monitor.core.foresight import Cut, Step, Timer, course, cut, enough, timers
from monitor.core.matching import Met, NotMet, Rule
from monitor.core.product import Observation, Seen
from monitor.core.waiting import FRESH_INTERVALS
from monitor.core.world import FeedState, Product, Settings, World


@dataclass(frozen=True, slots=True)
class Supposed:
    """If every poll from the next one on saw this. `what`: `as it is`, `with stock` or `sold out`."""

    what: str
    observation: Observation
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class RuleView:
    """`supposed` is empty for a rule that is disabled, and where no feed covers the product."""

    rule: Rule
    is_enabled: bool
    explained: Explained
    alert: Alert | None
    timers: tuple[Timer, ...]
    supposed: tuple[Supposed, ...]


@dataclass(frozen=True, slots=True)
class ProductView:
    """`state`: of the feed that covers it now, if one does. `next_at`: when it can be asked again."""

    product: Product
    state: FeedState | None
    is_fresh: bool
    next_at: datetime
    rules: tuple[RuleView, ...]


def read_explained(config: Config, name: str, only: str | None, now: datetime) -> list[ProductView]:
    """Raises DatabaseError, and UsageError for a product that nobody knows."""
    from monitor.daemon.restore import restore
    from monitor.daemon.settings import feeds_of, settings_of
    from monitor.store.readonly import reading
    from monitor.store.world import load

    with reading(config.storage.url) as connection:
        stored = load(connection, feeds_of(config), now)
    settings = settings_of(config)
    world = restore(stored, settings, now)
    by_key = {product.key: product for product in stored.products}
    wanted = wanted_keys([name], tuple(by_key))
    return [_product(config, settings, world, by_key[key], only, now) for key in sorted(wanted)]


def _product(
    config: Config, settings: Settings, world: World, product: Product, only: str | None, now: datetime
) -> ProductView:
    feed = next((feed for feed, known in world.products.items() if product.key in known), None)
    source = next((source for source in config.sources if source.name == product.key.source), None)
    if feed is None or source is None:
        views = [
            _rule(rule, product, is_enabled=rule in config.rules) for rule in _rules(config, product, only)
        ]
        return ProductView(product, None, False, now, tuple(views))
    state = world.feeds[feed]
    next_at = max(now, state.last_poll_at + source.interval) if state.last_poll_at else now
    views = [
        _ruled(cut(world, settings, feed, rule, product), product, source.interval, next_at, now)
        if rule in config.rules
        else _rule(rule, product, is_enabled=False)
        for rule in _rules(config, product, only)
    ]
    return ProductView(product, state, _is_fresh(state, source, now), next_at, tuple(views))


def _rules(config: Config, product: Product, only: str | None) -> list[Rule]:
    """Those that watch it first, else in the order of the file; disabled ones last."""

    def rank(rule: Rule) -> tuple[bool, bool]:
        watched = explained(rule, product.key, product.attributes, product.current).watched
        return rule in config.disabled, isinstance(watched, NotMet)

    rules = [rule for rule in (*config.rules, *config.disabled) if only in (None, rule.name)]
    return sorted(rules, key=rank)


def _rule(rule: Rule, product: Product, *, is_enabled: bool) -> RuleView:
    found = explained(rule, product.key, product.attributes, product.current)
    return RuleView(rule, is_enabled, found, None, (), ())


def _ruled(of: Cut, product: Product, interval: timedelta, next_at: datetime, now: datetime) -> RuleView:
    found = explained(of.rule, product.key, product.attributes, product.current)
    supposed = tuple(
        Supposed(what, observation, tuple(course(of, observation, next_at, interval)))
        for what, observation in _suppositions(of, product, found).items()
    )
    return RuleView(of.rule, True, found, of.alert, tuple(timers(of, now)), supposed)


def _suppositions(of: Cut, product: Product, found: Explained) -> Mapping[str, Observation]:
    supposed: dict[str, Observation] = {"as it is": product.current}
    if not isinstance(found.verdict, Met):
        seen = enough(of.rule, product.key, product.attributes)
        supposed |= {} if seen is None else {"with stock": seen}
    if isinstance(found.verdict, Met) or of.alert is not None:
        supposed["sold out"] = Seen(0, None, product.attributes)
    return supposed


def _is_fresh(state: FeedState, source: SourceSettings, now: datetime) -> bool:
    if state.last_ok_at is None:
        return False
    return elapsed(state.last_ok_at, now) < FRESH_INTERVALS * source.interval
