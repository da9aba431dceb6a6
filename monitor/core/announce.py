"""From an edge to its transition: the facts, and for each channel whether it is told or muted. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from monitor.core.alert import Clearing, Firing, Pending, State, elapsed, moves_at, resolved_at
from monitor.core.decision import (
    Alert,
    Cause,
    DeliveryIntent,
    Facts,
    MuteReason,
    Transition,
    TransitionKind,
)
from monitor.core.draft import Draft
from monitor.core.manner import Occasion, occasion_of
from monitor.core.matching import Rule, counting_criterion
from monitor.core.product import Attributes, Observation, ProductKey, Seen
from monitor.core.spacing import Spacing, after_announcement, after_opening, after_resolve
from monitor.core.world import AlertKey

_HELD: Final = frozenset({MuteReason.SILENCE, MuteReason.FLAPPING})
_RETURNS: Final = frozenset({Cause.STOCK, Cause.LISTING, Cause.STOCK_ERROR})


def fire(draft: Draft, rule: Rule, before: State, alert: Alert) -> None:
    """An alert starts to fire: announce it, unless it is silenced, existing, or too soon after the last."""
    key: AlertKey = (alert.rule, alert.product)
    spacing = after_opening(draft.world.spacings.get(key), rule.min_gap, draft.now)
    muted = _why_fired_is_muted(draft, rule, alert, spacing)
    if muted is None:
        spacing = after_announcement(spacing, draft.now)
    draft.changes.spacings[key] = spacing
    opened_at = before.since if isinstance(before, Pending) else draft.now
    facts = replace(_facts(draft, rule, alert, spacing), gone_for=_gone_for(draft, alert, opened_at))
    announced_at, told = (None, None) if muted else (draft.now, facts.remaining)
    alert = replace(
        alert, opening=draft.new_id(), announced_at=announced_at, muted=muted, told_remaining=told
    )
    _put(draft, rule, alert, TransitionKind.FIRED, muted, facts)
    draft.put_alert(alert)


def resolve(draft: Draft, rule: Rule, before: State, alert: Alert) -> None:
    """An alert is over. It is told only where its beginning was."""
    key: AlertKey = (alert.rule, alert.product)
    ended_at = resolved_at(before, draft.now)
    spacing = after_resolve(draft.world.spacings.get(key), ended_at)
    if spacing is not None:
        draft.changes.spacings[key] = spacing
    fired_at = _fired_at(before) or draft.now
    facts = replace(
        _facts(draft, rule, alert, spacing),
        fired_at=fired_at,
        lasted=elapsed(fired_at, ended_at),
        peak=alert.peak,
        seen_at=ended_at,
    )
    muted = _why_resolved_is_muted(draft, rule, alert)
    _put(draft, rule, alert, TransitionKind.RESOLVED, muted, facts)
    draft.put_alert(alert)


def repeat_if_due(draft: Draft, rule: Rule, alert: Alert) -> None:
    """The rule is met in this poll and fires on: is there a reason to say so again?"""
    cause = _why_repeated(draft, rule, alert)
    if cause is None:
        return
    key: AlertKey = (alert.rule, alert.product)
    spacing = draft.world.spacings.get(key)
    silenced = _is_silenced(draft, rule, alert.product)
    if spacing is not None and not silenced and not cause.is_follow_up:
        spacing = draft.changes.spacings[key] = after_announcement(spacing, draft.now)
    told = replace(alert, cause=cause)
    facts = replace(
        _facts(draft, rule, told, spacing),
        fired_at=_fired_at(alert.state),
        told_before=alert.told_remaining if cause is Cause.MORE else None,
    )
    muted = MuteReason.SILENCE if silenced else None
    _put(draft, rule, told, TransitionKind.REPEATED, muted, facts)
    told_remaining = alert.told_remaining if silenced else facts.remaining
    draft.put_alert(replace(alert, announced_at=draft.now, muted=None, told_remaining=told_remaining))


def rests(alert: Alert, rule: Rule, now_is: Observation, now: datetime) -> bool:
    """It fires, and as long as the product stays as it is there is nothing to add to what was told."""
    if not isinstance(alert.state, Firing) or alert.muted in _HELD:
        return False
    return not _is_reminder_due(alert, rule, now) and not _is_more_due(alert, rule, now_is, now)


def may_add_at(alert: Alert, rule: Rule, spacing: Spacing | None) -> list[datetime]:
    """When time alone may have something to say of it, though the product stays as it is.

    At any other time it `rests`. Of an opening that was silenced nothing is known here: silences come and go.
    """
    if not isinstance(alert.state, Firing):
        return _known(moves_at(alert.state, rule))
    if alert.muted is MuteReason.FLAPPING:
        return [] if spacing is None else _known(spacing.allowed_at(rule.min_gap))
    if alert.announced_at is None:
        return []
    waits = (rule.remind_every, None if rule.more_at is None else rule.min_gap)
    return [alert.announced_at + wait for wait in waits if wait is not None]


def _known(at: datetime | None) -> list[datetime]:
    return [] if at is None else [at]


def _is_reminder_due(alert: Alert, rule: Rule, now: datetime) -> bool:
    if rule.remind_every is None or alert.announced_at is None:
        return False
    return elapsed(alert.announced_at, now) >= rule.remind_every


def _is_more_due(alert: Alert, rule: Rule, now_is: Observation, now: datetime) -> bool:
    """So many more are left than when it was told last, and that was long enough ago."""
    if rule.more_at is None or alert.told_remaining is None or alert.announced_at is None:
        return False
    has_grown = isinstance(now_is, Seen) and now_is.remaining >= rule.more_at * alert.told_remaining
    return has_grown and elapsed(alert.announced_at, now) >= rule.min_gap


def _why_fired_is_muted(draft: Draft, rule: Rule, alert: Alert, spacing: Spacing) -> MuteReason | None:
    if alert.cause is Cause.EXISTING and not rule.announce_existing:
        return MuteReason.EXISTING  # before a silence: what it muted is told when it ends
    if _is_silenced(draft, rule, alert.product):
        return MuteReason.SILENCE
    return None if spacing.allows(rule.min_gap, draft.now) else MuteReason.FLAPPING


def _why_resolved_is_muted(draft: Draft, rule: Rule, alert: Alert) -> MuteReason | None:
    if alert.muted is not None:
        return alert.muted
    if _is_silenced(draft, rule, alert.product):
        return MuteReason.SILENCE
    if not rule.notify_sold_out:
        return MuteReason.RULE_SETTING
    return MuteReason.NOT_A_SALE if alert.cause is Cause.OTHER else None


def _why_repeated(draft: Draft, rule: Rule, alert: Alert) -> Cause | None:
    silenced = _is_silenced(draft, rule, alert.product)
    if alert.muted is MuteReason.SILENCE:
        return None if silenced else Cause.SILENCE_ENDED
    if alert.muted is MuteReason.FLAPPING:
        spacing = draft.world.spacings.get((alert.rule, alert.product))
        may = not silenced and (spacing is None or spacing.allows(rule.min_gap, draft.now))
        return Cause.OPENED_AGAIN if may else None
    # Not in a silence: what has grown meanwhile is told when that ends, if it is so still.
    if not silenced and _is_more_due(alert, rule, draft.product(alert.product).current, draft.now):
        return Cause.MORE
    return Cause.REMINDER if _is_reminder_due(alert, rule, draft.now) else None


def _is_silenced(draft: Draft, rule: Rule, product: ProductKey) -> bool:
    return any(s.covers(rule.name, product.product_code, draft.now) for s in draft.world.silences)


def _fired_at(state: State) -> datetime | None:
    return state.since if isinstance(state, Firing | Clearing) else None


def _put(
    draft: Draft, rule: Rule, alert: Alert, kind: TransitionKind, muted: MuteReason | None, facts: Facts
) -> None:
    is_opening = kind is TransitionKind.FIRED
    occasion = occasion_of(kind, alert.cause)
    event_id = (alert.opening if is_opening else None) or draft.new_id()
    draft.decision.transitions.append(
        Transition(
            event_id=event_id,
            rule=rule.name,
            product=alert.product,
            at=facts.seen_at or draft.now,
            kind=kind,
            cause=alert.cause,
            opening=alert.opening or event_id,
            facts=facts,
            deliveries=tuple(_intent(draft, name, occasion, muted) for name in rule.notify),
        )
    )


def _intent(draft: Draft, channel: str, occasion: Occasion, muted: MuteReason | None) -> DeliveryIntent:
    manner = draft.settings.manners.get(channel)
    if muted is None and manner is not None and occasion not in manner.occasions:
        muted = MuteReason.CHANNEL_SETTING
    return DeliveryIntent(channel, muted, draft.settings.channels[channel])


def _facts(draft: Draft, rule: Rule, alert: Alert, spacing: Spacing | None) -> Facts:
    product = draft.product(alert.product)
    now_is = product.current
    seen = now_is if isinstance(now_is, Seen) else None
    counts = alert.cause is Cause.COUNT
    wanted = counting_criterion(rule, product.key, product.attributes) if counts else None
    return Facts(
        **product.key._asdict(),
        **{name: getattr(product.attributes, name) for name in Attributes.__slots__},
        remaining=seen.remaining if seen else None,
        stock_error=seen.stock_error if seen else None,
        seen_at=draft.now,
        unseen_from=_unseen_from(draft),
        wanted=wanted.wanted().removeprefix(">=") if wanted else None,
        wants_gpus=wanted is not None and wanted.key == "total_gpus",
        openings=spacing.openings if spacing else 1,
        openings_since=spacing.since if spacing else None,
        note=_note(rule, product.key),
    )


def _unseen_from(draft: Draft) -> datetime | None:
    """The last ok poll, when the feed was unseen for so long that this may be old news."""
    last_ok_at = draft.world.feeds[draft.feed].last_ok_at
    if last_ok_at is None or elapsed(last_ok_at, draft.now) < draft.settings.blind_after[draft.feed.source]:
        return None
    return last_ok_at


def _gone_for(draft: Draft, alert: Alert, opened_at: datetime) -> timedelta | None:
    """How long it was not available, if this is its return and not a rule that came to match."""
    left_at = draft.product(alert.product).left_at
    return elapsed(left_at, opened_at) if left_at and alert.cause in _RETURNS else None


def _note(rule: Rule, key: ProductKey) -> str | None:
    """The rule's own line. Only the names below are filled in; any other brace stays as written."""
    if rule.note is None:
        return None
    return rule.note.replace("{product_code}", key.product_code).replace("{aidc_id}", str(key.aidc_id))
