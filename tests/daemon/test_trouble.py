"""What is told, and when, while the database refuses."""

import asyncio
import logging
from datetime import UTC, timedelta

import pytest

from monitor.core.answer import Listing, Poll, Row
from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.core.errors import DatabaseError
from monitor.core.matching import Rule
from monitor.core.product import Feed, Invalid, Seen
from monitor.core.style import Style
from monitor.core.words import Language
from monitor.daemon.trouble import DatabaseTrouble, what_matched
from monitor.notify.lanes import Lane
from monitor.notify.sending import Sender
from tests.core.builders import failed, row, rule, seen, table
from tests.fakes.clock import NOON, FakeClock
from tests.notify.lane_stage import FakeOutbox

FULL = DatabaseError("the disk is full")
ALL = Feed("default", None)
STOCKED = frozenset([*range(30, 400), *range(500, 600)])
"""Seconds in which something matches: twice, and each time for longer than a minute."""


def trouble_at(clock: FakeClock) -> DatabaseTrouble:
    return DatabaseTrouble(clock, lambda: "event-1")


def test_it_is_told_after_ten_seconds_and_again_after_half_an_hour() -> None:
    clock = FakeClock()
    trouble = trouble_at(clock)
    told: list[float] = []
    trouble.note(FULL)
    for second in range(3700):
        if trouble.is_to_be_told({}):
            told.append(second)
            asyncio.run(trouble.tell({}, []))
        clock.advance(1)
        trouble.note(FULL)
    assert told == [10, 1810, 3610]


def test_what_matches_only_after_the_first_word_is_told_within_a_minute_and_once_while_it_lasts() -> None:
    clock = FakeClock()
    trouble = trouble_at(clock)
    told: list[tuple[float, list[str]]] = []
    trouble.note(FULL)
    for second in range(1000):
        matched = {("PRD-1", "nodes"): "PRD-1 (3 left, nodes)"} if second in STOCKED else {}
        if trouble.is_to_be_told(matched):
            told.append((second, list(matched.values())))
            asyncio.run(trouble.tell(matched, []))
        clock.advance(1)
    assert told == [(10, []), (70, ["PRD-1 (3 left, nodes)"]), (500, ["PRD-1 (3 left, nodes)"])]


def test_trouble_that_passes_sooner_is_not_told() -> None:
    clock = FakeClock()
    trouble = trouble_at(clock)
    for _ in range(100):
        trouble.note(FULL)
        clock.advance(9)
        assert not trouble.is_to_be_told({})
        trouble.note(None)


def test_another_episode_within_half_an_hour_is_not_told_again() -> None:
    clock = FakeClock()
    trouble = trouble_at(clock)
    for _ in range(2):
        trouble.note(FULL)
        clock.advance(11)
        if trouble.is_to_be_told({}):
            asyncio.run(trouble.tell({}, []))
        assert not trouble.is_to_be_told({})
        trouble.note(None)


def test_each_episode_is_logged_once_however_often_it_is_noted(caplog: pytest.LogCaptureFixture) -> None:
    trouble = trouble_at(FakeClock())
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            for _ in range(3):
                trouble.note(FULL)
            trouble.note(None)
            trouble.note(None)
    assert [record.getMessage() for record in caplog.records] == ["database trouble", "database ok again"] * 2


class Deaf:
    def send(self, title: str, body: str) -> Outcome:
        return Refused(FailureClass.TRANSIENT, "no route to host")


class Heard:
    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []

    def send(self, title: str, body: str) -> Outcome:
        self.messages.append((title, body))
        return Accepted()


def test_it_is_told_past_the_outbox_with_what_matched_in_the_language_of_each_channel() -> None:
    clock = FakeClock()
    channels = {language: Heard() for language in Language}

    async def play() -> None:
        lanes = [
            Lane(
                language,
                Sender(language, heard, Heard),
                Style(language, UTC, {}),
                FakeOutbox(),
                clock.now,
                clock.monotonic,
            )
            for language, heard in channels.items()
        ]
        trouble = trouble_at(clock)
        trouble.note(FULL)
        clock.advance(11)
        await trouble.tell({("PRD-1", "nodes"): "PRD-1 (3 left, nodes)"}, lanes)

    asyncio.run(play())
    [(title, body)] = channels[Language.EN].messages
    assert title.startswith("DATABASE TROUBLE")
    assert "12:00:00" in body
    assert "the disk is full" in body
    assert "PRD-1 (3 left, nodes)" in body
    assert channels[Language.ZH].messages[0][0].startswith("【数据库故障】")


def test_what_no_channel_took_is_said_again_after_a_minute_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = FakeClock()
    style = Style(Language.EN, UTC, {})
    lane = Lane("deaf", Sender("deaf", Deaf(), Deaf), style, FakeOutbox(), clock.now, clock.monotonic)
    trouble = trouble_at(clock)
    trouble.note(FULL)
    clock.advance(11)
    asyncio.run(trouble.tell({}, [lane]))
    assert [record.getMessage() for record in caplog.records][-1] == "send failed"
    clock.advance(59)
    assert not trouble.is_to_be_told({})
    clock.advance(1)
    assert trouble.is_to_be_told({})


def what(*rows: Row, rules: tuple[Rule, ...], feed: Feed = ALL) -> list[str]:
    return list(what_matched({feed: Poll(feed, NOON, timedelta(0), Listing(rows))}, rules).values())


def test_what_matched_names_code_stock_and_rule() -> None:
    rules = (rule(table(gpu_count="8"), name="nodes"), rule(table(gpu_count="4"), name="small"))
    found = what(row(3, "PRD-1"), row(0, "PRD-2"), row(5, "PRD-3"), rules=rules)
    assert found == ["PRD-1 (3 left, nodes)", "PRD-3 (5 left, nodes)"]


@pytest.mark.parametrize(
    "a_row",
    [
        row(0),
        row(Invalid("no count")),
        row(seen(3, "no stock")),
        row(Seen(3)),
        row(3, aidc_id=None),
    ],
    ids=["sold out", "unreadable", "blocked", "attributes never known", "no data centre"],
)
def test_what_is_not_surely_met_is_not_named(a_row: Row) -> None:
    assert what(a_row, rules=(rule(table(gpu_count="8")),)) == []


def test_a_row_without_data_centre_takes_that_of_its_feed() -> None:
    feed = Feed("default", 7)
    found = what(row(3, aidc_id=None), rules=(rule(table(aidc_id="7")),), feed=feed)
    assert found == ["PRD-1 (3 left, nodes)"]


def test_a_failed_poll_matches_nothing() -> None:
    feed = Feed("default", None)
    assert what_matched({feed: Poll(feed, NOON, timedelta(0), failed())}, (rule(),)) == {}
