"""The accounts of a soak: a true history passes, and each kind of lie is found."""

from collections.abc import Sequence

import pytest

from tests.torture.soak.accounts import (
    Accepted,
    Attempt,
    Books,
    Delivery,
    Served,
    Transition,
    balanced,
    compared,
    edges_of,
    events_in,
)

CHANNELS = {"h800": ("hook", "mail")}
EVENT, OTHER = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
Row = tuple[str, int, bool]


def served(*answers: Sequence[Row]) -> list[Served]:
    return [Served(number * 15_000, answer) for number, answer in enumerate(answers)]


def row(remaining: int, *, blocked: bool = False, product: str = "P") -> Row:
    return product, remaining, blocked


@pytest.mark.parametrize(
    ("answers", "edges"),
    [
        pytest.param([[row(0)], [row(0)]], [], id="out"),
        pytest.param([[row(2)], [row(5)]], ["0 fired"], id="first sight, then another count"),
        pytest.param([[row(0)], [row(1)], [row(0)]], ["15 fired", "30 resolved"], id="in and out"),
        pytest.param([[row(2)], [row(2, blocked=True)]], ["0 fired", "15 resolved"], id="blocked"),
        pytest.param([[row(2)], [], [row(2)]], ["0 fired"], id="absent once is unknown"),
        pytest.param([[row(2)], [], []], ["0 fired", "30 resolved"], id="absent twice is gone"),
        pytest.param([[row(2)], [], [], [row(1)]], ["0 fired", "30 resolved", "45 fired"], id="listed again"),
    ],
)
def test_edges_follow_from_the_answers(answers: Sequence[Sequence[Row]], edges: Sequence[str]) -> None:
    assert [f"{at_ms // 1000} {edge}" for at_ms, (_, edge) in edges_of(served(*answers))] == edges


def decided(*edges: tuple[int, str]) -> list[Transition]:
    return [Transition(EVENT, "h800", "P", at_ms, edge) for at_ms, edge in edges]


@pytest.mark.parametrize(
    ("transitions", "violation"),
    [
        pytest.param(decided((15_000, "fired"), (30_000, "resolved")), "", id="as it was"),
        pytest.param(decided((16_000, "fired"), (30_000, "resolved")), "", id="dated a second later"),
        pytest.param(decided((15_000, "fired")), "decided was None", id="one was lost"),
        pytest.param(decided((15_000, "fired"), (60_000, "resolved")), "had (30000,", id="one came late"),
        pytest.param(
            decided((15_000, "fired"), (30_000, "resolved"), (45_000, "fired")), "had None", id="one too many"
        ),
    ],
)
def test_decided_edges_are_those_of_the_answers(transitions: Sequence[Transition], violation: str) -> None:
    found = compared(transitions, served([row(0)], [row(1)], [row(0)]), frozenset({"P"}))
    assert (violation in found[0]) if violation else found == []


def books(*states: str) -> Books:
    """One edge, told in one message through each channel."""
    deliveries = {
        number: Delivery(1, EVENT, "P", channel, state)
        for number, (channel, state) in enumerate(zip(CHANNELS["h800"], states, strict=False))
    }
    attempts = {number: Attempt(number, f"m{number}") for number in deliveries}
    return Books({1: Transition(EVENT, "h800", "P", 0, "fired")}, deliveries, attempts)


def heard(*messages: str, event: str = EVENT) -> list[Accepted]:
    """`hook`, `hook!` if it is marked as a possible repeat, `?hook` if its answer was swallowed."""
    return [
        Accepted(
            message.strip("?!"),
            number,
            "IN STOCK" + " (possible repeat)" * message.endswith("!"),
            f"P\nevent {event}",
            not message.startswith("?"),
        )
        for number, message in enumerate(messages)
    ]


BOTH = heard("hook", "mail")


@pytest.mark.parametrize(
    ("kept", "accepted", "violation"),
    [
        pytest.param(books("sent", "sent"), BOTH, "", id="all told"),
        pytest.param(books("sent", "failed"), heard("hook"), "", id="one failed, and is known to have"),
        pytest.param(
            books("sent"), heard("hook"), "deliveries for ['hook'] only", id="no delivery for the mail"
        ),
        pytest.param(books("sent", "sent"), heard("hook"), "through mail, which never got it", id="a lie"),
        pytest.param(
            books("sent", "sent"), [*BOTH, *heard("hook", event=OTHER)], "not on the books", id="from nowhere"
        ),
        pytest.param(books("sent", "sent"), [*BOTH, *heard("hook")], "2 times without a mark", id="twice"),
        pytest.param(
            books("sent", "sent"),
            heard("hook", "mail", "hook!"),
            "2 times, 1 times after it had said yes",
            id="whatever the daemon says of it",
        ),
        pytest.param(
            books("sent", "sent"),
            heard("?hook", "mail", "hook!", "hook!"),
            "3 times, 1 times after it had said yes",
            id="once more than answers were swallowed",
        ),
        pytest.param(books("sent", "sent"), heard("?hook", "mail", "hook!"), "", id="a swallowed answer"),
        pytest.param(
            books("sent", "sent"), heard("?hook", "mail", "?hook!", "hook!"), "", id="two swallowed answers"
        ),
    ],
)
def test_every_delivery_ends_as_it_was_told(kept: Books, accepted: list[Accepted], violation: str) -> None:
    found = balanced(kept, accepted, CHANNELS)
    assert (violation in found[0]) if violation else found == []


def test_a_long_message_tells_of_an_event_by_its_product_alone() -> None:
    both = books("sent", "sent")
    both.add(Books({2: Transition(OTHER, "h800", "Q", 0, "fired")}))
    both.deliveries |= {
        9: Delivery(2, OTHER, "Q", "hook", "sent"),
        8: Delivery(2, OTHER, "Q", "mail", "muted"),
    }
    both.attempts[9] = Attempt(9, "m0")
    [hook, mail] = BOTH
    assert balanced(both, [hook, mail], CHANNELS) == [
        f"event {OTHER} was sent through hook, which never got it"
    ]
    assert balanced(both, [Accepted("hook", 0, hook.title, f"{hook.body}\nalso: Q"), mail], CHANNELS) == []


def test_trouble_that_is_told_straight_is_on_no_books() -> None:
    trouble = Accepted("hook", 0, "DATABASE TROUBLE · monitor.db", f"the database refuses\nevent {OTHER}")
    assert balanced(books("sent", "sent"), [*BOTH, trouble], CHANNELS) == []


@pytest.mark.parametrize(
    ("body", "events"),
    [
        ("P\nrule h800\nevent aaaaaaaaaaaa, bbbbbbbbbbbb\nhttps://example.test", [EVENT, OTHER]),
        (
            "P · IN STOCK · rule x · event aaaaaaaaaaaa (possible repeat)\nQ · event bbbbbbbbbbbb",
            [EVENT, OTHER],
        ),
        ("P · 有货 · 事件 aaaaaaaaaaaa（可能重复）\nno event here", [EVENT]),
        ("MONITOR BLIND: no usable answer", []),
    ],
)
def test_event_ids_are_read_from_messages(body: str, events: list[str]) -> None:
    assert list(events_in(body)) == events
