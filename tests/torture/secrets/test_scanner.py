"""A canary is found in whatever spelling, whole or in part, and nothing else is."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from tests.torture.secrets.canaries import mint
from tests.torture.secrets.scanner import Canary, Scanner

SECRET = Canary("key", "canary-k3y9x7q2w5e8r1t4/+&='", "k3y9x7q2w5e8r1t4", user="ops")
SCANNER = Scanner([SECRET])


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET.text,
        SECRET.text.upper(),
        quote(SECRET.text),
        quote(SECRET.text, safe=""),
        quote_plus(SECRET.text),
        html.escape(SECRET.text),
        json.dumps({"x": SECRET.text}),
        json.dumps(json.dumps({"x": SECRET.text})),
        repr(SECRET.text),
        SECRET.core[2:13],
        SECRET.text[:18],
        base64.b64encode(b"ops:" + SECRET.text.encode()).decode(),
        base64.b64encode(b"x" + SECRET.text.encode() + b"y").decode(),
        base64.urlsafe_b64encode(b"xy" + SECRET.text.encode() + b"z").decode(),
        SECRET.text.encode().hex(),
        SECRET.text[::-1],
    ],
)
def test_a_planted_secret_is_found_however_it_is_spelled(spelled: str) -> None:
    line = f'{{"level": "debug", "message": "asked {spelled} for it"}}'.encode()
    hits = SCANNER.scan("log", b"x" * 500 + line + b"y" * 500)
    assert {hit.canary for hit in hits} == {"key"}
    assert all(hit.place == "log" for hit in hits)


@pytest.mark.parametrize("harmless", ["", "canary", "***", SECRET.core[:9], "canary-key", "k3y9 x7q2 w5e8"])
def test_what_is_no_secret_is_not_found(harmless: str) -> None:
    assert SCANNER.scan("log", f"asked {harmless} for it".encode()) == []


def test_bytes_that_are_no_text_are_searched_as_well() -> None:
    (hit, *_) = SCANNER.scan("page", b"\xff\xfe" + SECRET.text.encode() + b"\x00\x80")
    assert hit.at == 2


def test_the_canaries_of_a_run_are_its_own_and_differ_from_each_other() -> None:
    assert mint(1) == mint(1)
    cores = [canary.core for seed in (1, 2) for canary in mint(seed).all()]
    assert len(set(cores)) == len(cores)
