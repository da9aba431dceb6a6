"""The judge of the sandbox finds each thing that must not be."""

import pytest

from tests.torture.sandbox import judge
from tests.torture.sandbox.calls import Call
from tests.torture.sandbox.harness import scored
from tests.torture.sandbox.watched import judged

UID = "65402"
STATE = "/var/lib/private/gpu-stock-monitor"


def opened(path: str, result: str | None = None) -> Call:
    return Call("openat", f'AT_FDCWD</>, "{path}", O_RDWR|O_CREAT, 0600', result or f"5<{path}>")


GOOD = [opened(f"{STATE}/monitor.db"), opened("/tmp/abc"), opened("/dev/null")]
ENOUGH = [Call("read", "3, 0x7f, 8", "8")] * 5000


def test_a_life_within_bounds_is_well() -> None:
    tally = judged([*GOOD, *ENOUGH], frozenset({"openat", "read"}))
    assert tally.violations == []
    assert tally.counts["the calls"] == "openat read"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (Call("mount", '"none", "/mnt"', "-1 EPERM (Operation not permitted)"), "mount is not among"),
        (opened("/etc/cron.d/evil"), "wrote to /etc/cron.d/evil"),
        (opened(f"{STATE}-other/file"), "-other/file"),
        (Call("openat", 'AT_FDCWD</>, "/home/x", O_WRONLY', ""), "wrote to /home/x"),
        (Call("connect", '3, {sin_addr=inet_addr("198.51.100.7")}, 16', "0"), "spoke to 198.51.100.7"),
        (Call("sendto", '3, "x", {sun_path="/run/docker.sock"}', "0"), "spoke to /run/docker.sock"),
    ],
)
def test_what_leaves_the_bounds_is_found(call: Call, said: str) -> None:
    found = judged([*GOOD, *ENOUGH, call], frozenset({"openat", "read", "connect", "sendto"})).violations
    assert any(said in violation for violation in found), found


def test_what_the_sandbox_refused_is_counted_and_no_violation() -> None:
    tally = judged(
        [*GOOD, *ENOUGH, opened("/opt/x", "-1 EROFS (Read-only file system)")], frozenset({"openat", "read"})
    )
    assert tally.violations == []
    assert tally.counts["writes that the sandbox refused"] == 1


@pytest.mark.parametrize("calls", [GOOD, ENOUGH, []])
def test_a_trace_that_is_not_of_a_whole_life_proves_nothing(calls: list[Call]) -> None:
    assert any("whole life" in found for found in judged(calls, frozenset({"openat", "read"})).violations)


@pytest.mark.parametrize(
    ("line", "well"),
    [
        (f"{UID} f {STATE}/monitor.db", True),
        (f"{UID} f /var/lib/other/file", False),
        (f"{UID} f /tmp/left behind", False),
        ("root d /run/systemd/units", True),
        ("root d /var/lib", True),
        ("root f /var/lib/dpkg/status", False),
        ("root f /etc/passwd", False),
    ],
)
def test_a_changed_file_must_be_in_the_state_directory_or_of_systemd(line: str, well: bool) -> None:
    assert (not list(judge.changed_elsewhere(line + "\n", UID))) is well


@pytest.mark.parametrize(
    ("messages", "well"),
    [
        (["BACK IN STOCK PRD-1"], True),
        (["BACK IN STOCK PRD-1", "BACK IN STOCK (possible repeat) PRD-1", "SOLD OUT PRD-1"], True),
        (["BACK IN STOCK PRD-1", "BACK IN STOCK PRD-1"], False),
        (["BACK IN STOCK PRD-2"], False),
        ([], False),
    ],
)
def test_what_happened_meanwhile_is_told_once(messages: list[str], well: bool) -> None:
    assert (not list(judge.told_once(messages, "PRD-1", "BACK IN STOCK", "stopped"))) is well


@pytest.mark.parametrize(
    ("security", "complaints", "count"),
    [
        ("→ Overall exposure level for x.service: 1.1 OK 🙂", "", 0),
        ("→ Overall exposure level for x.service: 1.3 OK 🙂", "", 1),
        ("", "x.service:3: Unknown key name 'Foo'", 2),
    ],
)
def test_a_score_over_the_limit_and_any_complaint_are_violations(
    security: str, complaints: str, count: int
) -> None:
    assert len(scored(security, complaints).violations) == count
