"""The alert's state machine, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.alert import (
    Clearing,
    Edge,
    Firing,
    Inactive,
    Pending,
    State,
    edge,
    elapsed,
    moves_at,
    next_state,
    resolved_at,
)
from monitor.core.matching import Condition, Met, NotMet, Unknown
from tests.core.builders import MINUTE, rule

T0 = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
T1, T2, NOW = T0 + MINUTE, T0 + 2 * MINUTE, T0 + 5 * MINUTE
MET, NOT_MET, UNKNOWN = Met(), NotMet("remaining"), Unknown("remainingCount is null")
AT_ONCE = timedelta(0)


@pytest.mark.parametrize(
    ("before", "condition", "hold_for", "keep_firing_for", "after"),
    [
        pytest.param(Inactive(), MET, AT_ONCE, AT_ONCE, Firing(NOW), id="met, without for"),
        pytest.param(Inactive(), MET, MINUTE, AT_ONCE, Pending(NOW), id="met, with for"),
        pytest.param(Inactive(), NOT_MET, MINUTE, MINUTE, Inactive(), id="nothing there"),
        pytest.param(Pending(T0), MET, 5 * MINUTE, AT_ONCE, Firing(NOW), id="for is over, to the second"),
        pytest.param(Pending(T0), MET, 6 * MINUTE, AT_ONCE, Pending(T0), id="for is not over"),
        pytest.param(Pending(T0), NOT_MET, MINUTE, MINUTE, Inactive(), id="gone before for was over"),
        pytest.param(Pending(T0), MET, AT_ONCE, AT_ONCE, Firing(NOW), id="for was taken away"),
        pytest.param(Firing(T0), MET, MINUTE, MINUTE, Firing(T0), id="fires on"),
        pytest.param(Firing(T0), NOT_MET, AT_ONCE, AT_ONCE, Inactive(), id="gone, no patience"),
        pytest.param(Firing(T0), NOT_MET, AT_ONCE, MINUTE, Clearing(T0, NOW), id="gone, with patience"),
        pytest.param(Clearing(T0, T1), MET, MINUTE, MINUTE, Firing(T0), id="back: the old since"),
        pytest.param(Clearing(T0, T1), NOT_MET, AT_ONCE, 4 * MINUTE, Inactive(), id="patience is over"),
        pytest.param(Clearing(T0, T1), NOT_MET, AT_ONCE, 5 * MINUTE, Clearing(T0, T1), id="patience lasts"),
        pytest.param(Clearing(T0, T1), NOT_MET, AT_ONCE, AT_ONCE, Inactive(), id="patience was taken away"),
        pytest.param(Pending(NOW + MINUTE), MET, MINUTE, AT_ONCE, Pending(NOW + MINUTE), id="future since"),
    ],
)
def test_a_known_condition_moves_the_state(
    before: State, condition: Condition, hold_for: timedelta, keep_firing_for: timedelta, after: State
) -> None:
    timing = rule(hold_for=hold_for, keep_firing_for=keep_firing_for)

    assert next_state(before, condition, timing, NOW) == after


@pytest.mark.parametrize("state", [Inactive(), Pending(T0), Firing(T0), Clearing(T0, T1)], ids=repr)
def test_unknown_moves_nothing_even_when_a_timer_has_run_out(state: State) -> None:
    assert next_state(state, UNKNOWN, rule(hold_for=MINUTE, keep_firing_for=MINUTE), NOW) is state


@pytest.mark.parametrize(
    ("before", "after", "announces"),
    [
        pytest.param(Inactive(), Firing(NOW), Edge.FIRED, id="fires at once"),
        pytest.param(Pending(T0), Firing(NOW), Edge.FIRED, id="fires after for"),
        pytest.param(Inactive(), Pending(NOW), None, id="waits"),
        pytest.param(Pending(T0), Inactive(), None, id="waited in vain"),
        pytest.param(Firing(T0), Firing(T0), None, id="fires on"),
        pytest.param(Firing(T0), Clearing(T0, NOW), None, id="patience begins"),
        pytest.param(Clearing(T0, T1), Firing(T0), None, id="silently back"),
        pytest.param(Clearing(T0, T1), Inactive(), Edge.RESOLVED, id="patience ended"),
        pytest.param(Firing(T0), Inactive(), Edge.RESOLVED, id="gone at once"),
        pytest.param(Inactive(), Inactive(), None, id="nothing"),
    ],
)
def test_an_edge_is_read_from_the_two_states(before: State, after: State, announces: Edge | None) -> None:
    assert edge(before, after) is announces


def test_a_resolve_is_dated_when_the_product_left() -> None:
    assert resolved_at(Clearing(T0, T1), NOW) == T1
    assert resolved_at(Firing(T0), NOW) == NOW


def test_a_since_in_the_future_reads_as_now() -> None:
    assert elapsed(NOW + MINUTE, NOW) == timedelta(0)
    assert elapsed(T2, NOW) == 3 * MINUTE


@pytest.mark.parametrize(
    ("state", "condition", "at"),
    [
        (Pending(T0), MET, T1),
        (Clearing(T0, T1), NOT_MET, T1 + 2 * MINUTE),
        (Inactive(), NOT_MET, None),
        (Firing(T0), MET, None),
    ],
)
def test_a_state_is_moved_by_time_when_its_timer_runs_out(
    state: State, condition: Condition, at: datetime | None
) -> None:
    timed = rule(hold_for=MINUTE, keep_firing_for=2 * MINUTE)
    assert moves_at(state, timed) == at
    if at is not None:
        assert next_state(state, condition, timed, at - timedelta.resolution) == state
        assert next_state(state, condition, timed, at) != state
