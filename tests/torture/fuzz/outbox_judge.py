"""Looks at what the outbox did: a claim against the account of all deliveries, and each row of the table."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from monitor.core.decision import Cause, Transition, TransitionKind
from monitor.core.moment import from_ms
from monitor.core.outbox import Item
from monitor.store.outbox import Claim
from tests.torture.fuzz.outbox_truth import ENDS, Fate, Parcel, Truth


def take(truth: Truth, channel: str, claim: Claim, now: datetime, rows: Iterable[Any]) -> None:
    """Enter a claim into the account. Raises AssertionError when it breaks a promise."""
    _note_expired(truth, channel, claim, now)
    _note_merged(truth, channel, rows)
    numbers = tuple(item.delivery_id for item in claim.items)
    assert len(set(numbers)) == len(numbers), "one delivery is claimed twice at once"
    for item in claim.items:
        _check_item(truth, channel, item, set(numbers))
    for number in numbers:
        truth.parcels[number].fate = Fate.FLIES
    truth.flying[channel] = numbers
    if not numbers:
        _check_that_nothing_was_due(truth, channel, claim, now)


def check_row(parcel: Parcel, row: Any) -> None:
    """Does the table say of it what happened to it?"""
    state = ENDS.get(parcel.fate)
    assert (row.state == state) if state else row.state in {"pending", "retry"}, (row, parcel)
    assert (row.claimed_at is not None) is (parcel.fate is Fate.FLIES), (row, parcel)
    assert bool(row.possible_repeat) is parcel.may_be_repeat, (row, parcel)
    assert row.attempts == row.tried == parcel.attempts, (row, parcel)
    if not state:
        assert from_ms(row.expires_at) == parcel.expires_at, (row, parcel)


def _note_expired(truth: Truth, channel: str, claim: Claim, now: datetime) -> None:
    late = [parcel for parcel in truth.waiting(channel) if parcel.expires_at <= now]
    assert sorted(claim.expired) == sorted(parcel.number for parcel in late)
    assert claim.is_loss is any(parcel.kind for parcel in late)
    for parcel in late:
        parcel.fate = Fate.EXPIRED


def _note_merged(truth: Truth, channel: str, rows: Iterable[Any]) -> None:
    """What the claim made needless, and whether it was."""
    waiting = truth.waiting(channel)
    merged = {row.id for row in rows if (row.state, row.reason) == ("muted", "merged")}
    for parcel in [parcel for parcel in waiting if parcel.number in merged]:
        if parcel.kind is TransitionKind.RESOLVED:
            assert _is_told_by_its_opening(parcel, waiting), f"{parcel} is merged with nothing"
        else:
            assert parcel.kind is TransitionKind.REPEATED, f"{parcel} must not be merged"
            newer = [p for p in waiting if p.opening == parcel.opening and p.number > parcel.number]
            assert newer or parcel.opening in truth.resolved, f"{parcel} is not stale"
        parcel.fate = Fate.MUTED


def _is_told_by_its_opening(parcel: Parcel, waiting: Iterable[Parcel]) -> bool:
    return any(p.opening == parcel.opening and p.kind is TransitionKind.FIRED for p in waiting)


def _check_item(truth: Truth, channel: str, item: Item, taken: set[int]) -> None:
    parcel = truth.parcels[item.delivery_id]
    assert (parcel.channel, parcel.fate) == (channel, Fate.WAITS), f"{parcel} is not to be had"
    assert (item.possible_repeat, item.attempts) == (parcel.may_be_repeat, parcel.attempts), parcel
    behind = [elder.number for elder in truth.elders(parcel) if elder.number not in taken]
    assert not behind, f"{parcel} overtakes {behind}"
    if isinstance(item.told, Transition):
        _check_truthfulness(truth, item, item.told)


def _check_truthfulness(truth: Truth, item: Item, told: Transition) -> None:
    """No message says "now" of stock that is gone."""
    assert told.opening not in truth.clearing, "told while the stock is gone, and may be back"
    if told.kind is TransitionKind.RESOLVED:
        return
    is_over = told.opening in truth.resolved
    assert not (is_over and told.cause is Cause.REMINDER), "reminds of what is over"
    assert (item.resolve is not None) is is_over, "an opening that is over is told as if it lasted"


def _check_that_nothing_was_due(truth: Truth, channel: str, claim: Claim, now: datetime) -> None:
    waiting = [parcel for parcel in truth.waiting(channel) if parcel.opening not in truth.clearing]
    if waiting:
        assert claim.next_due is not None, "some wait, and nobody will look again"
        assert claim.next_due > now, "one was due and is not taken"
