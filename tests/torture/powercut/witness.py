"""The real database with a witness: it says on the standard output, at once, that a commit has returned.

strace hears it there, in order with the writes, from whatever thread. What then stands in the database and
what callers were told goes to the truth.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from monitor.store.database import Database
from tests.torture.powercut.truth import digest_of, write_truth

T = TypeVar("T")


class Witness:
    """Counts on from what an earlier process of the same run has said."""

    def __init__(self, truth: Path, states: int, told: int) -> None:
        self.digest = ""
        self._truth = truth
        self._states, self._told = states, told

    def acknowledge(self, database: Database) -> None:
        self._states += 1
        os.write(1, f"ACK {self._states}\n".encode())
        with database.read() as connection:
            self.digest = digest_of(connection)
        write_truth(self._truth, {"state": self._states, "digest": self.digest})

    def tell(self, what: str, **facts: Any) -> None:
        self._told += 1
        write_truth(self._truth, {"told": self._told, "what": what, **facts})
        os.write(1, f"TOLD {self._told}\n".encode())


class WitnessedDatabase(Database):
    """Give it its witness when it is open."""

    witness: Witness

    def write(self, fn: Callable[[Connection], T]) -> T:
        result = super().write(fn)
        self.witness.acknowledge(self)
        return result


def open_witnessed(url: str, witness: Witness) -> WitnessedDatabase:
    """As the daemon opens it: made or upgraded if need be, which is a commit too."""
    database = WitnessedDatabase.open(url, holder="monitor run")
    database.witness = witness
    witness.acknowledge(database)
    return database
