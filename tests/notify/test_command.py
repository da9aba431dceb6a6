"""A channel that is a program: what it is told, and what its end means."""

import errno
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.config.settings import Command
from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.core.decision import Cause, Facts, Transition, TransitionKind
from monitor.core.errors import ConfigError
from monitor.core.manner import Occasion
from monitor.notify.command import OUTPUT_SHOWN, CommandChannel, _not_started, why_unusable
from tests.notify.scripts import KEY, NOON, event_body, rehearsal_body, script

PERMANENT, TRANSIENT, AMBIGUOUS = FailureClass.PERMANENT, FailureClass.TRANSIENT, FailureClass.AMBIGUOUS
ENVIRON = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "ALAYA_API_KEY": "canary-key",
    "MONITOR_TOKEN": "canary-token",
}


def channel(folder: Path, *lines: str, struck: tuple[str, ...] = (), **settings: Any) -> CommandChannel:
    command = Command((str(script(folder, *lines)),), **settings)
    return CommandChannel.load("act", command, ENVIRON, struck=struck)


def send(folder: Path, *lines: str, body: str | None = None, **settings: Any) -> Outcome:
    return channel(folder, *lines, **settings).send("title", body or event_body())


def test_it_reads_the_event_and_finds_it_in_its_environment(tmp_path: Path) -> None:
    lines = (f"cat > {tmp_path}/in", f"env -0 > {tmp_path}/env")
    body = event_body(name="一二\0三 $(id) `id`\n4", possible_repeat=True)
    assert send(tmp_path, *lines, body=body) == Accepted()
    assert json.loads((tmp_path / "in").read_text()) == json.loads(body)
    given = dict(pair.split("=", 1) for pair in (tmp_path / "env").read_text().split("\0") if pair)
    assert json.loads(given["MONITOR_EVENT"]) == json.loads(body)
    assert given["MONITOR_KIND"] == "fired"
    assert given["MONITOR_EVENT_ID"] == "event-1"
    assert given["MONITOR_PRODUCT_CODE"] == "PRD-1"
    assert given["MONITOR_REMAINING"] == "3"
    assert (given["MONITOR_POSSIBLE_REPEAT"], given["MONITOR_REHEARSAL"]) == ("true", "false")
    assert given["MONITOR_NAME"] == "一二三 $(id) `id`\n4"
    assert "MONITOR_PRICE" not in given
    foreign = {name for name in given if not name.startswith("MONITOR_")} - {"PWD", "SHLVL", "_", "OLDPWD"}
    assert foreign == {"PATH", "HOME"}
    assert "canary" not in str(given)


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (("echo job 4711",), Accepted("job 4711")),
        (("exit 0",), Accepted()),
        (("echo full; exit 75",), Refused(TRANSIENT, "exit code 75: to be tried again: full")),
        (("exit 75",), Refused(TRANSIENT, "exit code 75: to be tried again")),
        (("echo no such queue >&2; exit 1",), Refused(PERMANENT, "exit code 1: no such queue")),
        (("exit 255",), Refused(PERMANENT, "exit code 255")),
        (("kill -KILL $$",), Refused(AMBIGUOUS, "killed by signal 9")),
        (("kill -TERM $$",), Refused(AMBIGUOUS, "killed by signal 15")),
    ],
)
def test_its_exit_code_says_what_became_of_it(
    tmp_path: Path, lines: tuple[str, ...], outcome: Outcome
) -> None:
    assert send(tmp_path, *lines) == outcome


def test_one_that_takes_too_long_is_killed_and_may_have_acted(tmp_path: Path) -> None:
    outcome = send(tmp_path, "echo begun; sleep 60", deadline=timedelta(seconds=0.3))
    assert outcome == Refused(AMBIGUOUS, "killed after 0.3 s: begun")


def test_of_what_it_says_the_end_is_kept_on_one_line_with_secrets_struck_out(tmp_path: Path) -> None:
    lines = ("printf 'x%.0s' $(seq 5000); printf '\\033[31m\\nkey=canary-key-0123\\r\\nend\\377\\n'",)
    outcome = send(tmp_path, *lines, struck=("canary-key-0123",))
    assert isinstance(outcome, Accepted)
    assert outcome.note is not None
    assert len(outcome.note) <= OUTPUT_SHOWN
    assert outcome.note.endswith("key=*** end�")
    assert outcome.note.isprintable()


