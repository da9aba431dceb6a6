"""A kill is counted where it landed, by what was seen and what was left in the database."""

import pytest

from tests.torture.kill.era import killed_of
from tests.torture.kill.journal import Line
from tests.torture.kill.mortem import Claimed, Mortem
from tests.torture.kill.phases import Asked, Heard, Killed, Phase, phases_of

ASKED = Asked(at=100, feed=1, cut=False, served=False)
SERVED = Asked(at=100, feed=1, cut=False, served=True)
CUT = Asked(at=100, feed=1, cut=True, served=False)
CLAIMED = Claimed("event1", "alpha", at=200)
HEARD = Heard(at=210, channel="alpha", events=("event0", "event1"), answered=False)
ANSWERED = Heard(at=210, channel="alpha", events=("event1",), answered=True)
EARLIER = Heard(at=190, channel="alpha", events=("event1",), answered=True)
ELSEWHERE = Heard(at=210, channel="beta", events=("event1",), answered=True)
OTHER = Heard(at=210, channel="alpha", events=("event2",), answered=True)

TABLE = [
    ("nothing was asked yet", Killed([], 0, [], [], {}), {Phase.STARTING}),
    ("a poll waits for its answer", Killed([SERVED, ASKED], 1, [], [], {}), {Phase.POLLING}),
    ("an answer that was to fail is no poll in flight", Killed([CUT], 0, [], [], {}), {Phase.IDLE}),
    ("an answer is not committed", Killed([SERVED], 0, [], [], {}), {Phase.COMMITTING}),
    ("all is done", Killed([SERVED], 1, [ANSWERED], [], {}), {Phase.IDLE}),
    ("a delivery waits for its lane", Killed([SERVED], 1, [], [], {"beta": 1}), {Phase.CLAIMING}),
    ("its lane is busy", Killed([SERVED], 1, [], [CLAIMED], {"alpha": 1}), {Phase.SENDING}),
    ("it was claimed and never heard", Killed([SERVED], 1, [], [CLAIMED], {}), {Phase.SENDING}),
    ("only an earlier try was heard", Killed([SERVED], 1, [EARLIER], [CLAIMED], {}), {Phase.SENDING}),
    ("another channel heard it", Killed([SERVED], 1, [ELSEWHERE], [CLAIMED], {}), {Phase.SENDING}),
    ("another event was heard", Killed([SERVED], 1, [OTHER], [CLAIMED], {}), {Phase.SENDING}),
    ("it was accepted", Killed([SERVED], 1, [HEARD], [CLAIMED], {}), {Phase.GAP}),
    ("it was accepted and answered", Killed([SERVED], 1, [ANSWERED], [CLAIMED], {}), {Phase.GAP_ANSWERED}),
    ("before the first poll", Killed([], 0, [HEARD], [CLAIMED], {}), {Phase.GAP}),
    ("it was stopping", Killed([SERVED], 1, [], [], {}, was_stopping=True), {Phase.STOPPING}),
    (
        "several at once",
        Killed([SERVED, ASKED], 0, [HEARD], [CLAIMED], {"beta": 1}),
        {Phase.POLLING, Phase.COMMITTING, Phase.GAP, Phase.CLAIMING},
    ),
]


@pytest.mark.parametrize(("killed", "phases"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_phase_of_a_kill(killed: Killed, phases: set[Phase]) -> None:
    assert phases_of(killed) == phases


def test_what_is_served_or_answered_after_the_kill_reaches_nobody() -> None:
    body = "productCode: PRD-01-A\nrule any\nevent event1"
    heard: Line = {"channel": "alpha", "number": 7, "at": 210}
    lines: list[Line] = [
        {"what": "born", "at": 50},
        {"what": "asked", "number": 1, "feed": 1, "cut": False, "at": 100},
        {"what": "heard", **heard, "accepted": True, "title": "IN STOCK 3 nodes", "message": body},
        {"what": "signal", "name": "SIGKILL"},
        {"what": "served", "number": 1},
        {"what": "answered", **heard},
    ]
    killed = killed_of(lines, Mortem(claimed=(CLAIMED,)), committed=0)
    assert phases_of(killed) == {Phase.POLLING, Phase.GAP}


def test_what_an_earlier_life_left_in_flight_is_not_this_kill() -> None:
    killed = killed_of([{"what": "born", "at": 300}], Mortem(claimed=(CLAIMED,)), committed=0)
    assert phases_of(killed) == {Phase.STARTING}
