from dataclasses import replace
from pathlib import Path

import pytest

from monitor.simulator.offer import Offer
from monitor.simulator.scenario import Change, Fault, FaultKind, Scripted
from monitor.simulator.scenario_file import load
from tests.simulator.client import Running, serve

EXAMPLE = Path(__file__).parents[2] / "docs" / "sold-out-and-back.toml"
NODE = Offer("PRD-TRAIN-1", "one", 1, remaining=3)
TWIN = Offer("PRD-TRAIN-1", "two", 2, remaining=5)


def change(at_s: float, **fields: object) -> Change:
    return Change(at_s, NODE.identity, fields)


def test_a_change_holds_from_its_very_moment_on() -> None:
    scripted = Scripted((NODE,), (change(10, remaining=0),))
    assert [scripted.offers_at(at)[0].remaining for at in (0, 9.999, 10, 11, 1e6)] == [3, 3, 0, 0, 0]


def test_changes_apply_in_order_of_time_and_then_of_the_file() -> None:
    scripted = Scripted((NODE,), (change(20, remaining=1), change(10, remaining=8), change(10, remaining=9)))
    assert [scripted.offers_at(at)[0].remaining for at in (5, 10, 20)] == [3, 9, 1]


def test_a_change_touches_one_data_centre_only() -> None:
    scripted = Scripted((NODE, TWIN), (change(10, remaining=0, price="3"),))
    assert list(scripted.offers_at(10)) == [replace(NODE, remaining=0, price="3"), TWIN]


def test_an_unlisted_product_is_in_no_answer_until_it_is_listed_again() -> None:
    scripted = Scripted((NODE, TWIN), (change(10, listed=False), change(20, listed=True)))
    assert [len(scripted.offers_at(at)) for at in (0, 10, 20)] == [2, 1, 2]


def test_a_fault_ends_at_its_end() -> None:
    scripted = Scripted((NODE,), faults=(Fault(FaultKind.HANG, 5, 8),))
    kinds = [scripted.fault_at(at) is not None for at in (4.9, 5, 7.9, 8)]
    assert kinds == [False, True, True, False]


def test_of_overlapping_faults_the_later_one_holds() -> None:
    scripted = Scripted((NODE,), faults=(Fault(FaultKind.HANG, 5, 8), Fault(FaultKind.EMPTY, 0, 20)))
    in_force = [fault.kind if (fault := scripted.fault_at(at)) else None for at in (1, 6, 9, 20)]
    assert in_force == [FaultKind.EMPTY, FaultKind.HANG, FaultKind.EMPTY, None]


def test_the_timeline_is_exact_on_the_wire_under_a_moved_clock() -> None:
    expected = [
        (0.0, 3, {}, "2"),
        (9.999, 3, {}, "2"),
        (10.0, 0, {"stockError": "库存不足"}, "2"),
        (20.0, 2, {}, "2"),
        (30.0, 2, {"stockError": "库存不足"}, "2"),
        (39.999, 2, {"stockError": "库存不足"}, "2"),
        (40.0, None, None, None),
        (65.0, 4, {}, "1.8"),
    ]

    async def use(running: Running) -> None:
        start_s = running.clock.at_s
        for at_s, remaining, ext, price in expected:
            running.clock.at_s = start_s + at_s
            rows = {row["productCode"]: row for row in (await running.get()).json["data"]}
            assert rows["PRD-CCI-1"]["price"] == "12.5"
            node = rows.get("PRD-TRAIN-1", {})
            assert (node.get("remainingCount"), node.get("ext"), node.get("price")) == (remaining, ext, price)
        running.clock.at_s = start_s + 50
        assert (await running.get()).status == 500

    serve(use, load(EXAMPLE))


def test_the_scenario_begins_when_the_server_starts() -> None:
    async def use(running: Running) -> None:
        assert running.clock.at_s == pytest.approx(1000)
        assert (await running.get()).json["data"][0]["remainingCount"] == 3

    serve(use, Scripted((NODE,), (change(1, remaining=0),)))
