"""Messages are read as a person reads them."""

from tests.torture.clocks.letters import also_in, lines_of
from tests.torture.clocks.receivers import Message

ONE, TWO, THREE = "aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"


def message(title: str, *lines: str) -> Message:
    return Message("phone", 0.0, title, "\n".join(lines), is_answered=True)


def test_a_message_about_one_thing_says_it_in_its_title() -> None:
    told = message(
        "BACK IN STOCK 3 nodes · PRD-A (possible repeat)", "productCode: PRD-A", f"event {ONE}, {TWO}"
    )
    [line] = lines_of(told)
    assert line.events == (ONE, TWO)
    assert line.is_marked
    assert line.says("BACK IN STOCK", "PRD-A")
    assert not line.says("IN STOCK", "PRD-A")
    assert not line.says("BACK IN STOCK", "PRD-B")


def test_a_shared_message_says_it_in_its_lines_and_beyond_them_by_name() -> None:
    told = message(
        "1 IN STOCK · 1 SOLD OUT: PRD-A, PRD-B",
        f"PRD-A · IN STOCK 3 nodes · rule odd · event {ONE}",
        f"PRD-B · SOLD OUT 8 × H800 · rules odd, plain · event {TWO}, {THREE}",
        "also: PRD-C, PRD-D (possible repeat)",
    )
    first, second = lines_of(told)
    assert first.says("IN STOCK", "PRD-A")
    assert not first.is_marked
    assert (second.says("SOLD OUT", "PRD-B"), second.events) == (True, (TWO, THREE))
    assert also_in(told) == ["PRD-C", "PRD-D"]
    assert also_in(message("x", "y")) == []
