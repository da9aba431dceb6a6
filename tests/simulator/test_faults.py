"""That a fault is what it says, seen from the other end of the wire."""

import asyncio
import json

import pytest

from monitor.simulator.api import trouble
from monitor.simulator.offer import Offer
from monitor.simulator.scenario import Fault, FaultKind, Scripted
from monitor.simulator.server import DRIP_EVERY_S, DRIPS
from tests.simulator.client import KEY, LIST, Running, read, request, serve, until_closed

NODE = Offer("PRD-TRAIN-1", "one", 1, "NVIDIA-H800A-NV-80G", remaining=3)


def faulty(kind: FaultKind) -> Scripted:
    return Scripted((NODE,), faults=(Fault(kind, 5, 9.5),))


@pytest.mark.parametrize(
    ("kind", "status", "message"),
    [
        (FaultKind.FORBIDDEN, 403, "Forbidden"),
        (FaultKind.SERVER_ERROR, 500, "Internal Server Error"),
        (FaultKind.RATE_LIMITED, 429, "Too Many Requests"),
    ],
)
def test_an_error_status_comes_with_the_envelope_and_then_ends(
    kind: FaultKind, status: int, message: str
) -> None:
    async def use(running: Running) -> None:
        assert (await running.get()).status == 200
        running.clock.at_s += 5
        got = await running.get()
        assert (got.status, got.json) == (status, {"status": status, "message": message, "data": {}})
        running.clock.at_s += 4.5
        assert (await running.get()).status == 200

    assert len(serve(use, faulty(kind)).simulator.served_log) == 2


def test_too_many_requests_says_when_the_fault_ends() -> None:
    async def use(running: Running) -> None:
        running.clock.at_s += 6
        assert (await running.get()).headers["retry-after"] == "4"

    serve(use, faulty(FaultKind.RATE_LIMITED))


def test_an_empty_list_is_a_good_answer() -> None:
    async def use(running: Running) -> None:
        running.clock.at_s += 5
        got = await running.get()
        assert (got.status, got.json) == (200, {"status": 200, "message": "OK", "data": []})
        assert (await running.get(headers={})).status == 403

    assert not serve(use, faulty(FaultKind.EMPTY)).simulator.served_log


def test_a_sign_in_page_is_html_with_status_200() -> None:
    async def use(running: Running) -> None:
        running.clock.at_s += 5
        got = await running.get()
        assert (got.status, got.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert got.body.startswith(b"<!DOCTYPE html>")

    serve(use, faulty(FaultKind.HTML))


def test_a_reset_reaches_the_client_as_a_reset() -> None:
    async def use(running: Running) -> None:
        running.clock.at_s += 5
        reader, writer = await running.connect()
        writer.write(request("GET", LIST, KEY))
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()

    serve(use, faulty(FaultKind.RESET))


def test_a_hanging_request_gets_no_byte_and_holds_nobody_else_up() -> None:
    async def use(running: Running) -> None:
        running.clock.at_s += 5
        reader, writer = await running.connect()
        writer.write(request("GET", LIST, KEY))
        pending = asyncio.ensure_future(reader.read(1))
        assert (await running.get("/elsewhere")).status == 404
        running.clock.at_s += 60
        assert (await running.get()).status == 200
        assert not pending.done()
        pending.cancel()
        writer.close()

    serve(use, faulty(FaultKind.HANG))


def test_stopping_drops_those_who_still_wait() -> None:
    async def use(running: Running) -> None:
        running.clock.at_s += 5
        reader, writer = await running.connect()
        writer.write(request("GET", LIST, KEY))
        while not running.simulator.request_count:
            await running.get("/elsewhere")
        await running.simulator.stop()
        assert await until_closed(reader) == b""
        writer.close()

    serve(use, faulty(FaultKind.HANG))


def test_a_slow_answer_is_whole_but_takes_longer_than_any_patience() -> None:
    async def use(running: Running) -> None:
        running.clock.at_s += 5
        got = await running.get()
        assert got.json["data"][0]["remainingCount"] == 3

    running = serve(use, faulty(FaultKind.SLOW))
    assert set(running.sleeps) == {DRIP_EVERY_S}
    assert 45 <= sum(running.sleeps) <= DRIPS * DRIP_EVERY_S


def test_a_slow_answer_that_nobody_waits_for_was_not_served() -> None:
    async def use(running: Running) -> None:
        running.clock.at_s += 5
        reader, writer = await running.connect()
        writer.write(request("GET", LIST, KEY))
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()
        running.clock.at_s += 60
        assert (await running.get()).status == 200

    simulator = serve(use, faulty(FaultKind.SLOW)).simulator
    assert simulator.request_count == 2


def test_a_fault_leaves_the_receiver_alone() -> None:
    async def use(running: Running) -> None:
        running.clock.at_s += 5
        assert (await running.post("/notify/phone", b'{"title": "t", "message": "m"}')).status == 200

    assert serve(use, faulty(FaultKind.SERVER_ERROR)).messages == [("phone", "t", "m")]


def test_a_connection_goes_on_after_an_error() -> None:
    async def use(running: Running) -> None:
        reader, writer = await running.connect()
        statuses = []
        for _ in range(3):
            writer.write(request("GET", LIST, KEY))
            statuses.append((await read(reader)).status)
            running.clock.at_s += 5
        writer.close()
        assert statuses == [200, 500, 200]

    serve(use, faulty(FaultKind.SERVER_ERROR))


def test_trouble_carries_an_object_and_no_list() -> None:
    assert json.loads(trouble(503).body) == {"status": 503, "message": "Service Unavailable", "data": {}}
