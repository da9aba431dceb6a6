"""What the monitor says of itself: blind and back, a refused key, products that stay unknown. Pure.

An episode is told when it begins and not again until it has ended.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from monitor.core.alert import elapsed
from monitor.core.answer import Failed, FailureKind
from monitor.core.assemble import Observed
from monitor.core.decision import Decision, NoticeFacts, NoticeKind
from monitor.core.draft import Draft
from monitor.core.matching import Rule, would_be_met_unblocked
from monitor.core.moment import to_ms
from monitor.core.product import Feed, Invalid, ProductKey, Seen
from monitor.core.watching import doubt_idle_rules, watches
from monitor.core.world import Changes, FeedState, Settings, World

KEY_REFUSALS_BEFORE_NOTICE: Final = 3


def note_failed_poll(draft: Draft, failed: Failed) -> None:
    state = draft.world.feeds[draft.feed]
    draft.changes.state = replace(state, empties=_empties(state, failed), last_failure=failed.reason)
    _note_refused_key(draft, failed)
    _note_blind(draft, failed.reason)


def _empties(state: FeedState, failed: Failed) -> int:
    """Empty answers in a row: a list of rows that are no use was not empty, other failures say nothing."""
    if failed.kind is FailureKind.EMPTY_LIST:
        return state.empties + 1
    return 0 if failed.kind is FailureKind.NO_USABLE_ROW else state.empties


def note_ok_poll(draft: Draft, observed: Observed) -> None:
    draft.changes.key_refusals = 0
    draft.end(NoticeKind.KEY_REFUSED, draft.feed.source)
    _note_back(draft)
    _note_foreign_rows(draft, observed.foreign)
    for key in sorted(_unsettled(draft)):
        _note_unknown(draft, key)
        _note_blocked(draft, key)
    doubt_idle_rules(draft)


def decide_blind(
    world: World, feed: Feed, settings: Settings, now: datetime, new_id: Callable[[], str]
) -> tuple[Decision, Changes]:
    """Between two polls, when the next one is long in coming: is the feed blind by now?"""
    changes = Changes(feed, world.feeds[feed], key_refusals=world.key_refusals.get(feed.source, 0))
    draft = Draft(world, settings, feed, now, new_id, Decision(None), changes)
    _note_blind(draft, world.feeds[feed].last_failure)
    return draft.decision, draft.changes


def _note_refused_key(draft: Draft, failed: Failed) -> None:
    source = draft.feed.source
    refusals = draft.world.key_refusals.get(source, 0)
    draft.changes.key_refusals = refusals + 1 if failed.kind is FailureKind.KEY_REFUSED else refusals
    if draft.changes.key_refusals >= KEY_REFUSALS_BEFORE_NOTICE:
        draft.begin(NoticeKind.KEY_REFUSED, source, {"source": source, "reason": failed.reason})


def _note_blind(draft: Draft, reason: str | None) -> None:
    state = draft.world.feeds[draft.feed]
    seen_at = state.last_ok_at or state.started_at
    if elapsed(seen_at, draft.now) >= draft.settings.blind_after[draft.feed.source]:
        facts: NoticeFacts = {"feed": str(draft.feed), "since": to_ms(seen_at), "reason": reason}
        draft.begin(NoticeKind.BLIND, str(draft.feed), facts)


def _note_back(draft: Draft) -> None:
    if draft.end(NoticeKind.BLIND, str(draft.feed)):
        state = draft.world.feeds[draft.feed]
        since = state.last_ok_at or state.started_at
        draft.tell(NoticeKind.BACK, str(draft.feed), {"feed": str(draft.feed), "since": to_ms(since)})


def _note_foreign_rows(draft: Draft, count: int) -> None:
    if count:
        facts: NoticeFacts = {"feed": str(draft.feed), "count": count}
        draft.begin(NoticeKind.FOREIGN_ROWS, str(draft.feed), facts)
    else:
        draft.end(NoticeKind.FOREIGN_ROWS, str(draft.feed))


def _unsettled(draft: Draft) -> set[ProductKey]:
    """Those of which time alone has something to say, and those that this poll settled; all at first."""
    known, changed = draft.world.products.get(draft.feed, {}), draft.changes.products
    if draft.world.feeds[draft.feed].evaluate_all:
        return {*known, *changed}
    unsettled = {key for key in draft.world.unsettled if key in known}
    return unsettled | {key for key, product in changed.items() if product.is_unsettled}


def _note_unknown(draft: Draft, key: ProductKey) -> None:
    product, subject = draft.product(key), _subject(key)
    if product.unknown_since is None:
        draft.end(NoticeKind.PRODUCT_UNKNOWN, subject)
        return
    patience = draft.settings.blind_after[key.source]
    is_watched = any(watches(draft, rule, key) for rule in draft.settings.rules)
    if is_watched and elapsed(product.unknown_since, draft.now) >= patience:
        facts: NoticeFacts = {
            **_product_facts(key),
            "reason": product.current.reason if isinstance(product.current, Invalid) else "not listed",
            "since": to_ms(product.unknown_since),
        }
        draft.begin(NoticeKind.PRODUCT_UNKNOWN, subject, facts)


def _note_blocked(draft: Draft, key: ProductKey) -> None:
    """Told on the rule's own channels: it is about stock, not about the monitor."""
    product = draft.product(key)
    if product.unknown_since is not None:
        return
    seen, since, name = product.current, product.blocked_since, _subject(key)
    for rule in draft.settings.rules:
        subject = f"{rule.name}: {name}"
        if since is None or not isinstance(seen, Seen) or not _stands_in_the_way(draft, rule, key, seen):
            draft.end(NoticeKind.BLOCKED, subject)
        elif elapsed(since, draft.now) >= rule.blocked_after:
            facts: NoticeFacts = {
                **_product_facts(key),
                "rule": rule.name,
                "remaining": seen.remaining,
                "stock_error": seen.stock_error,
                "since": to_ms(since),
            }
            draft.begin(NoticeKind.BLOCKED, subject, facts, rule.notify)


def _stands_in_the_way(draft: Draft, rule: Rule, key: ProductKey, seen: Seen) -> bool:
    return watches(draft, rule, key) and would_be_met_unblocked(rule, key, seen)


def _subject(key: ProductKey) -> str:
    return f"{key.source}/{key.aidc_id}/{key.product_code}"


def _product_facts(key: ProductKey) -> NoticeFacts:
    return {"source": key.source, "aidc_id": key.aidc_id, "product_code": key.product_code}
