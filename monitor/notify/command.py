"""A channel that is a program on this machine: started for each event, told of it as JSON.

Exit code 0: done. 75 (EX_TEMPFAIL): to be tried again. Any other: it cannot be done. One that was killed, by
its deadline or by somebody else, may have acted: it is started again with `possible_repeat` true.
"""

import errno
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from monitor.config.settings import Command
from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.core.errors import ConfigError
from monitor.core.event import MISSED
from monitor.core.manner import Occasion
from monitor.notify.evidence import quote
from monitor.notify.process import Ended, run
from monitor.notify.redact import Redactor

INHERITED: Final = ("PATH", "HOME", "LANG")
"""All that a command gets of our own environment, in which secrets may stand."""
VARIABLE: Final = "MONITOR_"
TRY_AGAIN: Final = 75
OUTPUT_SHOWN: Final = 1_000
GRACE_S: Final = 5.0
"""So much longer than the deadline it may take until a killed program is gone."""

_NOT_FOR_LONG: Final = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ETXTBSY})


class CommandChannel:
    """`struck`: secrets that must not be kept, should the program print them.

    `acts_in_rehearsals`: a rehearsal starts it, too; else it is only seen whether it could be.
    """

    def __init__(
        self,
        command: Command,
        environ: Mapping[str, str],
        struck: tuple[str, ...] = (),
        *,
        acts_in_rehearsals: bool = False,
    ) -> None:
        self._command = command
        self._inherited = {name: environ[name] for name in INHERITED if name in environ}
        self._redact = Redactor("", struck)
        self._acts_in_rehearsals = acts_in_rehearsals

    @classmethod
    def load(cls, name: str, command: Command, environ: Mapping[str, str], **more: Any) -> "CommandChannel":
        """Raises ConfigError when the program cannot be started."""
        if (why := why_unusable(command.argv[0])) is not None:
            raise ConfigError([f"channel {name}: {why}"])
        return cls(command, environ, **more)

    def send(self, title: str, body: str) -> Outcome:
        """`body` is the event as JSON. Blocks until the program has ended. Never raises."""
        event = json.loads(body)
        if event["kind"] == MISSED and Occasion.ENDED not in self._command.events:
            return Refused(FailureClass.PERMANENT, "not started: it was gone before the command could be")
        if self._command.dry_run or (event["rehearsal"] and not self._acts_in_rehearsals):
            return self._only_looked_at("dry run" if self._command.dry_run else "rehearsal")
        try:
            ended = run(
                self._command.argv,
                f"{body}\n".encode(errors="replace"),
                {**self._inherited, **variables(event, body)},
                self._command.deadline.total_seconds(),
            )
        except (OSError, ValueError) as error:
            return _not_started(error)
        return self._judged(ended)

    def _only_looked_at(self, why: str) -> Outcome:
        if (problem := why_unusable(self._command.argv[0])) is not None:
            return Refused(FailureClass.PERMANENT, problem)
        return Accepted(f"{why}: not started: {self._redact(' '.join(self._command.argv))[:OUTPUT_SHOWN]}")

    def _judged(self, ended: Ended) -> Outcome:
        # Struck out before it is cut: half a secret would not be recognised.
        said = self._redact(quote(ended.output.decode(errors="replace")))[-OUTPUT_SHOWN:].strip()
        if ended.code == 0:
            return Accepted(said or None)
        if ended.code is None:
            kind, what = FailureClass.AMBIGUOUS, f"killed after {self._command.deadline.total_seconds():g} s"
        elif ended.code < 0:
            kind, what = FailureClass.AMBIGUOUS, f"killed by signal {-ended.code}"
        elif ended.code == TRY_AGAIN:
            kind, what = FailureClass.TRANSIENT, f"exit code {TRY_AGAIN}: to be tried again"
        else:
            kind, what = FailureClass.PERMANENT, f"exit code {ended.code}"
        return Refused(kind, f"{what}: {said}" if said else what)


def variables(event: Mapping[str, Any], body: str) -> dict[str, str]:
    """Each key of the event that has a value, in capitals: `product_code` is MONITOR_PRODUCT_CODE."""
    values = {key: _text(value) for key, value in event.items() if not isinstance(value, dict | None)}
    return {VARIABLE + key.upper(): value for key, value in values.items()} | {f"{VARIABLE}EVENT": body}


def why_unusable(path: str) -> str | None:
    """Why this user cannot start that program; None if nothing speaks against it."""
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        return f"{path} cannot be started: {(error.strerror or 'unknown').lower()}"
    if not stat.S_ISREG(mode):
        return f"{path} cannot be started: it is not a file"
    if not os.access(path, os.X_OK):
        return f"{path} cannot be started: it is not executable for this user (chmod +x)"
    return None


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # No variable can hold a NUL.
    return str(value).replace("\0", "")


def _not_started(error: OSError | ValueError) -> Refused:
    if isinstance(error, OSError) and error.errno in _NOT_FOR_LONG:
        return Refused(FailureClass.TRANSIENT, f"not started: {(error.strerror or 'unknown').lower()}")
    reason = (error.strerror or "unknown").lower() if isinstance(error, OSError) else type(error).__name__
    hint = "; a script needs a first line like #!/bin/sh" if _is_no_program(error) else ""
    return Refused(FailureClass.PERMANENT, f"not started: {reason}{hint}")


def _is_no_program(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno == errno.ENOEXEC
