import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.config.secret import SYSTEM_CREDENTIALS
from monitor.config.settings import SYSTEM_CONFIG, SYSTEM_DATABASE
from monitor.core.errors import ConfigError, DatabaseError, MonitorError
from tests.requirements import require

CHECKOUT = Path(__file__).parents[2]
UNIT = CHECKOUT / "systemd" / "gpu-stock-monitor.service"
PROGRAM = "/usr/local/bin/monitor"


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    require("systemd-analyze")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def unit() -> Mapping[str, list[str]]:
    settings: dict[str, list[str]] = defaultdict(list)
    for line in UNIT.read_text().splitlines():
        if line and line[0] not in "#[":
            key, value = line.split("=", 1)
            settings[key].append(value)
    return settings


def test_the_exposure_is_scored_1_2_or_better() -> None:
    judged = analyze("security", "--offline=true", "--threshold=12", "--no-pager", str(UNIT))
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_systemd_finds_nothing_to_complain_about(tmp_path: Path) -> None:
    """It exits with 0 on keys that it does not know: only silence is agreement."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace(PROGRAM, "/bin/true"))
    verified = analyze("verify", "--man=no", str(copy))
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


def test_the_unit_and_the_program_agree_on_every_place(unit: Mapping[str, list[str]]) -> None:
    name, _, path = unit["LoadCredential"][0].partition(":")
    assert Path(path) == SYSTEM_CREDENTIALS / name
    assert unit["ExecStart"] == [f"{PROGRAM} run --config {SYSTEM_CONFIG}"]
    assert SYSTEM_CONFIG.parent == Path("/etc", *unit["ConfigurationDirectory"])
    assert SYSTEM_DATABASE.parent == Path("/var/lib", *unit["StateDirectory"])


def test_only_what_a_person_must_mend_stays_failed(unit: Mapping[str, list[str]]) -> None:
    final = {int(code) for code in unit["RestartPreventExitStatus"][0].split()}
    assert ConfigError.exit_code in final
    assert not final & {0, MonitorError.exit_code, DatabaseError.exit_code}
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"]


def test_the_installation_page_says_how_to_install_this_unit() -> None:
    page = (CHECKOUT / "docs" / "install.md").read_text()
    for place in (PROGRAM, str(SYSTEM_CONFIG), str(SYSTEM_CREDENTIALS), str(SYSTEM_DATABASE), UNIT.name):
        assert place in page


def test_the_wheel_takes_the_unit_with_it() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["systemd"] == "monitor/_data/systemd"
