"""The one tree of errors that end a command. Each knows its exit code.

    MonitorError            1  trouble
    ├── ConfigError         3  the configuration or a secret is not usable
    │   └── SecretError     3  a secret that a command needs cannot be fetched, or is not usable
    ├── UpstreamError       5  the provider cannot be reached, or refuses the key
    └── DatabaseError       6  the database is newer, corrupt, held by another, or not writable
        ├── DatabaseHeld      a monitor has it open, or another process that lets nobody else poll
        ├── DatabaseBusy      another process kept the write lock for longer than our patience
        ├── DatabaseGone      the file was deleted under the running monitor
        └── DatabaseReplaced  another file lies in its place

What may go wrong and be tried again is a value, not an error: see `answer.Failed`, `backoff.Refused`.
"""

from collections.abc import Sequence


class MonitorError(Exception):
    """Its text is one clear sentence that says what to do."""

    exit_code = 1


class ConfigError(MonitorError):
    """Every problem at once, each with file, line and suggestion."""

    exit_code = 3

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class SecretError(ConfigError):
    """Names the key and the place of the secret, never the secret."""

    def __init__(self, problem: str) -> None:
        super().__init__((problem,))


class UpstreamError(MonitorError):
    exit_code = 5


class DatabaseError(MonitorError):
    exit_code = 6


class DatabaseHeld(DatabaseError):  # noqa: N818
    """`holder`: its process id and a word of what it is, as far as that is known."""

    def __init__(self, sentence: str, holder: str) -> None:
        super().__init__(sentence)
        self.holder = holder


class DatabaseBusy(DatabaseError):  # noqa: N818 - as sqlite and we say it
    pass


class DatabaseGone(DatabaseError):  # noqa: N818
    pass


class DatabaseReplaced(DatabaseError):  # noqa: N818
    pass
