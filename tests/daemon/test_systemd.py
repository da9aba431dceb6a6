import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.daemon.systemd import (
    LONGEST_STATUS,
    Supervisor,
    alive,
    ready,
    reloading,
    status_text,
    stopping,
    supervisor,
)

PID = 4711


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.setblocking(False)
        yield receiver


def test_each_message_is_what_the_protocol_says() -> None:
    assert ready("watching 3 rules") == "READY=1\nSTATUS=watching 3 rules"
    assert reloading(monotonic_ns=12_345_678) == "RELOADING=1\nMONOTONIC_USEC=12345"
    assert stopping("stopping") == "STOPPING=1\nSTATUS=stopping"
    assert alive() == "WATCHDOG=1"
    assert status_text("poll ok") == "STATUS=poll ok"


def test_a_line_break_in_a_status_starts_no_other_message() -> None:
    assert status_text("库存\nWATCHDOG=1\r\0\x1b[31m\ud800") == "STATUS=库存 WATCHDOG=1   [31m "


def test_a_long_status_is_cut() -> None:
    assert len(status_text("x" * 10_000)) == len("STATUS=") + LONGEST_STATUS


def test_a_message_reaches_a_socket_named_by_a_path(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with listening(address) as receiver:
        assert supervisor({"NOTIFY_SOCKET": address}, PID).tell(ready("up"))
        assert receiver.recv(1024) == b"READY=1\nSTATUS=up"


def test_a_message_reaches_a_socket_in_the_abstract_namespace() -> None:
    name = f"gpu-stock-monitor-test-{os.getpid()}"
    with listening(f"\0{name}") as receiver:
        assert supervisor({"NOTIFY_SOCKET": f"@{name}"}, PID).tell(alive())
        assert receiver.recv(1024) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", [None, "", "/", "@", "relative/path", "vsock:2:1234"])
def test_without_a_usable_address_nothing_is_sent(address: str | None) -> None:
    told = supervisor({} if address is None else {"NOTIFY_SOCKET": address}, PID)
    assert told == Supervisor(address=None, watchdog=None)
    assert not told.tell(alive())


@pytest.mark.parametrize("address", ["/nowhere/notify", "/" + "x" * 200, "/nul\0inside"])
def test_a_socket_that_cannot_be_reached_is_reported_and_raises_nothing(address: str) -> None:
    assert not Supervisor(address).tell(ready("up"))


def test_a_full_socket_blocks_nobody(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with listening(address) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        told = Supervisor(address)
        assert any(not told.tell(alive()) for _ in range(10_000))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"WATCHDOG_USEC": "60000000"}, timedelta(seconds=60)),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(PID)}, timedelta(seconds=60)),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": ""}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "１２"}, None),
        ({"WATCHDOG_USEC": "9" * 5000}, None),
        ({"WATCHDOG_PID": str(PID)}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_only_when_the_environment_says_so(
    environ: dict[str, str], expected: timedelta | None
) -> None:
    assert supervisor(environ, PID).watchdog == expected


def test_the_watchdog_is_fed_twice_in_its_period() -> None:
    assert Supervisor(watchdog=timedelta(seconds=60)).feed_every == timedelta(seconds=30)
    assert Supervisor().feed_every is None


def test_telling_leaves_no_descriptor_behind(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a listing of descriptors, not of files
    with listening(address):
        for _ in range(5):
            Supervisor(address).tell(alive())
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_the_module_needs_nothing_but_the_standard_library() -> None:
    only_ours = "import sys, monitor.daemon.systemd; print(sys.modules.keys() & {'apscheduler', 'httpx'})"
    found = subprocess.run([sys.executable, "-c", only_ours], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
