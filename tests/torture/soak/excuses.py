"""Had each delivery that was not sent a cause in the story? Pure: the books against the outages."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tests.torture.soak.accounts import Books, Delivery, Transition
from tests.torture.soak.story import Outage

SAYS_NEVER: Final = {"hook": frozenset({"404"}), "mail": frozenset({"550"})}
"""By such an answer a delivery fails at once."""
TAKES_NOTHING: Final = {
    "hook": frozenset({"refused", "500", "429", "late", "stuck"}),
    "mail": frozenset({"refused", "451", "hang up"}),
}
GIVEN_UP_AFTER_S: Final = {"hook": 6 * 3600.0, "mail": 3600.0}
"""As the soak's configuration has it."""
STILL_FELT_S: Final = 120.0
"""So long after its end an outage may be felt: the longest wait is a minute, an attempt takes seconds."""
WIDEST_GAP_MS: Final = 8 * 60_000
"""Between two announced openings: eight times `min_gap`."""


def not_excused(books: Books, outages: Sequence[Outage]) -> Iterator[str]:
    announced = _announced(books)
    for delivery in books.deliveries.values():
        transition = books.transitions.get(delivery.transition or -1)
        if not _is_excused(delivery, transition, outages, announced):
            why = f", {delivery.reason}" if delivery.reason else ""
            yield f"event {delivery.event} through {delivery.channel} ended as {delivery.state}{why}"


def _is_excused(
    delivery: Delivery,
    transition: Transition | None,
    outages: Sequence[Outage],
    announced: Mapping[tuple[str, str], Sequence[int]],
) -> bool:
    ended_s = delivery.ended_ms / 1000
    felt = [one for one in outages if one.from_s <= ended_s <= one.until_s + STILL_FELT_S]
    of_channel = [one for one in felt if one.place == delivery.channel]
    match delivery.state, delivery.reason:
        case "sent", _:
            return True
        case "failed", _:
            return any(one.kind in SAYS_NEVER[delivery.channel] for one in of_channel)
        case "expired", _:
            since_s = ended_s - GIVEN_UP_AFTER_S[delivery.channel]
            kinds = TAKES_NOTHING[delivery.channel]
            return any(one.kind in kinds and one.from_s <= since_s for one in of_channel)
        case "muted", "merged":
            late = [one for one in outages if one.place in {delivery.channel, "disk"}]
            return transition is not None and transition.edge == "resolved" and _is_within(transition, late)
        case "muted", "flapping":
            return transition is not None and _is_soon(transition, announced)
        case _:
            return False


def _is_within(transition: Transition, outages: Sequence[Outage]) -> bool:
    at_s = transition.at_ms / 1000
    return any(one.from_s <= at_s <= one.until_s + STILL_FELT_S for one in outages)


def _announced(books: Books) -> dict[tuple[str, str], list[int]]:
    """When openings of each alert were told, in order."""
    told = {delivery.transition for delivery in books.deliveries.values() if delivery.state != "muted"}
    found: dict[tuple[str, str], list[int]] = {}
    for number, transition in books.transitions.items():
        if number in told and transition.edge != "resolved":
            found.setdefault((transition.rule, transition.product), []).append(transition.at_ms)
    return {alert: sorted(times) for alert, times in found.items()}


def _is_soon(transition: Transition, announced: Mapping[tuple[str, str], Sequence[int]]) -> bool:
    """Something was told of its alert less than the widest gap before. Its end may come at any time."""
    times = announced.get((transition.rule, transition.product), ())
    before = bisect_left(times, transition.at_ms)
    if transition.edge == "resolved":
        return before > 0
    return before > 0 and transition.at_ms - times[before - 1] < WIDEST_GAP_MS
