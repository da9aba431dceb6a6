"""The judge is content with a true history, and says what is wrong with each false one."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.torture.kill.harness import result_of
from tests.torture.kill.history import Delivery, Edge, History, Life, Message, PollRow, Request
from tests.torture.kill.judge import Verdict, judge
from tests.torture.kill.phases import Phase
from tests.torture.kill.tellings import Form, Telling

A, B = "PRD-01-A", "PRD-01-B"
FIRED = Edge("f", "any", A, "fired", poll=2, opening="f")
GONE = Edge("r", "any", A, "resolved", poll=3, opening="f")
AGAIN = Edge("g", "any", A, "fired", poll=4, opening="g")
NOW = Telling("f", "any", A, Form.NOW, marked=False)
REPEATED = replace(NOW, marked=True)
WINDOW = replace(NOW, form=Form.WINDOW)
SOLD_OUT = Telling("r", "any", A, Form.GONE, marked=False)
BACK = Telling("g", "any", A, Form.NOW, marked=False)


def message(order: int, life: int, channel: str, *tellings: Telling, answered: bool = True) -> Message:
    return Message(order, life, channel, order * 100, True, answered, tellings)


def request(number: int, life: int, remaining: int, **facts: bool) -> Request:
    return Request(number, life, 1, number * 1000, {A: remaining, B: 0}, **facts)


KILLED_IN_THE_GAP = Life(0, 0, claimed={("f", "alpha"): 2005})
STOPPED = Life(1, 2200, code=0, signals=("SIGTERM",))
TRUE = History(
    lives=[KILLED_IN_THE_GAP, STOPPED],
    requests=[request(1, 0, 0), request(2, 0, 3), request(3, 1, 0), request(4, 1, 2)],
    polls=[PollRow(number, 1, number * 1000, 5) for number in (1, 2, 3, 4)],
    edges=[FIRED, GONE, AGAIN],
    deliveries=[
        Delivery("f", "alpha", "sent"),
        Delivery("f", "beta", "sent", unsure=(2200,)),
        Delivery("r", "alpha", "sent"),
        Delivery("r", "beta", "muted", "merged"),
        Delivery("g", "alpha", "sent"),
        Delivery("g", "beta", "sent"),
    ],
    messages=[
        message(21, 0, "alpha", NOW),
        message(22, 1, "beta", NOW, answered=False),
        message(23, 1, "alpha", REPEATED),
        message(31, 1, "alpha", SOLD_OUT),
        message(33, 1, "beta", replace(WINDOW, marked=True)),
        message(41, 1, "alpha", BACK),
        message(42, 1, "beta", BACK),
    ],
    shelf={A: 2, B: 0},
    unsure=[(2200, "beta")],
)


def but(**changes: object) -> Callable[[History], History]:
    return lambda history: replace(history, **changes)  # type: ignore[arg-type]


def messages(*changed: Message, without: tuple[int, ...] = ()) -> Callable[[History], History]:
    """Those of the same order are replaced."""
    gone = {*without, *(one.order for one in changed)}
    kept = [one for one in TRUE.messages if one.order not in gone]
    return but(messages=sorted([*kept, *changed], key=lambda one: one.order))


def deliveries(number: int, **changes: object) -> Callable[[History], History]:
    found = list(TRUE.deliveries)
    found[number] = replace(found[number], **changes)  # type: ignore[arg-type]
    return but(deliveries=found)


FALSE = [
    (
        "an edge never told",
        messages(without=(41,)),
        "lost: fired of PRD-01-A for rule any (event g) never came to alpha",
    ),
    ("told, but not kept", messages(replace(TRUE.messages[5], accepted=False)), "lost: fired"),
    (
        "an end that no window told",
        messages(message(33, 1, "beta", REPEATED)),
        "lost: resolved of PRD-01-A for rule any (event r) never came to beta",
    ),
    (
        "an edge not found",
        but(edges=[FIRED, GONE]),
        "any: PRD-01-A should have fired at poll 4, but the database has none: an edge is lost",
    ),
    (
        "an edge from nowhere",
        but(edges=[*TRUE.edges, replace(GONE, event="s", poll=4, opening="g")]),
        "should have no more edges, but the database has resolved at poll 4: an edge is invented",
    ),
    (
        "an edge of another poll",
        but(edges=[replace(FIRED, poll=1), GONE, AGAIN]),
        "should have fired at poll 2, but the database has fired at poll 1",
    ),
    (
        "the last stock not taken in",
        but(shelf={A: 0, B: 0}),
        "lost: of PRD-01-A 0 are left, and 2 is the last that was committed",
    ),
    (
        "a poll that nobody served",
        but(polls=[*TRUE.polls, PollRow(5, 1, 9000, 5)]),
        "invented: poll 5 of feed 1 was never served",
    ),
    (
        "a poll of a broken answer",
        but(requests=[*TRUE.requests[:3], request(4, 1, 2, cut=True)]),
        "invented: poll 4",
    ),
    (
        "one answer as two polls",
        but(polls=[*TRUE.polls, PollRow(5, 1, 4000, 5)]),
        "answer 4 was taken in twice",
    ),
    (
        "an answer not committed at a stop",
        but(polls=TRUE.polls[:3]),
        "answer 4 to life 1 on feed 1 was never committed",
    ),
    (
        "an answer not committed before the next",
        but(polls=TRUE.polls[1:]),
        "answer 1 to life 0 on feed 1 was never committed",
    ),
    (
        "a duplicate in one life",
        messages(message(43, 1, "alpha", replace(BACK, marked=True))),
        "unexplained duplicate: event g on alpha in life 1",
    ),
    (
        "a duplicate after a kill elsewhere",
        but(lives=[replace(KILLED_IN_THE_GAP, claimed={("f", "beta"): 2005}), STOPPED]),
        "unexplained duplicate: event f on alpha in life 1",
    ),
    (
        "a duplicate that was claimed later",
        but(lives=[replace(KILLED_IN_THE_GAP, claimed={("f", "alpha"): 2150}), STOPPED]),
        "unexplained duplicate: event f on alpha",
    ),
    (
        "a yes that was recorded too late",
        but(
            lives=[replace(KILLED_IN_THE_GAP, struck_at=4_121), STOPPED],
            messages=[replace(TRUE.messages[0], answered_at=2_120), *TRUE.messages[1:]],
        ),
        "recorded late: the yes to event f on alpha was 2001 ms old when the kill came",
    ),
    (
        "an unmarked duplicate",
        messages(message(23, 1, "alpha", NOW)),
        "unmarked duplicate: event f on alpha in life 1",
    ),
    (
        "a mark without a reason",
        messages(message(41, 1, "alpha", replace(BACK, marked=True))),
        "a mark without a reason: event g on alpha in life 1",
    ),
    ("a mark before its reason", deliveries(1, unsure=(9000,)), "a mark without a reason: event f on beta"),
    (
        "a doubt about a whole answer",
        messages(message(22, 1, "beta", NOW)),
        "life 1 was unsure of 1 messages on beta that were answered whole",
    ),
    (
        "the end before the beginning",
        messages(message(20, 1, "alpha", SOLD_OUT)),
        "out of order on alpha: resolved of PRD-01-A",
    ),
    (
        "the return before the end",
        messages(message(30, 1, "beta", BACK)),
        "out of order on beta: fired of PRD-01-A for rule any (event g) came first",
    ),
    (
        "now, when it was known to be gone",
        but(requests=[request(1, 0, 0), request(2, 0, 3), request(3, 0, 0), request(4, 1, 2)]),
        "'now' of stock known to be gone: event f on alpha in life 1",
    ),
    (
        "now and gone in one message",
        messages(message(22, 1, "beta", NOW, SOLD_OUT, answered=False)),
        "'now' of stock known to be gone: event f on beta in life 1",
    ),
    (
        "now, when this life had known for long that it was gone",
        messages(message(51, 1, "alpha", REPEATED), without=(23,)),
        "'now' of stock known to be gone: event f on alpha in life 1",
    ),
    ("another product", messages(message(41, 1, "alpha", replace(BACK, code=B))), "false: "),
    ("in stock of an end", messages(message(31, 1, "alpha", replace(SOLD_OUT, form=Form.NOW))), "false: "),
    (
        "an event that is not in the database",
        messages(message(50, 1, "alpha", replace(BACK, event="x"))),
        "false: ",
    ),
    (
        "no event",
        messages(Message(50, 1, "alpha", 5000, True, True, unreadable="also: PRD-01-A")),
        "a message that names no event: also",
    ),
    (
        "a delivery that waits",
        deliveries(4, state="retry"),
        "event g on alpha: 1 deliveries, [('retry', None)]",
    ),
    (
        "an opening that was muted",
        deliveries(5, state="muted", reason="merged"),
        "event g on beta: 1 deliveries",
    ),
    ("a delivery that failed", deliveries(4, state="failed"), "[('failed', None)]"),
    ("no delivery", but(deliveries=TRUE.deliveries[1:]), "event f on alpha: 0 deliveries"),
    (
        "two deliveries",
        but(deliveries=[*TRUE.deliveries, TRUE.deliveries[0]]),
        "event f on alpha: 2 deliveries",
    ),
    ("a crash", but(lives=[KILLED_IN_THE_GAP, replace(STOPPED, code=1)]), "life 1 ended with 1"),
    (
        "a SIGTERM that it did not mind",
        but(lives=[KILLED_IN_THE_GAP, replace(STOPPED, code=-15)]),
        "life 1 ended with -15",
    ),
    (
        "an end of its own",
        but(lives=[KILLED_IN_THE_GAP, replace(STOPPED, signals=())]),
        "life 1 ended with 0 after ()",
    ),
    ("an error in the log", but(complaints=["the daemon logged: Traceback"]), "the daemon logged: Traceback"),
]


def test_a_true_history_has_no_violation_and_its_repeats_are_explained() -> None:
    verdict = judge(TRUE)
    assert verdict.violations == ()
    assert verdict.counts["repeats after a kill in the gap"] == 1
    assert verdict.counts["repeats after a cut answer"] == 1
    assert verdict.counts["lost"] == 0


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in FALSE], ids=[row[0] for row in FALSE])
def test_a_false_history_is_found_out(change: Callable[[History], History], said: str) -> None:
    verdict = judge(change(TRUE))
    assert any(said in violation for violation in verdict.violations), verdict.violations


def test_an_answer_that_a_kill_took_with_it_is_no_loss() -> None:
    taken = Request(5, 0, 1, 2100, {A: 9, B: 0})
    assert judge(replace(TRUE, requests=[*TRUE.requests[:2], taken, *TRUE.requests[2:]])).violations == ()


@pytest.mark.parametrize(("asked", "signals"), [(0, 1), (3, 2)])
def test_a_sigterm_may_end_it_at_once_before_it_minds_them_and_when_its_stop_is_over(
    asked: int, signals: int
) -> None:
    ended = Life(2, 9000, code=-15, signals=("SIGTERM",) * signals, asked=asked)
    assert judge(replace(TRUE, lives=[*TRUE.lives, ended])).violations == ()


def test_how_old_a_yes_was_at_the_kill_is_measured() -> None:
    answered = replace(TRUE.messages[0], answered_at=2_120)
    lives = [replace(KILLED_IN_THE_GAP, struck_at=2_127), STOPPED]
    verdict = judge(replace(TRUE, lives=lives, messages=[answered, *TRUE.messages[1:]]))
    assert verdict.violations == ()
    assert verdict.gaps_ms == (7,)
    counts = result_of([verdict, Verdict({}, gaps_ms=(1, 90))], quick=True).counts
    assert counts["ms from a yes to the kill before its record, median"] == 7
    assert counts["ms from a yes to the kill before its record, longest"] == 90


def test_one_kill_in_the_gaps_of_two_channels_is_one() -> None:
    both = replace(KILLED_IN_THE_GAP, phases=(Phase.GAP, Phase.GAP_ANSWERED))
    counts = result_of([judge(replace(TRUE, lives=[both, STOPPED]))], quick=True).counts
    assert counts["killed in the gap in all"] == 1


def test_lost_edges_are_counted() -> None:
    change = messages(without=(41, 42))
    assert judge(change(TRUE)).counts["lost"] == 2


def test_a_run_without_a_kill_in_the_gap_owes_its_proof() -> None:
    result = result_of([Verdict({"killed while sending": 9})], quick=True)
    assert [violation for violation in result.violations if "send-to-commit gap" in violation]
