"""The harness with the real daemon: nothing is lost; and one that marks before it sends is caught."""

import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.acceptance.daemon import until
from tests.torture.kill.era import JOURNAL
from tests.torture.kill.harness import QUICK_CYCLES, torture
from tests.torture.kill.journal import lines_of
from tests.torture.report import CHECKOUT, Run

ENDS_BEFORE_THE_CUT = 6
MARKS_FIRST = """
        await self._record(message.delivery_ids, Accepted(), started, 0)
        outcome = await self.sender.send(message.title, message.body)
        while isinstance(outcome, Refused):
            await asyncio.sleep(1)
            outcome = await self.sender.send(message.title, message.body)
"""
SHORT_LANES = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from tests.torture.kill.lane import Order, run_lane
if __name__ == "__main__":
    for seed in range(1, 9):  # where a kill strikes is a matter of chance: twelve lives may all be lucky
        verdict = run_lane(Order(seed, 0, 12, Path(sys.argv[1]) / str(seed)))
        if verdict.counts["lost"]:
            break
    print(json.dumps(asdict(verdict)))
"""


def test_a_run_that_was_cut_off_is_resumed_and_nothing_is_lost(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "tests.torture", "--only", "kill", "--quick", "--folder", str(tmp_path))
    with subprocess.Popen(command, cwd=CHECKOUT) as process:
        until(lambda: ended(tmp_path) >= ENDS_BEFORE_THE_CUT, lambda: "some lives to end", 120)
        process.send_signal(signal.SIGKILL)
    result = torture(Run(1, tmp_path / "kill", quick=True))
    assert result.violations == []
    assert result.counts["cycles"] == QUICK_CYCLES
    assert cycles(tmp_path) == Counter({(lane, n): 1 for lane in (0, 1) for n in range(QUICK_CYCLES // 2)})


def test_a_daemon_that_marks_before_it_sends_is_caught(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("monitor", "migrations", "tests"):
        shutil.copytree(CHECKOUT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "monitor.example.toml", copy)
    mark_first(copy / "monitor" / "notify" / "lanes.py")
    done = subprocess.run(
        [sys.executable, "-c", SHORT_LANES, tmp_path / "run"],
        cwd=copy,
        check=True,
        capture_output=True,
        text=True,
        timeout=240,
    )
    verdict = json.loads(done.stdout)
    assert verdict["counts"]["lost"] > 0
    assert any("never came to" in violation for violation in verdict["violations"])


def mark_first(lanes: Path) -> None:
    """Sent is written before it is true; what fails is tried again by a daemon that lives."""
    text = lanes.read_text()
    sends = "\n        outcome = await self.sender.send(message.title, message.body)\n"
    records = "        await self._record(message.delivery_ids, outcome, started, ended_s - started_s)\n"
    imports = "from monitor.core.backoff import FailureClass"
    assert all(text.count(part) == 1 for part in (sends, records, imports))
    text = text.replace(sends, MARKS_FIRST).replace(records, "")
    lanes.write_text(text.replace(imports, "from monitor.core.backoff import Accepted, FailureClass"))


def ended(folder: Path) -> int:
    return sum(line["what"] == "ended" for file in journals(folder) for line in lines_of(file))


def cycles(folder: Path) -> Counter[tuple[int, int]]:
    return Counter(
        (int(file.parts[-3].removeprefix("lane-")), line["cycle"])
        for file in journals(folder)
        for line in lines_of(file)
        if line["what"] == "born" and line["cycle"] is not None
    )


def journals(folder: Path) -> list[Path]:
    return list((folder / "kill").glob(f"lane-*/era-*/{JOURNAL}"))