def test_a_dry_run_starts_nothing_and_says_what_would_have_been(tmp_path: Path) -> None:
    acting = channel(tmp_path, f"touch {tmp_path}/ran", dry_run=True)
    outcome = acting.send("title", event_body())
    assert outcome == Accepted(f"dry run: not started: {tmp_path}/act.sh")
    assert not (tmp_path / "ran").exists()


def test_a_rehearsal_starts_it_only_when_that_is_asked_for(tmp_path: Path) -> None:
    acting = channel(tmp_path, f"touch {tmp_path}/ran")
    assert acting.send("t", rehearsal_body()) == Accepted(f"rehearsal: not started: {tmp_path}/act.sh")
    assert not (tmp_path / "ran").exists()
    command = Command((str(tmp_path / "act.sh"),))
    asked = CommandChannel.load("act", command, ENVIRON, acts_in_rehearsals=True)
    assert asked.send("t", rehearsal_body()) == Accepted()
    assert (tmp_path / "ran").exists()


def test_a_rehearsal_finds_a_program_that_is_gone(tmp_path: Path) -> None:
    acting = channel(tmp_path)
    (tmp_path / "act.sh").unlink()
    gone = f"{tmp_path}/act.sh cannot be started: no such file or directory"
    assert acting.send("t", rehearsal_body()) == Refused(PERMANENT, gone)
    assert acting.send("t", event_body()) == Refused(PERMANENT, "not started: no such file or directory")


def missed_body() -> str:
    facts = Facts(*KEY, remaining=0, seen_at=NOON)
    end = Transition("end", "h800", KEY, NOON, TransitionKind.RESOLVED, Cause.STOCK, "event-1", facts, ())
    return event_body(resolve=end)


def test_what_is_gone_again_is_not_acted_upon_and_that_is_a_failure(tmp_path: Path) -> None:
    outcome = send(tmp_path, f"touch {tmp_path}/ran", body=missed_body())
    assert outcome == Refused(PERMANENT, "not started: it was gone before the command could be")
    assert not (tmp_path / "ran").exists()


def test_one_that_hears_of_ends_hears_of_what_it_missed(tmp_path: Path) -> None:
    events = (Occasion.OPENED, Occasion.ENDED)
    assert send(tmp_path, 'echo "$MONITOR_KIND"', body=missed_body(), events=events) == Accepted("missed")


def test_a_program_that_is_being_replaced_is_tried_again_and_a_script_without_a_head_is_not(
    tmp_path: Path,
) -> None:
    with (tmp_path / "act.sh").open("w"):
        (tmp_path / "act.sh").chmod(0o755)
        held = CommandChannel.load("act", Command((str(tmp_path / "act.sh"),)), ENVIRON)
        assert held.send("t", event_body()) == Refused(TRANSIENT, "not started: text file busy")
    headless = script(tmp_path, "echo hi", first="")
    outcome = CommandChannel.load("act", Command((str(headless),)), ENVIRON).send("t", event_body())
    assert isinstance(outcome, Refused)
    assert (outcome.kind, "#!/bin/sh" in outcome.reason) == (PERMANENT, True)


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.EMFILE, TRANSIENT), (errno.EAGAIN, TRANSIENT), (errno.EACCES, PERMANENT)]
)
def test_a_lack_of_means_passes(number: int, kind: FailureClass) -> None:
    assert _not_started(OSError(number, "words")).kind is kind


def test_what_cannot_be_started_is_told_when_it_is_loaded(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("#!/bin/sh\n")
    for path, why in ((plain, "not executable"), (tmp_path, "not a file"), (tmp_path / "x", "no such file")):
        assert why in (why_unusable(str(path)) or "")
        with pytest.raises(ConfigError, match=f"channel act: .*{why}"):
            CommandChannel.load("act", Command((str(path),)), ENVIRON)
