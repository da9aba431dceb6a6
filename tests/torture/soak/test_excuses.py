"""What was not sent needs a cause in the story: each cause excuses what it explains, and nothing else."""

import pytest

from tests.torture.soak.accounts import Books, Delivery, Transition
from tests.torture.soak.excuses import not_excused
from tests.torture.soak.story import Outage, Place

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def outage(place: Place, kind: str, from_h: float = 1.0, until_h: float = 3.0) -> Outage:
    return Outage(place, kind, from_h * 3600, until_h * 3600)


def told(channel: str, state: str, reason: str | None = None, ended_h: float = 2.0) -> Books:
    """One resolved edge, an hour and a half after the start, and its delivery."""
    delivery = Delivery(1, "aaaaaaaaaaaa", "P", channel, state, reason, int(ended_h * HOUR_MS))
    edge = Transition("aaaaaaaaaaaa", "h800", "P", HOUR_MS * 3 // 2, "resolved")
    return Books({1: edge}, {1: delivery})


@pytest.mark.parametrize(
    ("books", "outages", "is_excused"),
    [
        pytest.param(told("hook", "sent"), [], True, id="sent"),
        pytest.param(told("hook", "retry"), [outage("hook", "404")], False, id="never ended"),
        pytest.param(told("hook", "failed"), [], False, id="failed while all was well"),
        pytest.param(told("hook", "failed"), [outage("hook", "404")], True, id="failed for good"),
        pytest.param(told("hook", "failed"), [outage("hook", "500")], False, id="failed, though it may pass"),
        pytest.param(told("hook", "failed"), [outage("mail", "550")], False, id="failed for another"),
        pytest.param(told("mail", "failed"), [outage("mail", "550")], True, id="refused for good"),
        pytest.param(told("mail", "failed", None, 3.5), [outage("mail", "550")], False, id="failed after it"),
        pytest.param(
            told("mail", "expired"), [outage("mail", "451")], True, id="expired after an hour of it"
        ),
        pytest.param(told("mail", "expired"), [outage("mail", "550")], False, id="expired, but was refused"),
        pytest.param(
            told("mail", "expired"), [outage("mail", "451", 1.5)], False, id="expired within half an hour"
        ),
        pytest.param(told("hook", "expired"), [outage("hook", "500")], False, id="expired before six hours"),
        pytest.param(
            told("hook", "muted", "merged"), [outage("hook", "slow")], True, id="merged, being late"
        ),
        pytest.param(
            told("hook", "muted", "merged"), [outage("disk", "refuses")], True, id="held by the disk"
        ),
        pytest.param(
            told("hook", "muted", "merged"), [outage("mail", "451")], False, id="merged for nothing"
        ),
        pytest.param(told("hook", "muted", "silence"), [outage("hook", "404")], False, id="no silence here"),
    ],
)
def test_only_what_befell_its_channel_excuses_a_delivery(
    books: Books, outages: list[Outage], *, is_excused: bool
) -> None:
    assert (list(not_excused(books, outages)) == []) is is_excused


def flapping(gap_ms: int, told_as: str = "sent") -> Books:
    """An opening, its end, and another so long after the first, muted as flapping."""
    edges = [
        Transition("aaaaaaaaaaaa", "h800", "P", 0, "fired"),
        Transition("bbbbbbbbbbbb", "h800", "P", gap_ms // 2, "resolved"),
        Transition("cccccccccccc", "h800", "P", gap_ms, "fired"),
    ]
    states = [(told_as, None), (told_as, None), ("muted", "flapping")]
    return Books(
        dict(enumerate(edges, start=1)),
        {
            number: Delivery(number, edges[number - 1].event, "P", "hook", state, reason)
            for number, (state, reason) in enumerate(states, start=1)
        },
    )


def test_flapping_is_muted_only_soon_after_an_opening_that_was_told() -> None:
    assert list(not_excused(flapping(5 * MINUTE_MS), [])) == []
    assert list(not_excused(flapping(9 * MINUTE_MS), [])) == [
        "event cccccccccccc through hook ended as muted, flapping"
    ]


def test_an_alert_of_which_nothing_was_ever_told_cannot_have_been_flapping() -> None:
    books = flapping(5 * MINUTE_MS)
    del books.transitions[1], books.deliveries[1]
    assert list(not_excused(books, [])) == ["event cccccccccccc through hook ended as muted, flapping"]
