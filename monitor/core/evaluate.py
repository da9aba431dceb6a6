"""Decide one poll: (world, poll, rules, now) -> everything to be stored. Pure.

The world is left as it is; the caller absorbs the returned changes once they have been committed.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from monitor.core.alert import Clearing, Edge, Firing, Inactive, Pending, State, edge, next_state
from monitor.core.announce import fire, repeat_if_due, resolve, rests
from monitor.core.answer import Failed, Listing, Poll
from monitor.core.assemble import Observed, assemble, believe_empty
from monitor.core.cause import cause_of
from monitor.core.decision import Alert, Cause, Decision, PollRecord
from monitor.core.draft import Draft
from monitor.core.matching import Condition, Met, NotMet, Rule, Unknown, condition
from monitor.core.notices import note_failed_poll, note_ok_poll
from monitor.core.observe import observe
from monitor.core.product import Absent, Invalid, Observation, ProductKey, Seen
from monitor.core.watching import note_watched, watches
from monitor.core.world import Changes, FeedState, Settings, World


def decide(
    world: World, poll: Poll, settings: Settings, now: datetime, new_id: Callable[[], str]
) -> tuple[Decision, Changes]:
    """What `poll` means, at `now` (aware UTC). `new_id` gives event ids that were never given before."""
    record = PollRecord(poll.feed, poll.at, poll.duration)
    return decide_observed(world, record, _judged(world, poll), settings, now, new_id)


def decide_observed(
    world: World,
    record: PollRecord,
    observed: Observed | Failed,
    settings: Settings,
    now: datetime,
    new_id: Callable[[], str],
) -> tuple[Decision, Changes]:
    """As `decide`, of a poll whose rows have been held against what is known; `record` says when it was.

    A product that stayed as it was may be left out of `observed`: then the counts of the record lack it.
    """
    state = world.feeds[record.feed]
    draft = Draft(world, settings, record.feed, now, new_id, Decision(record), Changes(record.feed, state))
    if isinstance(observed, Failed):
        _decide_failed(draft, observed, record)
    else:
        _decide_ok(draft, observed, record)
    draft.changes.state = replace(draft.changes.state, last_poll_at=record.at)
    return draft.decision, draft.changes


def condition_of(rule: Rule, key: ProductKey, observation: Observation) -> Condition:
    """Is the rule met by what a poll observed, whatever that was?"""
    match observation:
        case Seen() as seen:
            return condition(rule, key, seen)
        case Invalid(reason):
            return Unknown(reason)
        case Absent(sure):
            return NotMet("listing") if sure else Unknown("not listed, for the first time")
        case _ as never:
            assert_never(never)


def _judged(world: World, poll: Poll) -> Observed | Failed:
    if isinstance(poll.answer, Listing):
        if poll.answer.is_empty and (disbelieved := believe_empty(world.feeds[poll.feed])):
            return disbelieved
        return assemble(poll.feed, poll.answer, world.products.get(poll.feed, {}))
    return poll.answer


def _decide_failed(draft: Draft, failed: Failed, record: PollRecord) -> None:
    state = draft.changes.state
    is_news = failed.reason != state.last_failure
    draft.decision.poll = replace(record, reason=failed.reason, excerpt=failed.excerpt if is_news else None)
    note_failed_poll(draft, failed)


def _decide_ok(draft: Draft, observed: Observed, record: PollRecord) -> None:
    invalid = sum(isinstance(listed, Invalid) for listed in observed.listed.values())
    draft.decision.poll = replace(
        record, valid=len(observed.listed) - invalid, invalid=invalid, unusable=observed.unusable
    )
    observe(draft, observed)
    note_watched(draft)
    for rule, keys in _to_evaluate(draft):
        for key in keys:
            _evaluate(draft, rule, key)
    note_ok_poll(draft, observed)
    draft.decision.rule_feeds = [
        (rule.name, draft.feed)
        for rule in draft.settings.rules
        if (rule.name, draft.feed) not in draft.world.rule_feeds
    ]
    draft.changes.rule_feeds = set(draft.decision.rule_feeds)
    draft.changes.state = _state_after_ok(draft, observed)


def _state_after_ok(draft: Draft, observed: Observed) -> FeedState:
    before = draft.world.feeds[draft.feed]
    return replace(
        before,
        last_ok_at=draft.now,
        ever_listed=before.ever_listed or bool(observed.listed),
        empties=0 if observed.listed else before.empties + 1,
        last_failure=None,
        evaluate_all=False,
    )


def _to_evaluate(draft: Draft) -> Iterable[tuple[Rule, Iterable[ProductKey]]]:
    """What changed, for the rules that watch it, and the alerts that time moves; all after a reload."""
    if draft.world.feeds[draft.feed].evaluate_all:
        everything = {**draft.world.products.get(draft.feed, {}), **draft.changes.products}
        return [(rule, list(everything)) for rule in draft.settings.rules]
    waiting = _alerts_that_time_moves(draft)
    return [(rule, [*_changed_for(draft, rule), *waiting[rule.name]]) for rule in draft.settings.rules]


def _changed_for(draft: Draft, rule: Rule) -> Iterable[ProductKey]:
    """A product that the rule does not watch cannot meet it: it matters only to an alert that is open."""
    alerts = draft.world.alerts
    return [k for k in draft.changes.products if watches(draft, rule, k) or (rule.name, k) in alerts]


def _alerts_that_time_moves(draft: Draft) -> dict[str, list[ProductKey]]:
    """Of products that did not change, by rule. One that fires and was told rests until its reminder."""
    rules = {rule.name: rule for rule in draft.settings.rules}
    known = draft.world.products.get(draft.feed, {})
    found: dict[str, list[ProductKey]] = {name: [] for name in rules}
    for (name, key), alert in draft.world.alerts.items():
        if name not in rules or key not in known or key in draft.changes.products:
            continue
        if not rests(alert, rules[name], known[key].current, draft.now):
            found[name].append(key)
    return found


def _evaluate(draft: Draft, rule: Rule, key: ProductKey) -> None:
    known = draft.alert(rule.name, key)
    before, verdict = known.state, condition_of(rule, key, draft.product(key).current)
    after = next_state(before, verdict, rule, draft.now)
    if isinstance(before, Inactive) and isinstance(after, Inactive):
        return
    alert = replace(
        known, state=after, cause=_cause(draft, rule, known, after), peak=_peak(draft, known, verdict)
    )
    match edge(before, after):
        case Edge.FIRED:
            fire(draft, rule, before, alert)
        case Edge.RESOLVED:
            resolve(draft, rule, before, alert)
        case None:
            if alert != known:
                draft.put_alert(alert)
            if isinstance(after, Firing) and isinstance(verdict, Met):
                repeat_if_due(draft, rule, alert)
        case _ as never:
            assert_never(never)


def _cause(draft: Draft, rule: Rule, alert: Alert, after: State) -> Cause:
    """Found when something changes for the alert; kept while a timer runs and when it has run out."""
    waits = isinstance(alert.state, Pending | Clearing) or type(alert.state) is type(after)
    now_is = draft.product(alert.product).current
    if waits or isinstance(now_is, Invalid):
        return alert.cause
    is_new_here = (rule.name, draft.feed) not in draft.world.rule_feeds
    if is_new_here and isinstance(alert.state, Inactive):
        return Cause.EXISTING
    return cause_of(rule, alert.product, _last_known_before(draft, alert.product), now_is)


def _last_known_before(draft: Draft, key: ProductKey) -> Seen | Absent | None:
    known = draft.world.products.get(draft.feed, {}).get(key)
    return known.last_known if known else None


def _peak(draft: Draft, alert: Alert, verdict: Condition) -> int:
    """The most that was left while the rule was met."""
    current = draft.product(alert.product).current
    if isinstance(verdict, Met) and isinstance(current, Seen):
        return max(alert.peak, current.remaining)
    return alert.peak
