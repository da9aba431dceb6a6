import asyncio
import json
import logging
import socket

import pytest

from monitor.core.errors import MonitorError
from monitor.simulator.catalogue import Lively
from monitor.simulator.server import CONNECTION_LIMIT, HOST, Simulator
from monitor.simulator.wire import BODY_LIMIT, HEAD_LIMIT
from tests.simulator.client import KEY, LIST, Clock, Running, read, request, serve, until_closed


def test_a_connection_is_kept_alive() -> None:
    async def use(running: Running) -> None:
        reader, writer = await running.connect()
        for _ in range(3):
            writer.write(request("GET", LIST, KEY))
            got = await read(reader)
            assert (got.status, got.headers["connection"]) == (200, "keep-alive")
        writer.write(request("GET", LIST, {**KEY, "Connection": "close"}))
        assert (await read(reader)).headers["connection"] == "close"
        assert await reader.read() == b""
        writer.close()

    serve(use)


def test_requests_sent_together_are_answered_in_turn() -> None:
    async def use(running: Running) -> None:
        reader, writer = await running.connect()
        writer.write(request("GET", LIST, KEY) + request("GET", "/elsewhere", {}))
        assert [(await read(reader)).status, (await read(reader)).status] == [200, 404]
        writer.close()

    serve(use)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"rubbish\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET http://[ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * HEAD_LIMIT + b"\r\n\r\n", 431),
        (b"POST /notify/a HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
        (b"POST /notify/a HTTP/1.1\r\ncontent-length: 1%d\r\n\r\n" % BODY_LIMIT, 413),
        (b"POST /notify/a HTTP/1.1\r\ncontent-length: " + b"9" * 5000 + b"\r\n\r\n", 413),
        (b"POST /notify/a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", 411),
    ],
)
def test_what_is_no_fit_request_is_refused_and_the_connection_closed(raw: bytes, status: int) -> None:
    async def use(running: Running) -> None:
        got = await running.ask(raw)
        assert (got.status, got.headers["connection"]) == (status, "close")
        assert got.json["status"] == status

    serve(use)


def test_a_client_that_leaves_in_the_middle_of_a_request_does_no_harm() -> None:
    async def use(running: Running) -> None:
        for part in (b"GET", b"POST /notify/a HTTP/1.1\r\ncontent-length: 9\r\n\r\nabc"):
            _, writer = await running.connect()
            writer.write(part)
            writer.close()
            await writer.wait_closed()
        assert (await running.get()).status == 200

    serve(use)


def test_an_old_client_gets_its_answer_and_the_end() -> None:
    async def use(running: Running) -> None:
        got = await running.ask(b"GET /elsewhere HTTP/1.0\r\n\r\n")
        assert (got.status, got.headers["connection"]) == (404, "close")

    serve(use)


def test_connections_over_the_limit_are_turned_away() -> None:
    async def use(running: Running) -> None:
        open_ones = []
        for _ in range(CONNECTION_LIMIT):
            reader, writer = await running.connect()
            writer.write(request("GET", "/elsewhere", {}))
            assert (await read(reader)).status == 404
            open_ones.append(writer)
        reader, writer = await running.connect()
        assert (await read(reader)).status == 503
        for opened in [writer, *open_ones]:
            opened.close()

    serve(use)


def test_messages_reach_the_callback_with_their_channel() -> None:
    async def use(running: Running) -> None:
        body = json.dumps({"version": "1.0", "title": "恢复有货", "message": "a\nb", "type": "info"}).encode()
        assert (await running.post("/notify/terminal-zh", body)).status == 200
        assert (await running.post("/notify/terminal/", b"{}")).status == 200

    assert serve(use).messages == [("terminal-zh", "恢复有货", "a\nb"), ("terminal", "", "")]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/notify/", b"{}", 404),
        ("/notify/a", b"", 400),
        ("/notify/a", b"\xff", 400),
        ("/notify/a", b"[]", 400),
        ("/notify/a", b"[" * 100_000, 400),
        ("/notify/a", b'{"title": 1}', 400),
        ("/notify/a", b'{"message": null}', 400),
    ],
)
def test_what_is_no_message_is_refused(path: str, body: bytes, status: int) -> None:
    async def use(running: Running) -> None:
        assert (await running.post(path, body)).status == status

    assert not serve(use).messages


def test_without_a_callback_messages_are_taken_and_forgotten() -> None:
    async def run() -> None:
        simulator = Simulator(Lively(), Clock())
        await simulator.start()
        assert (await Running(simulator, Clock()).post("/notify/a", b"{}")).status == 200
        await simulator.stop()

    asyncio.run(run())


def test_a_busy_port_ends_with_a_sentence_that_says_what_to_do() -> None:
    with socket.create_server((HOST, 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(MonitorError) as caught:
            asyncio.run(Simulator(Lively(), Clock()).start(port))
    assert caught.value.exit_code == 1
    assert str(caught.value) == (
        f"port {port} of 127.0.0.1 is in use: stop what has it, or choose another --port (0: a free one)"
    )


@pytest.mark.parametrize("port", [65536, -1, 10**9])
def test_a_port_that_cannot_be_is_refused(port: int) -> None:
    with pytest.raises(MonitorError, match=rf"there is no port {port}: choose one from 1024 to 65535"):
        asyncio.run(Simulator(Lively(), Clock()).start(port))


def test_the_server_is_on_loopback_at_the_port_that_was_asked_for() -> None:
    async def run() -> None:
        with socket.create_server((HOST, 0)) as probe:
            port = probe.getsockname()[1]
        simulator = Simulator(Lively(), Clock())
        await simulator.start(port)
        assert simulator.url == f"http://127.0.0.1:{port}"
        await simulator.stop()

    asyncio.run(run())


def test_a_stopped_server_has_no_address_and_may_be_stopped_again() -> None:
    async def run() -> None:
        simulator = Simulator(Lively(), Clock())
        await simulator.stop()
        await simulator.start()
        await simulator.stop()
        await simulator.stop()
        with pytest.raises(RuntimeError, match="not started"):
            _ = simulator.url

    asyncio.run(run())


def test_a_connection_accepted_while_stopping_is_dropped() -> None:
    async def use(running: Running) -> None:
        reader, writer = await running.connect()
        await running.simulator.stop()
        assert await until_closed(reader) == b""
        writer.close()

    serve(use)


def test_a_stop_drops_open_connections_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    """asyncio of Python 3.11 puts a traceback on standard error for each of them that ends as cancelled."""

    async def use(running: Running) -> None:
        reader, writer = await running.connect()
        writer.write(request("GET", LIST, KEY))
        assert (await read(reader)).status == 200
        await running.simulator.stop()
        await until_closed(reader)
        writer.close()

    serve(use)
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
