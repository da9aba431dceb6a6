"""The wheel alone, with no checkout near it, is a working monitor."""

import os
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, as an installer would lay it out."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


def command(unpacked: Path, *arguments: str) -> list[str]:
    """Isolated from the checkout: only the unpacked wheel and the installed requirements are importable."""
    program = f"import sys; sys.path.insert(0, {str(unpacked)!r}); from monitor.cli.main import main; main()"
    return [sys.executable, "-I", "-c", program, *arguments]


def test_the_wheel_carries_migrations_example_and_unit(unpacked: Path) -> None:
    assert list((unpacked / "monitor" / "_migrations" / "versions").glob("0001*.py"))
    assert (unpacked / "monitor" / "_data" / "monitor.example.toml").is_file()
    assert (unpacked / "monitor" / "_data" / "systemd" / "gpu-stock-monitor.service").is_file()
    assert not (unpacked / "tests").exists()


def test_the_wheel_runs_its_demonstration(unpacked: Path, tmp_path: Path) -> None:
    """Which needs the migrations, the simulator and the library that sends."""
    with subprocess.Popen(
        command(unpacked, "run", "--simulate"),
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        try:
            told = next((line for line in process.stdout if "IN STOCK" in line), None)
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
        finally:
            watchdog.cancel()
    assert told is not None
    assert process.returncode == 0, rest


@pytest.mark.parametrize("name", ["example", "unit"])
def test_the_wheel_hands_out_its_example_and_its_unit(unpacked: Path, tmp_path: Path, name: str) -> None:
    shown = subprocess.run(
        command(unpacked, "config", name),
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    file = "monitor.example.toml" if name == "example" else "systemd/gpu-stock-monitor.service"
    assert shown.stdout == (ROOT / file).read_text()
