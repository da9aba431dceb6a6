"""The judges of the other parts: crowds, pace and isolation, and what each of them finds."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import pytest

from tests.torture.receivers.crowd import ordered_and_grouped, paced
from tests.torture.receivers.isolation import Measured, compared, delays, lateness
from tests.torture.receivers.visits import Reply, Visit

CODES = [f"PRD-{number}" for number in range(10, 40)]
CAME, WENT = f"30 BACK IN STOCK: {', '.join(CODES)}", f"30 SOLD OUT: {', '.join(CODES)}"
QUIET = Measured([10.0] * 300, [5.0] * 300, missed_polls=0, cpu_s=1)


def messages(*words: str) -> list[Visit]:
    return [Visit("slack", 0, Reply(takes=True, says_yes=True), words=each, taken=True) for each in words]


@pytest.mark.parametrize(
    ("words", "well"),
    [
        ([CAME, WENT], True),
        ([WENT, CAME], False),
        ([CAME], False),
        ([CAME, CAME, WENT], False),
        ([CAME.replace("PRD-17", ""), WENT], False),
        ([*(f"BACK IN STOCK {code}" for code in CODES), WENT], False),
    ],
)
def test_a_crowd_is_told_whole_in_order_and_in_few_messages(words: Sequence[str], well: bool) -> None:
    assert (not list(ordered_and_grouped("slack", CODES, messages(*words)))) is well


@pytest.mark.parametrize(("every_s", "well"), [(3.0, True), (2.9, False), (0.1, False)])
def test_no_more_than_twenty_messages_fit_in_a_minute(every_s: float, well: bool) -> None:
    visits = [Visit("paced", number * every_s, Reply()) for number in range(25)]
    assert (not list(paced(visits))) is well


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        (QUIET, []),
        (replace(QUIET, delays_ms=[10.0] * 296 + [109.0] * 4), []),
        (replace(QUIET, delays_ms=[10.0] * 296 + [111.0] * 4), ["p99"]),
        (replace(QUIET, missed_polls=1), ["1 polls were missed"]),
        (replace(QUIET, late_ms=[0.0] * 296 + [104.0] * 4), []),
        (replace(QUIET, late_ms=[0.0] * 296 + [106.0] * 4), ["p99 of the polls"]),
        (replace(QUIET, delays_ms=[10.0] * 299 + [inf]), ["1 of 300 restocks never arrived"]),
        (replace(QUIET, delays_ms=[10.0] * 266 + [inf] * 34), ["p99", "34 of 300 restocks never arrived"]),
    ],
)
def test_a_healthy_channel_may_be_a_tenth_of_a_second_later_and_no_poll_may_be_missed(
    beside: Measured, said: Sequence[str]
) -> None:
    found = list(compared(QUIET, beside))
    assert len(found) == len(said)
    assert all(words in violation for words, violation in zip(said, found, strict=True))


def test_messages_that_never_arrive_beside_healthy_channels_alone_are_said_too() -> None:
    never = replace(QUIET, delays_ms=[inf] * 300)
    assert list(compared(never, never)) == [
        f"{name}: 300 of 300 restocks never arrived" for name in ("alone", "beside")
    ]


def test_what_never_arrived_took_for_ever_but_for_what_the_stop_cut_off() -> None:
    assert delays([1.0, 2.0, 3.0], {0: 1.5, 2: 3.25}) == [500.0, inf, 250.0]
    assert delays([1.0, 2.0, 3.0], {0: 1.5}) == [500.0, inf]


def test_polls_are_late_by_the_earliest_beat() -> None:
    assert lateness([10.25, 11.0, 12.5, 14.25]) == ([250.0, 0.0, 500.0, 250.0], 1)
