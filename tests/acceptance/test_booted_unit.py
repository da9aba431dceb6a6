"""The unit under a real systemd, from `systemctl start` to `stop`, with the trouble in between."""

import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.acceptance.container import Machine, until
from tests.acceptance.service import (
    API_KEY,
    COMES_LATER,
    CONFIG,
    CREDENTIALS,
    IN_STOCK,
    NOT_WATCHED,
    Service,
    installed,
    service,
)
from tests.requirements import require_patience

ONE_MORE_WATCH = """
[[watch]]
name = "a100"
match = { gpu_name = "NVIDIA-A100*" }
notify = ["hook"]
"""


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    require_patience("installs and boots a machine")
    with installed(tmp_path_factory.mktemp("debian") / "machine") as machine:
        yield machine


@pytest.fixture
def unit(debian: Machine, tmp_path: Path) -> Iterator[Service]:
    with service(debian, tmp_path / "machine") as unit:
        yield unit


def test_it_starts_and_tells_what_is_in_stock_and_what_comes_back(unit: Service) -> None:
    unit.start()
    assert unit.show("ActiveState") == "active"
    assert unit.show("StatusText")
    unit.wait_for_message(IN_STOCK)
    unit.wait_for_message(COMES_LATER)
    assert "IN STOCK" in unit.told(IN_STOCK)[0]
    assert "BACK IN STOCK" in unit.told(COMES_LATER)[0]
    assert not unit.told(NOT_WATCHED)
    assert API_KEY not in unit.log()


def test_a_reload_brings_a_new_rule_to_work(unit: Service) -> None:
    unit.start()
    unit.wait_for_message(IN_STOCK)
    process = unit.show("MainPID")
    unit.machine.write(CONFIG, unit.machine.shell(f"cat {CONFIG}") + ONE_MORE_WATCH)
    assert unit.control("reload").returncode == 0
    unit.wait_for_message(NOT_WATCHED)
    assert unit.show("MainPID") == process
    assert "2 rules" in unit.show("StatusText")
    assert unit.show("ActiveState") == "active"
    assert len(unit.told(IN_STOCK)) == 1


def test_a_reload_of_a_broken_file_leaves_the_old_rules_at_work(unit: Service) -> None:
    unit.start()
    unit.machine.write(CONFIG, unit.machine.shell(f"cat {CONFIG}").replace("gpu_name", "gpu_nmae"))
    unit.control("reload")
    until(lambda: "gpu_nmae" in unit.log(), within_s=10, waiting_for="the mistake to be logged")
    unit.wait_for_message(COMES_LATER)
    assert unit.show("ActiveState") == "active"


def test_a_killed_monitor_comes_back_and_repeats_nothing_without_a_mark(unit: Service) -> None:
    unit.start()
    unit.wait_for_message(IN_STOCK)
    unit.control("kill", "--kill-who=main", "--signal=KILL")
    unit.wait_for_restart()
    unit.wait_for_message(COMES_LATER)
    # The kill may come before the answer is on the books: then it is told again, and says so.
    unmarked = [told for told in unit.told(IN_STOCK) if "(possible repeat)" not in told]
    assert len(unmarked) == len(unit.told(COMES_LATER)) == 1
    assert unit.files_of_others() == ""


def test_a_hung_monitor_is_replaced_by_the_watchdog(unit: Service) -> None:
    unit.start()
    unit.wait_for_message(IN_STOCK)
    unit.control("kill", "--kill-who=main", "--signal=STOP")
    unit.wait_for_restart()
    unit.wait_for_message(COMES_LATER)
    assert "Watchdog timeout" in unit.log()
    assert len(unit.told(IN_STOCK)) == len(unit.told(COMES_LATER)) == 1


def test_it_stops_within_ten_seconds_and_with_success(unit: Service) -> None:
    unit.start()
    unit.wait_for_message(IN_STOCK)
    began = monotonic()
    assert unit.control("stop").returncode == 0
    assert monotonic() - began < 10
    ended = [unit.show(name) for name in ("ActiveState", "Result", "ExecMainCode", "ExecMainStatus")]
    assert ended == ["inactive", "success", "1", "0"]


@pytest.mark.parametrize("running", [True, False])
def test_root_asks_beside_the_unit_and_takes_no_file_from_it(unit: Service, running: bool) -> None:
    unit.start()
    unit.wait_for_message(IN_STOCK)
    if not running:
        unit.control("stop")
    for verb in ("status", "history", "alerts"):
        assert IN_STOCK in unit.machine.shell(f"monitor {verb}")
        json.loads(unit.machine.shell(f"monitor {verb} --json"))
    unit.machine.shell("monitor db backup /srv/backup.db")
    assert unit.files_of_others() == ""
    assert unit.control("restart").returncode == 0
    unit.wait_for_message(COMES_LATER)
    assert len(unit.told(IN_STOCK)) == 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (f"rm {CREDENTIALS}/alaya-api-key", "alaya-api-key"),
        (f"sed -i s/gpu_name/gpu_nmae/ {CONFIG}", "did you mean gpu_name?"),
        (f"rm {CONFIG}", CONFIG),
    ],
)
def test_what_a_person_must_mend_is_said_and_stays_failed(unit: Service, spoil: str, said: str) -> None:
    unit.machine.shell(spoil)
    with pytest.raises(AssertionError):
        unit.start()
    assert unit.show("ActiveState") == "failed"
    assert unit.show("ExecMainStatus") == "3"
    assert unit.show("NRestarts") == "0"
    assert said in unit.log()
