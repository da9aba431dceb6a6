"""The fuzzer's judges do complain: of a parser, a decision, a message and an outbox that are wrong."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase

from monitor.core.answer import Failed, FailureKind, Listing, Row
from monitor.core.decision import Decision, PollRecord, SpanStart, Transition, TransitionKind
from monitor.core.outbox import Item
from monitor.core.product import Absent, Feed, Invalid, ProductKey, Seen
from monitor.source.payload import RowMemo, parse
from monitor.store import outbox
from tests.core.builders import Stage, seen
from tests.store.ground import NOON, new_store
from tests.torture.fuzz.alert_machine import AlertMachine
from tests.torture.fuzz.judge import compare_answer, compare_decision
from tests.torture.fuzz.machines import run_machine
from tests.torture.fuzz.model import Gone, Meaning, Model, Unsure
from tests.torture.fuzz.outbox_machine import OutboxMachine
from tests.torture.fuzz.player import Player
from tests.torture.fuzz.reading import Reading, ReadRow, Sight, read
from tests.torture.fuzz.shrink import shrunk
from tests.torture.fuzz.tally import MOST_KEPT, Tally, total
from tests.torture.fuzz.telling import STYLES, tell

FEED = Feed("default", None)
KEY = ProductKey("default", 1, "P")
UNKNOWN = (None,) * 8
GOOD = b'{"status": 200, "data": [{"productCode": "P", "aidcId": 1, "remainingCount": 3}]}'
BAD = (
    b'{"status": 200, "data": [{"productCode": "P", "remainingCount": null},'
    b' {"productCode": "Q", "remainingCount": 1}]}'
)
THREE = Sight(3, None, UNKNOWN)


def listing(observed: Seen | Invalid, unusable: int = 0) -> Listing:
    return Listing((Row(1, "P", observed),), unusable)


@pytest.mark.parametrize(
    "answer",
    [
        Failed(FailureKind.NOT_JSON, "everything is refused"),
        Listing(()),
        listing(Invalid("remainingCount is null")),
        listing(Seen(4)),
        listing(Seen(3, "an error")),
        listing(Seen(3), unusable=1),
        listing(seen(3)),
        Listing((Row(2, "P", Seen(3)),)),
    ],
)
def test_an_answer_that_is_read_wrongly_is_complained_of(answer: Listing | Failed) -> None:
    assert compare_answer(parse(GOOD, RowMemo()), read(GOOD)) == []
    assert compare_answer(answer, read(GOOD))


def test_a_count_out_of_an_invalid_row_is_complained_of() -> None:
    made_up = Listing((Row(None, "P", Seen(6)), Row(None, "Q", Seen(1))))
    assert compare_answer(made_up, read(BAD)) == ["row 0: a count of 6 was read out of an invalid row"]


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"", FailureKind.NOT_JSON),
        (b'{"status": 200, "data": [NaN]}', FailureKind.NOT_JSON),
        (b'{"status": 200, "data": [], "x": "\\ud800"}', FailureKind.NOT_JSON),
        (b'\xef\xbb\xbf{"status": 200, "data": []}', FailureKind.NOT_JSON),
        (b"[]", FailureKind.ENVELOPE),
        (b'{"status": "200", "data": []}', FailureKind.ENVELOPE),
        (b'{"status": 200.0, "data": []}', FailureKind.ENVELOPE),
        (b'{"status": 403, "data": []}', FailureKind.KEY_REFUSED),
        (b'{"status": 429}', FailureKind.RATE_LIMITED),
        (b'{"status": 503}', FailureKind.SERVER_ERROR),
        (b'{"status": 200, "data": {}}', FailureKind.ENVELOPE),
        (b'{"status": 200, "data": [{}]}', FailureKind.NO_USABLE_ROW),
        (b'{"status": 200, "data": []}', None),
        (GOOD, None),
    ],
)
def test_the_second_reading_knows_the_failures(body: bytes, failure: FailureKind | None) -> None:
    assert read(body).failure is failure


def test_the_second_reading_knows_its_own_limits() -> None:
    assert read(b"[" * 1000).too_deep
    assert not read(b"[" * 90 + b"]" * 90).too_deep


def meaning_of(*polls: Reading) -> Meaning:
    model = Model(FEED)
    return [model.poll(poll) for poll in polls][-1]


def listed(sight: Sight | None, unusable: int = 0) -> Reading:
    return Reading(None, (ReadRow(1, "P", sight), ReadRow(1, "Q", THREE)), unusable)


EMPTY = Reading()
WITHOUT = Reading(None, (ReadRow(1, "Q", THREE),))
FIRED, RESOLVED = TransitionKind.FIRED, TransitionKind.RESOLVED


@pytest.mark.parametrize(
    ("polls", "span", "edges"),
    [
        ([listed(THREE)], THREE, {("any", KEY, FIRED)}),
        ([listed(THREE), listed(THREE)], None, set()),
        ([listed(THREE), listed(None)], Unsure(), set()),
        (
            [listed(THREE), listed(None), listed(Sight(0, None, UNKNOWN))],
            Sight(0, None, UNKNOWN),
            {("any", KEY, RESOLVED)},
        ),
        ([listed(THREE), WITHOUT], Gone(), set()),
        ([listed(THREE), WITHOUT, WITHOUT], None, {("any", KEY, RESOLVED)}),
        ([listed(THREE), replace(WITHOUT, unusable=1)], Unsure(), set()),
        ([listed(THREE), EMPTY, EMPTY], None, set()),
        ([listed(THREE), EMPTY, EMPTY, EMPTY], Gone(), {("any", KEY, RESOLVED)}),
        ([listed(THREE), Reading(FailureKind.TIMEOUT)], None, set()),
        ([listed(Sight(3, "sold", UNKNOWN))], Sight(3, "sold", UNKNOWN), set()),
    ],
)
def test_the_model_reads_polls_as_they_are_meant(polls: list[Reading], span: Any, edges: set[Any]) -> None:
    meaning = meaning_of(*polls)
    assert meaning.spans.get(KEY) == span
    assert {edge for edge in meaning.edges if edge[1] == KEY} == edges


def decision(
    *transitions: Transition, spans: tuple[SpanStart, ...] = (), reason: str | None = None
) -> Decision:
    return Decision(PollRecord(FEED, NOON, timedelta(0), reason), list(spans), transitions=list(transitions))


def fired() -> Transition:
    stage = Stage()
    stage.poll({"P": 3})
    return stage.last


def test_a_transition_out_of_an_invalid_row_is_complained_of() -> None:
    meaning = Meaning(spans={KEY: Unsure()})
    invalid = SpanStart(KEY, Invalid("remainingCount is null"))
    assert compare_decision(decision(spans=(invalid,)), meaning) == []
    complaints = compare_decision(decision(replace(fired(), rule="any"), spans=(invalid,)), meaning)
    assert any("should not be" in why for why in complaints)
    assert any("though this poll says nothing certain of it" in why for why in complaints)


@pytest.mark.parametrize(
    "wrong",
    [
        decision(reason="timeout"),
        decision(),
        decision(spans=(SpanStart(KEY, Seen(4)),)),
        decision(spans=(SpanStart(KEY, Absent(sure=False)),)),
        decision(spans=(SpanStart(KEY, Seen(3)), SpanStart(KEY, Seen(3)))),
        decision(spans=(SpanStart(KEY, Seen(3)),)),
    ],
)
def test_a_wrong_decision_is_complained_of(wrong: Decision) -> None:
    assert compare_decision(wrong, meaning_of(Reading(None, (ReadRow(1, "P", THREE),))))


def test_an_edge_out_of_a_failed_poll_is_complained_of() -> None:
    assert compare_decision(decision(fired()), Meaning(FailureKind.TIMEOUT))


def test_complaints_beyond_those_that_are_kept_are_counted() -> None:
    tally = Tally()
    for number in range(MOST_KEPT + 3):
        tally.complain(str(number))
    both = total([tally, tally])
    assert (len(both.violations), both.left_out) == (2 * MOST_KEPT, 6)


def test_a_player_that_is_lied_to_about_its_feed_complains() -> None:
    """A player whose model believes that all was sold out meanwhile misses the edges."""
    player = Player(FEED)
    assert player.play(GOOD).complaints == []
    player._model.known[KEY].open.clear()
    assert player.play(GOOD.replace(b"3}", b"0}")).complaints


def test_a_message_that_holds_control_characters_is_complained_of() -> None:
    told = fired()
    assert tell([Item(1, told)], STYLES[0]) == []
    hostile = replace(told, facts=replace(told.facts, product_code="a\x00\u202eb"))
    assert tell([Item(1, hostile)], STYLES[0])


def test_a_kind_that_is_never_reached_a_slow_answer_and_growth_are_violations() -> None:
    tally = Tally(longest_hold_s=0.051, growth_mb=50.0)
    assert len(tally.broken_bounds()) == 2
    assert "no answer led to 'failed: not json'" in tally.never_reached()


def test_a_failing_body_is_made_small() -> None:
    assert shrunk(GOOD * 3, lambda body: b"remaining" in body and b"}" in body) == b"remaining}"


class DoubtIsOut(AlertMachine):
    """A monitor that takes an invalid row for a sold-out product."""

    def _poll(self, rowed: Any, meaning: int | None, unusable: int = 0) -> None:
        super()._poll(seen(0) if isinstance(rowed, Invalid) else rowed, meaning, unusable)


def test_an_alert_machine_that_takes_unknown_for_out_is_found() -> None:
    with pytest.raises(AssertionError):
        run_machine(DoubtIsOut, 1, 60, (Phase.generate,))


class ForgetsRepeats(OutboxMachine):
    """An outbox that takes what was in flight at a crash for never sent."""

    def _recover(self, channel: str | None) -> None:
        lost = [number for numbers in self.truth.flying.values() for number in numbers]
        self.ground.write(lambda connection: outbox.release(connection, lost))
        super()._recover(channel)


def test_an_outbox_that_forgets_what_was_in_flight_is_found(tmp_path: Path) -> None:
    with new_store(tmp_path) as engine, pytest.raises(AssertionError):
        run_machine(partial(ForgetsRepeats, engine), 1, 60, (Phase.generate,))
