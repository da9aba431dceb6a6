"""What is kept of an upstream's text: little, visible, and without secrets."""

import pytest

from monitor.source.excerpt import excerpt, one_line, redact

SECRET = 'sk-a/b+c"d'


@pytest.mark.parametrize(
    "spelled",
    [SECRET, 'sk-a/b+c\\"d', 'sk-a\\/b+c\\"d', "sk-a/b%2Bc%22d", "sk-a%2Fb%2Bc%22d", "sk-a/b+c&quot;d"],
    ids=["plain", "JSON", "JSON with escaped slashes", "URL path", "URL query", "HTML"],
)
def test_a_secret_is_struck_out_however_it_is_spelled(spelled: str) -> None:
    assert redact(f"no key {spelled}!", [SECRET]) == "no key ***!"


@pytest.mark.parametrize(
    "text", ["Bearer abc.def", "bearer  abc", "BEARER%20abc", "Bearer: abc", "bearer+abc"]
)
def test_any_bearer_token_is_struck_out(text: str) -> None:
    assert "abc" not in redact(f"you sent {text}", [])


def test_an_empty_secret_strikes_nothing() -> None:
    assert redact("text", [""]) == "text"


@pytest.mark.parametrize("shift", range(60))
def test_a_secret_at_the_edge_of_the_excerpt_leaves_no_part_of_it(shift: int) -> None:
    secret = "0123456789" * 3
    edge = 4 * 1024 + 4 * len(secret)
    for before in (1024 - shift, edge - shift):
        kept = (
            excerpt(b" ".join([secret.encode()] * 40) + b"x" * before + secret.encode() * 2, [secret]) or ""
        )
        assert "0123" not in kept


def test_an_excerpt_is_one_visible_line_of_at_most_a_kilobyte() -> None:
    assert excerpt(b"a\r\n\tb\x00c\x1b[31m\xff" + "\u202ed\u200be".encode()) == "a b c [31m\ufffd d e"
    assert len(excerpt(b"x" * 10_000_000) or "") == 1024


@pytest.mark.parametrize("body", [b"", b" \r\n\0"])
def test_nothing_to_show_is_no_excerpt(body: bytes) -> None:
    assert excerpt(body) is None


def test_white_space_is_made_single() -> None:
    assert one_line("  a \n\n b\u3000c ") == "a b c"
