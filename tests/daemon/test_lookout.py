"""Polling without a daemon: in turns, with patience, and with the meaning that the daemon gives."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import httpx
import pytest

from monitor.config.secret import SecretRef
from monitor.config.settings import SourceSettings
from monitor.core.errors import UpstreamError
from monitor.core.product import Absent, Seen
from monitor.core.waiting import Answered, Look
from monitor.daemon.clock import SystemClock
from monitor.daemon.lookout import Lookout
from monitor.source.client import Client
from tests.core.builders import CODE, key_of, rule, table

SOON = timedelta(milliseconds=5)
PATIENCE_S = 30
NODES = rule(table(gpu_name="NVIDIA-H800*"))
Handler = Callable[[httpx.Request], httpx.Response]


def listed(*codes: str, aidc_id: int = 1) -> httpx.Response:
    rows = [
        {"name": code, "productCode": code, "aidcId": aidc_id, "remainingCount": 3, "ext": {}}
        for code in codes
    ]
    return answer_of(200, json.dumps({"status": 200, "message": "OK", "data": rows}))


def answer_of(status: int, body: str = "", **headers: str) -> httpx.Response:
    """As from the wire: a body that is yet to be read."""
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body.encode()))


@contextmanager
def lookout(handler: Handler, *names: str, aidc_ids: tuple[int, ...] = ()) -> Iterator[Lookout]:
    clock = SystemClock()
    sources = [
        SourceSettings(name, "http://127.0.0.1:9", SecretRef("env", "THE_KEY"), aidc_ids, SOON)
        for name in names or ("default",)
    ]
    clients = {
        source.name: Client(
            source.base_url, source.name, source.timeout, clock.now, transport=httpx.MockTransport(handler)
        )
        for source in sources
    }
    feeds = [
        Answered(feed, source.interval, timedelta(minutes=1)) for source in sources for feed in source.feeds
    ]
    with closing(Lookout(NODES, sources, feeds, clients, clock)) as made:
        yield made


def after_polls(made: Lookout, count: int) -> Look:
    for _ in range(count):
        look = made.next(PATIENCE_S)
    return look


def test_it_returns_after_each_poll_with_what_that_saw() -> None:
    with lookout(lambda _: listed(CODE)) as made:
        look = made.next(PATIENCE_S)
    _, seen = look.products[key_of()]
    assert isinstance(seen, Seen)
    assert seen.remaining == 3
    assert look.feeds[0].last_ok_at is not None


def test_it_asks_nothing_when_there_is_no_time() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise AssertionError

    with lookout(refuse) as made:
        assert made.next(0).products == {}


def test_every_feed_has_its_turn() -> None:
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("aidcId"))
        return listed(CODE, aidc_id=int(asked[-1] or 0))

    with lookout(answer, aidc_ids=(1, 2, 3)) as made:
        while len(asked) < 6:
            look = made.next(PATIENCE_S)
    assert asked[:3] == ["1", "2", "3"]
    assert {key.aidc_id for key in look.products} == {1, 2, 3}


def test_a_failed_poll_takes_nothing_away_and_tells_its_reason() -> None:
    answers = [listed(CODE)]
    with lookout(lambda _: answers.pop() if answers else answer_of(418)) as made:
        look = after_polls(made, 2)
    assert list(look.products) == [key_of()]
    assert look.feeds[0].failure == "unexpected answer (HTTP 418)"
    assert look.feeds[0].last_ok_at is not None


def test_a_product_that_is_missing_twice_is_gone() -> None:
    answers = [listed(CODE, "PRD-2")]
    with lookout(lambda _: answers.pop() if answers else listed("PRD-2")) as made:
        look = after_polls(made, 3)
    assert look.products[key_of()][1] == Absent(sure=True)
    assert isinstance(look.products[key_of("PRD-2")][1], Seen)


def test_a_key_that_stays_refused_ends_it_with_its_place() -> None:
    with (
        lookout(lambda _: answer_of(403)) as made,
        pytest.raises(
            UpstreamError, match=r"403.*, 3 times; put a valid key into the environment variable THE_KEY"
        ),
    ):
        after_polls(made, 9)


def test_one_good_key_of_two_is_worth_waiting_for() -> None:
    refused: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "Bearer good":
            return listed(CODE)
        refused.append(request)
        return answer_of(403)

    with lookout(answer, "good", "bad") as made:
        while len(refused) < 4:
            look = made.next(PATIENCE_S)
    assert list(look.products) == [key_of(source="good")]


def test_a_source_that_complains_is_left_alone() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer_of(429, **{"retry-after": "600"})

    with lookout(answer) as made:
        after_polls(made, 1)
        made.next(20 * SOON.total_seconds())
    assert len(asked) == 1


def test_what_breaks_inside_is_not_waited_for_in_silence() -> None:
    source = SourceSettings("default", "http://127.0.0.1:9", SecretRef("env", "THE_KEY"))
    feed = Answered(source.feeds[0], source.interval, timedelta(minutes=1))
    with (
        closing(Lookout(NODES, [source], [feed], {}, SystemClock())) as made,
        pytest.raises(KeyError, match="default"),
    ):
        made.next(PATIENCE_S)
