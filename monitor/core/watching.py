"""Which products does each rule watch, and does one watch nothing at all? Pure."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from monitor.core.decision import NoticeKind
from monitor.core.draft import Draft
from monitor.core.matching import TEXT_KEYS, NotMet, Rule, covers
from monitor.core.product import Feed, ProductKey
from monitor.core.world import Product

OK_POLLS_BEFORE_DOUBT: Final = 3
"""A rule is doubted when it watched nothing in this many ok polls of every feed."""


def note_watched(draft: Draft) -> None:
    """Hold new products, changed attributes and, after a reload, everything against the rules."""
    for product in _to_hold(draft):
        for rule in draft.settings.rules:
            covered = not isinstance(covers(rule, product.key, product.attributes), NotMet)
            if covered != (product.key in draft.world.watched.get(rule.name, ())):
                draft.changes.watched.setdefault(rule.name, {})[product.key] = covered


def watches(draft: Draft, rule: Rule, key: ProductKey) -> bool:
    changed = draft.changes.watched.get(rule.name, {}).get(key)
    return key in draft.world.watched.get(rule.name, ()) if changed is None else changed


def doubt_idle_rules(draft: Draft) -> None:
    """Tell of rules that match no known product, with the names that come nearest."""
    for rule in draft.settings.rules:
        if _watches_something(draft, rule):
            draft.end(NoticeKind.MATCHES_NOTHING, rule.name)
            if rule.name in draft.world.idle_polls:
                draft.changes.idle_polls[rule.name] = 0
        elif _is_doubtful(draft, rule) and not draft.is_open(NoticeKind.MATCHES_NOTHING, rule.name):
            nearest = ", ".join(_nearest(draft, rule)) or None
            draft.begin(NoticeKind.MATCHES_NOTHING, rule.name, {"rule": rule.name, "nearest": nearest})


def _to_hold(draft: Draft) -> Iterable[Product]:
    known = draft.world.products.get(draft.feed, {})
    if draft.world.feeds[draft.feed].evaluate_all:
        return [draft.product(key) for key in {**known, **draft.changes.products}]
    return [
        product
        for key, product in draft.changes.products.items()
        if key not in known or known[key].attributes is not product.attributes
    ]


def _watches_something(draft: Draft, rule: Rule) -> bool:
    changed = draft.changes.watched.get(rule.name, {})
    before = draft.world.watched.get(rule.name, set())
    return any(changed.values()) or any(changed.get(key, True) for key in before)


def _is_doubtful(draft: Draft, rule: Rule) -> bool:
    """Counts this poll, and says whether every feed has been seen often enough by now."""
    idle_polls = draft.world.idle_polls.get(rule.name, {})
    polls = draft.changes.idle_polls[rule.name] = idle_polls.get(draft.feed, 0) + 1
    seen = {**idle_polls, draft.feed: polls}
    return all(seen.get(feed, 0) >= OK_POLLS_BEFORE_DOUBT for feed in draft.world.feeds)


def _nearest(draft: Draft, rule: Rule) -> list[str]:
    """Names of the catalogue that resemble the texts that the rule asks for."""
    wanted = [
        glob.replace("*", "")
        for match in rule.any_of
        for c in match
        if c.key in TEXT_KEYS
        for glob in c.globs
    ]
    offered = {name: name for feed in draft.world.products for name in _names(draft, feed)}
    folded = {name.casefold(): name for name in offered}
    close = {
        folded[found]: None
        for text in wanted
        for found in get_close_matches(text.casefold(), folded, n=3, cutoff=0.5)
    }
    return list(close)[:3]


def _names(draft: Draft, feed: Feed) -> Iterable[str]:
    for key, product in draft.world.products[feed].items():
        yield key.product_code
        yield from filter(None, (product.attributes.gpu_name, product.attributes.name))
