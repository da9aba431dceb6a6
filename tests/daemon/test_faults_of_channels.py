"""Channels that fail beside others that work: what is surfaced, what ends how, and that nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from itertools import count
from pathlib import Path

from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.core.decision import Notice, Transition
from monitor.core.message import Message, compose
from monitor.core.outbox import Item
from monitor.core.style import Style
from monitor.core.words import Language
from monitor.core.world import Settings
from monitor.daemon.outbox import StoredOutbox
from monitor.notify.lanes import Sent
from tests.core.builders import CODE, FEED, rule
from tests.daemon.stage import Bench, a_ledger
from tests.daemon.wired import stored

BOTH = ("phone", "ops")
IN, OUT = {CODE: 3}, {CODE: 0}
DOWN = Refused(FailureClass.TRANSIENT, "HTTP 503")
LOST = Refused(FailureClass.AMBIGUOUS, "reset after the request was sent")
REVOKED = Refused(FailureClass.PERMANENT, "HTTP 404: no such hook")
STYLE = Style(Language.EN, UTC, {}, limit_title=150, limit_body=3000)
WAITING = "SELECT count(*) FROM delivery WHERE state IN ('pending', 'retry')"


class Post:
    """Takes what is waiting to its channel, as a lane does. A channel says yes unless told otherwise."""

    def __init__(self, bench: Bench, notify: tuple[str, ...]) -> None:
        ids = map("notice-{}".format, count())
        settings = Settings((), dict.fromkeys(notify, timedelta(hours=6)), notify, {})
        self.bench = bench
        self.says: dict[str, Outcome] = {}
        self.woken: set[str] = set()
        self.tries: list[str] = []
        self.told: dict[str, list[Item]] = {name: [] for name in BOTH}
        self.messages: list[Message] = []
        self._outbox = StoredOutbox(
            bench.store, lambda: settings, bench.clock.now, lambda: next(ids), lambda: 0.0, self._wake
        )

    async def deliver(self, *channels: str) -> None:
        for channel in channels or BOTH:
            while items := (await self._outbox.claim(channel)).items:
                messages = compose(items, STYLE)
                outcome = self.says.get(channel, Accepted())
                await self._outbox.record(
                    Sent(
                        channel,
                        tuple(item.delivery_id for item in items),
                        outcome,
                        self.bench.clock.now(),
                        timedelta(0),
                    )
                )
                self.tries.append(channel)
                if outcome == Accepted():
                    self.told[channel] += items
                    self.messages += messages

    def edges(self, channel: str) -> list[str]:
        return [item.told.kind.value for item in self.told[channel] if isinstance(item.told, Transition)]

    def notices(self, channel: str) -> list[tuple[str, str]]:
        """Kind and subject."""
        notices = [item.told for item in self.told[channel] if isinstance(item.told, Notice)]
        return [(notice.kind.value, notice.subject) for notice in notices]

    def _wake(self, channels: Iterable[str]) -> None:
        self.woken |= set(channels)


@asynccontextmanager
async def a_post(
    file: Path, told: tuple[str, ...] = BOTH, notify: tuple[str, ...] = BOTH
) -> AsyncIterator[Post]:
    async with a_ledger(file, rule(notify=told)) as bench:
        yield Post(bench, notify)


def run(play: Coroutine[None, None, None]) -> None:
    asyncio.run(play)


def test_a_permanent_failure_is_told_through_the_other_channel_once_per_episode(file: Path) -> None:
    async def play() -> None:
        async with a_post(file) as post:
            post.says["phone"] = REVOKED
            for answer in (IN, OUT, IN):
                await post.bench.poll(answer)
                await post.deliver()
            assert post.tries.count("phone") == 3, "none was tried again"
            assert post.notices("ops") == [("delivery failed", "phone")]
            assert post.edges("ops") == ["fired", "resolved", "fired"]
            assert post.woken == set(BOTH)

            del post.says["phone"]
            await post.bench.poll(OUT)
            await post.deliver()
            post.says["phone"] = REVOKED
            await post.bench.poll(IN)
            await post.deliver()
            await post.deliver()
            assert post.notices("ops") == [("delivery failed", "phone")] * 2, "a new episode"

    run(play())
    failed = "SELECT DISTINCT state, reason FROM delivery WHERE channel = 'phone' AND state != 'sent'"
    assert stored(file, failed) == [("failed", REVOKED.reason)]


def test_the_only_channel_that_fails_for_good_has_no_other_to_say_so(file: Path) -> None:
    async def play() -> None:
        async with a_post(file, ("phone",), ("phone",)) as post:
            post.says["phone"] = REVOKED
            await post.bench.poll(IN)
            await post.deliver()
            assert post.notices("ops") == []

    run(play())
    assert stored(file, "SELECT state FROM delivery") == [("failed",)]
    assert stored(file, "SELECT count(*) FROM notice") == [(0,)]


def test_notices_about_each_others_channels_make_no_storm(file: Path) -> None:
    async def play() -> None:
        async with a_post(file) as post:
            post.says = dict.fromkeys(BOTH, REVOKED)
            for _ in range(20):
                await post.bench.poll(IN)
                await post.deliver()
            assert len(post.tries) == 4, "the stock to each, and one notice about each"

    run(play())
    assert stored(file, WAITING) == [(0,)]
    assert stored(file, "SELECT subject FROM notice ORDER BY subject") == [("ops",), ("phone",)]


def test_a_notice_that_fails_raises_no_other(file: Path) -> None:
    async def play() -> None:
        async with a_post(file, told=("phone",)) as post:
            post.says = dict.fromkeys(BOTH, REVOKED)
            await post.bench.poll(IN)
            await post.deliver()
            await post.deliver()
            assert post.tries == ["phone", "ops"]

    run(play())
    assert stored(file, "SELECT subject FROM notice") == [("phone",)]


def test_a_channel_that_is_dead_for_a_day_delays_no_other_and_loses_nothing_silently(file: Path) -> None:
    async def play() -> None:
        async with a_post(file) as post:
            post.says["phone"] = DOWN
            for hour in range(24):
                for answer in (IN, OUT):
                    before = len(post.edges("ops"))
                    await post.bench.poll(answer, after=1800)
                    await post.deliver()
                    assert len(post.edges("ops")) == before + 1, f"at once, in hour {hour}"
            assert post.edges("phone") == []
            assert post.notices("ops") == [("delivery failed", "phone")]

            del post.says["phone"]
            await post.bench.poll(IN, after=1800)
            await post.deliver()
            windows = [item for item in post.told["phone"] if item.resolve is not None]
            assert len(post.told["phone"]) == len(windows) + 1
            assert 5 <= len(windows) <= 6, "one an hour, of the last six hours"

    run(play())
    assert stored(file, WAITING) == [(0,)]
    ends = "SELECT DISTINCT state, reason FROM delivery WHERE channel = 'phone' ORDER BY state, reason"
    assert stored(file, ends) == [
        ("expired", "gave up: HTTP 503"),
        ("muted", "merged"),
        ("sent", None),
    ]


def test_a_thousand_changes_at_once_are_grouped_in_order_and_none_is_lost(file: Path) -> None:
    codes = [f"PRD-{number:04}" for number in range(1000)]

    async def play() -> None:
        async with a_post(file, ("phone",)) as post:
            await post.bench.poll(dict.fromkeys(codes, 0))
            await post.bench.poll(dict.fromkeys(codes, 2))
            await post.deliver()
            await post.bench.poll(dict.fromkeys(codes, 0))
            await post.deliver()
            assert len(post.told["phone"]) == 2000
            assert post.edges("phone") == ["fired"] * 1000 + ["resolved"] * 1000
            assert len(post.messages) <= 40
            texts = [f"{message.title}\n{message.body}" for message in post.messages]
            for code in codes:
                assert sum(code in text for text in texts) == 2, code

    run(play())
    assert stored(file, WAITING) == [(0,)]


def test_an_answer_that_was_lost_makes_one_repeat_that_says_so(file: Path) -> None:
    async def play() -> None:
        async with a_post(file, ("phone",)) as post:
            post.says["phone"] = LOST
            await post.bench.poll(IN)
            await post.deliver()
            del post.says["phone"]
            await post.bench.poll(IN)
            await post.deliver()
            await post.bench.poll(IN)
            await post.deliver()
            assert post.tries == ["phone", "phone"]
            [message] = post.messages
            assert "(possible repeat)" in message.title

    run(play())


def test_a_rule_that_is_removed_has_nothing_left_to_tell(file: Path) -> None:
    async def play() -> None:
        async with a_post(file) as post:
            post.says["phone"] = DOWN
            await post.bench.poll(IN)
            await post.deliver("phone")
            removed = await post.bench.store.retain([], BOTH, [FEED], post.bench.clock.now())
            assert (removed.rules, removed.deliveries) == (("nodes",), 2)
            post.says.clear()
            post.bench.clock.advance(3600)
            await post.deliver()
            assert post.told == {"phone": [], "ops": []}

    run(play())
    assert stored(file, "SELECT DISTINCT state, reason FROM delivery") == [("expired", "rule removed")]
