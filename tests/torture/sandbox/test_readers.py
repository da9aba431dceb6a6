"""What is read from strace and from systemd's lists of calls."""

from tests.torture.sandbox.calls import Call, of_program, read, sockets, written
from tests.torture.sandbox.filters import allowed, filter_lines, groups_of

STATE = "/var/lib/private/gpu-stock-monitor"
LISTING = """\
@default
    # System calls that are always permitted
    execve
    exit

@system-service
    # General system service operations
    @default
    @file-system
    read
    reboot

@file-system
    openat
    mkdir

@privileged
    @chown
    reboot

@chown
    chown
"""
TRACE = f"""\
execve("/usr/local/bin/monitor", ["/usr/local/bin/monitor", "run"], 0x55 /* 14 vars */) = 0
openat(AT_FDCWD<{STATE}>, "{STATE}/monitor.db", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 5<{STATE}/monitor.db>
openat(AT_FDCWD<{STATE}>, "/etc/localtime", O_RDONLY|O_CLOEXEC) = 6</usr/share/zoneinfo/UTC>
openat(AT_FDCWD</opt>, "__pycache__/a.pyc", O_WRONLY|O_CREAT, 0600) = -1 EROFS (Read-only file system)
clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 110 /* 902 in strace's PID NS */
sendto(7<UNIX:[1]>, "READY=1", 7, 0, {{sa_family=AF_UNIX, sun_path="/run/systemd/notify"}}, 21) = 7
connect(8<TCP:[2]>, {{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}}, 16) = 0
--- SIGTERM {{si_signo=SIGTERM, si_code=SI_USER}} ---
exit_group(0)                           = ?
+++ exited with 0 +++
"""
THREAD = """\
mkdir("/tmp/tmpabc", 0700)              = 0
unlinkat(5</tmp/tmpabc>, "custom_json.py", 0) = 0
read(3<socket:[1]>, <unfinished ...>
"""


def traced() -> list[Call]:
    traces = {
        number: read(text.splitlines()) for number, text in ((901, TRACE), (902, THREAD), (903, "brk(0) = 1"))
    }
    return of_program(traces, "/usr/local/bin/monitor")


def test_a_filter_lets_through_what_its_lines_leave_and_the_default_always() -> None:
    unit = "[Service]\nSystemCallFilter=@system-service\nSystemCallFilter=~@privileged @default\nUMask=0077\n"
    assert filter_lines(unit) == ["@system-service", "~@privileged @default"]
    assert allowed(filter_lines(unit), groups_of(LISTING)) == {"execve", "exit", "read", "openat", "mkdir"}


def test_the_calls_of_a_program_are_those_of_its_threads_too_and_of_no_other_process() -> None:
    names = [call.name for call in traced()]
    assert names[0] == "execve"
    assert names[-4:] == ["exit_group", "mkdir", "unlinkat", "read"]
    assert "brk" not in names


def test_what_is_written_is_known_by_its_path_and_whether_it_was_refused() -> None:
    found = [(path, call.name, call.failed) for path, call in written(traced(), STATE)]
    assert found == [
        (f"{STATE}/monitor.db", "openat", None),
        ("/opt/__pycache__/a.pyc", "openat", "EROFS"),
        ("/tmp/tmpabc", "mkdir", None),
        ("/tmp/tmpabc/custom_json.py", "unlinkat", None),
    ]


def test_sockets_are_known_by_their_addresses() -> None:
    assert sockets(traced()) == {"/run/systemd/notify", "127.0.0.1"}
