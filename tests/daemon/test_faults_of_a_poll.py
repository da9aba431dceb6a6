"""From the wire to the tables: what a faulty answer leaves in the database, and the poll after it."""

import asyncio
import gzip
from pathlib import Path

import pytest

from tests.daemon.stage import edges
from tests.daemon.wired import all_but_polls, wired
from tests.source.answers import FORBIDDEN, SERVER_ERROR, body, row
from tests.source.asking import KEY
from tests.source.test_body import HUGE
from tests.source.test_envelope import BROKEN as NOT_JSON
from tests.source.test_transport import BROKEN as BROKEN_OFF
from tests.source.test_transport import SLOW
from tests.source.toxic_server import Part, answers, http

IN = body(row(remainingCount=3), row(productCode="OTHER", remainingCount=0))
OUT = body(row(remainingCount=0), row(productCode="OTHER", remainingCount=0))
EMPTY = body()
LAST = "SELECT outcome, reason, excerpt FROM poll ORDER BY id DESC LIMIT 1"


def page(status: str, text: bytes = b"<html>Oh no</html>", **headers: str) -> Part:
    return answers(http(text, status, **headers))


def ok(text: bytes, **headers: str) -> Part:
    return answers(http(text, **headers))


PATIENT = {
    "HTTP 401": (page("401 Unauthorized"), "unauthorized: the key was refused (HTTP 401)"),
    "HTTP 403": (page("403 Forbidden"), "forbidden: the key was refused (HTTP 403)"),
    "403 in the envelope": (ok(FORBIDDEN), "forbidden: the key was refused (status 403 in the answer"),
    "HTTP 429": (page("429 Slow down"), "rate limited"),
    "HTTP 429 with a date": (
        page("429 Slow down", retry_after="Sun, 01 Jun 2025 12:00:30 GMT"),
        "rate limited",
    ),
    "HTTP 500": (page("500 Oh"), "server error (HTTP 500)"),
    "500 in the envelope": (ok(SERVER_ERROR), "server error (status 500 in the answer"),
    "HTTP 502 as a page": (page("502 Bad Gateway"), "server error (HTTP 502)"),
    "HTTP 503": (page("503 Busy"), "server error (HTTP 503)"),
}
PLAIN = {
    **BROKEN_OFF,
    **{name: (ok(text), "") for name, text in NOT_JSON.items()},
    "more than the cap": (HUGE["announced"], "larger than 16 MiB"),
    "a redirect": (page("302 Found", location="/login"), "redirected to /login, not followed"),
    "no content": (answers(b"HTTP/1.1 204 No Content\r\n\r\n"), "unexpected answer (HTTP 204)"),
    "another encoding": (ok(b"\x0b\x02\x80{}\x03", content_encoding="br"), "not asked for: br"),
    "gzip cut short": (ok(gzip.compress(IN)[:-9], content_encoding="gzip"), "gzip data is cut short"),
    "status as text": (ok(body(row(), status=b'"200"')), "status is not the number 200"),
    "status missing": (ok(b'{"data": []}'), "status is not the number 200"),
    "data as an object": (ok(b'{"status": 200, "data": {}}'), "its data is not a list"),
    "data as null": (ok(b'{"status": 200, "data": null}'), "its data is not a list"),
    "a list of nulls": (ok(body(b"null", b"null")), "no usable row among 2 rows"),
    "no usable count": (ok(body(row(remainingCount="6.0"))), "no usable row among 1 row"),
    "only a contradiction": (ok(body(row(remainingCount=0), row())), "no usable row among 2 rows"),
    "an empty list": (ok(EMPTY), "empty list"),
}


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW.keys())
def test_an_answer_that_does_not_end_is_one_failed_poll_and_the_next_interval_is_well(
    fault: Part, file: Path
) -> None:
    asyncio.run(play(file, fault, "no complete answer within", most_slots=1, timeout_s=0.3))


@pytest.mark.parametrize(("fault", "reason"), PLAIN.values(), ids=PLAIN.keys())
def test_a_fault_is_one_failed_poll_and_the_next_interval_is_well(
    fault: Part, reason: str, file: Path
) -> None:
    asyncio.run(play(file, fault, reason, most_slots=1))


@pytest.mark.parametrize(("fault", "reason"), PATIENT.values(), ids=PATIENT.keys())
def test_a_complaint_is_one_failed_poll_and_all_is_well_when_the_wait_is_over(
    fault: Part, reason: str, file: Path
) -> None:
    asyncio.run(play(file, fault, reason, most_slots=2))


async def play(file: Path, fault: Part, reason: str, most_slots: int, timeout_s: float = 5) -> None:
    async with wired(file, ok(IN), fault, ok(OUT), timeout_s=timeout_s) as wire:
        assert edges((await wire.next_poll())[0]) == ["fired"]
        before = all_but_polls(file)

        await wire.next_poll()
        [(outcome, said, excerpt)] = wire.rows(LAST)
        assert outcome == "failed"
        assert said
        assert reason in str(said)
        assert KEY not in f"{said} {excerpt}"
        assert all_but_polls(file) == before

        taken, slots = await wire.next_poll()
        assert wire.rows(LAST) == [("ok", None, None)]
        assert edges(taken) == ["resolved"]
        assert slots <= most_slots
