"""Bodies: encodings, sizes, and what is no JSON at all."""

import asyncio
import gzip
import zlib
from pathlib import Path

import httpx
import pytest

from monitor.core.answer import FailureKind, Listing
from tests.fakes.counting_threads import CountingThreads
from tests.source.answers import TWO_PRODUCTS, body, row
from tests.source.asking import FEED, Answer, ask, client, failed, failure_of
from tests.source.toxic_server import (
    Part,
    answers,
    endless,
    http,
    serving,
)

OK = http(TWO_PRODUCTS)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (http(b"<!doctype html><title>Log in</title>", content_type="text/html"), "not JSON but a web page"),
        (http(b""), "the body is empty"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "the body is empty"),
    ],
    ids=["captive portal", "empty", "empty without a length"],
)
def test_a_200_without_json_says_what_came(response: bytes, reason: str) -> None:
    answer = failure_of(answers(response))
    assert answer.kind is FailureKind.NOT_JSON
    assert answer.reason.startswith(reason)


def test_the_body_counts_and_not_its_content_type() -> None:
    (answer,), _ = ask(answers(http(TWO_PRODUCTS, content_type="text/html; charset=gbk")))
    assert isinstance(answer, Listing)


def bare_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(data) + squeezer.flush()


@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        ("gzip", gzip.compress(TWO_PRODUCTS)),
        ("GZIP", gzip.compress(TWO_PRODUCTS)),
        ("deflate", zlib.compress(TWO_PRODUCTS)),
        ("deflate", bare_deflate(TWO_PRODUCTS)),
        ("identity", TWO_PRODUCTS),
    ],
)
def test_a_body_is_decoded(encoding: str, encoded: bytes) -> None:
    (answer,), _ = ask(answers(http(encoded, content_encoding=encoding)))
    assert isinstance(answer, Listing)
    assert len(answer.rows) == 2


@pytest.mark.parametrize(
    ("encoding", "encoded", "reason"),
    [
        ("br", b"\x0b\x02\x80{}\x03", "the answer is encoded in a way that was not asked for: br"),
        ("gzip, gzip", b"", "the answer is encoded in a way that was not asked for: gzip, gzip"),
        ("gzip", gzip.compress(TWO_PRODUCTS)[:-12], "the answer's gzip data is cut short"),
        ("gzip", b"", "the answer's gzip data is cut short"),
        ("gzip", TWO_PRODUCTS, "the answer is broken gzip data"),
        ("gzip", gzip.compress(TWO_PRODUCTS)[:-8] + b"12345678", "the answer is broken gzip data"),
        ("gzip", gzip.compress(TWO_PRODUCTS) + b"more", "the answer goes on after the end of its gzip data"),
        ("deflate", b"\xff\xff", "the answer is broken deflate data"),
    ],
)
def test_a_body_that_cannot_be_decoded_is_a_failed_poll(encoding: str, encoded: bytes, reason: str) -> None:
    assert failure_of(answers(http(encoded, content_encoding=encoding))).reason == reason


def gzip_bomb(mebibytes: int) -> bytes:
    squeezer = zlib.compressobj(9, wbits=31)
    return b"".join(squeezer.compress(b" " * 2**20) for _ in range(mebibytes)) + squeezer.flush()


GZIPPED = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10]
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
HUGE: dict[str, Part] = {
    "gzip bomb": answers(http(gzip_bomb(300), content_encoding="gzip")),
    "announced": answers(b"HTTP/1.1 200 OK\r\ncontent-length: 419430400\r\n\r\n"),
    "endless": endless(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536),
    "endless chunks": endless(CHUNKED, b"1000\r\n" + b" " * 4096 + b"\r\n"),
    "endless empty gzip blocks": endless(GZIPPED, b"\x00\x00\x00\xff\xff" * 9999),
}


@pytest.mark.parametrize("part", HUGE.values(), ids=HUGE.keys())
def test_a_huge_body_is_cut_at_the_cap_with_memory_flat(part: Part) -> None:
    Path("/proc/self/clear_refs").write_text("5")  # the peak of the tests before this one is none of ours
    before_kib = peak_kib()
    answer = failure_of(part, timeout_s=10)
    assert (answer.kind, answer.reason) == (FailureKind.TOO_LARGE, "the answer is larger than 16 MiB")
    assert peak_kib() - before_kib < 80 * 1024


def peak_kib() -> int:
    [peak] = [line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line]
    return int(peak.split()[1])


@pytest.mark.parametrize(("over", "kind"), [(0, None), (1, FailureKind.TOO_LARGE)])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_the_cap_counts_decoded_bytes_exactly(over: int, kind: FailureKind | None, encoding: str) -> None:
    plain = TWO_PRODUCTS + b" " * (5000 - len(TWO_PRODUCTS) + over)
    sent = gzip.compress(plain) if encoding == "gzip" else plain

    async def poll() -> Answer:
        async with (
            serving(answers(http(sent, content_encoding=encoding))) as toxic,
            client(toxic.url, largest_body=5000) as asking,
        ):
            return await asking.fetch(FEED)

    answer = asyncio.run(poll())
    assert isinstance(answer, Listing) if kind is None else failed(answer, kind)


@pytest.mark.parametrize(("rows", "threads"), [(10, 0), (300, 1)], ids=["small", "above 64 KiB"])
def test_a_big_answer_is_read_beside_the_loop_and_a_small_one_at_once(rows: int, threads: int) -> None:
    sent = body(*(row(productCode=f"P{n}", name="x" * 200) for n in range(rows)))
    served = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(sent)))

    async def poll() -> tuple[Answer, int]:
        pool = CountingThreads()
        asyncio.get_running_loop().set_default_executor(pool)
        async with client("http://127.0.0.1:9", 20, served) as asking:
            return await asking.fetch(FEED), pool.count

    answer, count = asyncio.run(poll())
    assert isinstance(answer, Listing)
    assert len(answer.rows) == rows
    assert count == threads
