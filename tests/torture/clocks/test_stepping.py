"""The real process under a wall clock that steps; and the judge of what it told."""

from pathlib import Path

import pytest

from tests.requirements import require_that
from tests.torture.clocks.stepping import alike, judge, library, play


def test_polls_go_on_and_each_message_arrives_once(tmp_path: Path) -> None:
    faketime = library()
    require_that(faketime is not None, "libfaketime")
    assert faketime is not None
    stepped = play(tmp_path, faketime, ("+86400", "@1970-01-02 00:00:00"), lambda _: None)
    assert stepped.objections == []
    assert [told.title.split()[0] for told in stepped.messages] == ["BACK", "SOLD"]


@pytest.mark.parametrize(
    ("titles", "objection"),
    [
        pytest.param(["BACK IN STOCK 3 nodes"], "1 messages after 2 changes", id="one lost"),
        pytest.param(["BACK IN STOCK 3", "BACK IN STOCK 3", "SOLD OUT"], "3 messages", id="one twice"),
        pytest.param(["SOLD OUT", "BACK IN STOCK 3"], "message 0 is", id="out of order"),
    ],
)
def test_what_is_lost_repeated_or_out_of_order_is_objected_to(titles: list[str], objection: str) -> None:
    assert objection in " ".join(judge(titles, 2))


def test_channels_that_differ_are_objected_to() -> None:
    assert list(alike({"hook": ["a", "b"], "mail": ["b", "a"]}))
    assert not list(alike({"hook": ["a", "b"], "mail": ["a", "b"]}))
