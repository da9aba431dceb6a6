"""The small languages of monitor.toml: what is understood, and what is said of the rest."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import values

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("2h", 7200),
        ("30d", 2_592_000),
        ("250ms", 0.25),
        ("1h30m", 5400),
        ("0s", 0),
    ],
)
def test_a_duration_is_whole_numbers_with_units(text: str, seconds: float) -> None:
    assert values.duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("5 sec", 'did you mean "5s"?'),
        ("5 seconds", 'did you mean "5s"?'),
        ("10 min", 'did you mean "10m"?'),
        ("2hours", 'did you mean "2h"?'),
        ("3 Days", 'did you mean "3d"?'),
        ("-5s", 'cannot read "-5s"'),
        ("", 'cannot read ""'),
        ("1.5h", "cannot read"),
        ("5m2h", "cannot read"),
        ("５s", "cannot read"),
        ("5s\n", "cannot read"),
        (15, 'must be a duration in quotes, with its unit: "15s"'),
        (-1, "must be a duration in quotes"),
        (True, "must be a duration in quotes"),
        (1.5, "must be a duration in quotes"),
        (None, "must be a duration in quotes"),
        ("3651d", "is longer than 3650d"),
        ("999999999999d", "is longer than 3650d"),
        ("9" * 10_000 + "s", "cannot read"),
    ],
)
def test_what_is_no_duration_is_told_with_what_to_write(value: object, told: str) -> None:
    with pytest.raises(ValueError) as caught:
        values.duration(value)
    assert told in str(caught.value)
    assert len(str(caught.value)) < 200


@given(st.timedeltas(min_value=timedelta(0), max_value=values.LONGEST_DURATION))
def test_a_duration_is_written_as_it_is_read(span: timedelta) -> None:
    whole = timedelta(milliseconds=span // timedelta(milliseconds=1))
    assert values.duration(values.duration_text(whole)) == whole


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://api.alayanew.com", "https://api.alayanew.com"),
        ("https://api.alayanew.com/", "https://api.alayanew.com"),
        ("HTTPS://api.alayanew.com:8443", "https://api.alayanew.com:8443"),
        ("http://127.0.0.1:8099", "http://127.0.0.1:8099"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:8099", "http://[::1]:8099"),
    ],
)
def test_a_base_url_is_a_scheme_and_a_host(text: str, address: str) -> None:
    assert values.base_url(text) == address


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http://api.alayanew.com", "must begin with https://"),
        ("http://127.0.0.1.example.org", "must begin with https://"),
        ("http://0.0.0.0", "must begin with https://"),
        (f"https://me:{SECRET}@api.alayanew.com", "no user name and no password"),
        (f"https://{SECRET}@api.alayanew.com", "no user name and no password"),
        ("https://@api.alayanew.com", "no user name and no password"),
        ("https://api.alayanew.com/v1", "must have no path"),
        (f"https://api.alayanew.com?key={SECRET}", "no query"),
        ("https://api.alayanew.com?", "no query"),
        ("https://api.alayanew.com/#x", "no fragment"),
        ("api.alayanew.com", "must be a whole address"),
        ("ftp://api.alayanew.com", "must be a whole address"),
        ("https://", "must be a whole address"),
        ("https://:443", "must be a whole address"),
        ("https://host:port", "check its host and port"),
        ("https://host:70000", "check its host and port"),
        ("https://[::1", "check its host and port"),
        ("https://api alayanew", "without spaces"),
        ("https://例子.com", "plain ASCII"),
        ("https://host\n", "plain ASCII"),
        ("", "must be a whole address"),
    ],
)
def test_a_base_url_that_would_give_the_key_away_or_lead_nowhere_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        values.base_url(text)
    assert SECRET not in str(caught.value)


def test_the_public_address_may_have_a_path() -> None:
    assert values.public_url("https://example.org/stock/") == "https://example.org/stock"


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("127.0.0.1:8787", ("127.0.0.1", 8787)),
        ("[::1]:8787", ("::1", 8787)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        ("localhost:80", ("localhost", 80)),
    ],
)
def test_an_address_to_listen_on_is_host_and_port(text: str, pair: tuple[str, int]) -> None:
    assert values.listen(text) == pair


@pytest.mark.parametrize(
    "text", ["8787", ":8787", "::1:8787", "a b:1", "host:", "host:x", "host:70000", "host:-1"]
)
def test_an_address_to_listen_on_without_host_or_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"host and port|above 65535"):
        values.listen(text)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///monitor.db", "monitor.db"),
        ("sqlite:////var/lib/x.db", "/var/lib/x.db"),
        ("sqlite:///a/b", "a/b"),
    ],
)
def test_three_slashes_are_relative_and_four_are_absolute(url: str, path: str) -> None:
    assert values.database_file(url) == path


@pytest.mark.parametrize(
    "url",
    [
        "monitor.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:////",
        "sqlite://x.db",
        "sqlite:///:memory:",
        "sqlite:///a?b",
        "postgresql://h/d",
        "sqlite:///a\nb",
        "",
    ],
)
def test_what_names_no_database_file_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^must "):
        values.database_file(url)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a\tb", "x" * 65, "a\u3000b", "a\u202eb", "a\x00"])
def test_a_name_that_would_confuse_a_command_line_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be a name"):
        values.plain_name(name)


@pytest.mark.parametrize("name", ["ops-mail", "运维", "a.b_c"])
def test_a_name_may_be_of_any_script(name: str) -> None:
    assert values.plain_name(name) == name


@pytest.mark.parametrize("line", ["submit.sh {product_code}", "cd ${home} {aidc_id}", "{}", "{A}"])
def test_a_note_may_hold_braces_of_a_shell(line: str) -> None:
    assert values.note(line) == line


def test_an_own_text_is_quoted_cut_and_escaped() -> None:
    assert values.shown("a\n\x1b" + "b" * 100) == '"a\\n\\u001b' + "b" * 36 + '…"'
