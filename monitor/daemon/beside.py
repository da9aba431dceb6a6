"""Watches the stock through a running daemon's database: asks the provider nothing, writes nothing."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from monitor.core.errors import DatabaseBusy, DatabaseError
from monitor.core.waiting import Answered, Look, due_at
from monitor.daemon.clock import Clock
from monitor.store.glance import UNNAMED, holder_of
from monitor.store.listening import Ear
from monitor.store.locks import is_daemon
from monitor.store.looking import newest_poll, polled, stock_now
from monitor.store.readonly import reading
from monitor.store.sqlite import file_of

LISTENED_EACH_S: Final = 0.02
RESTED_S: Final = 0.25
"""While no feed can have been asked yet, so many commits in the dark cost nothing."""

BORNE_S: Final = 10.0
EARLY_S: Final = 0.5
"""A poll may begin this much before an interval has passed since the last one."""


class Beside:
    """`next` returns after each poll that the daemon stores, and when its time is over.

    A daemon that ends is waited for: to take its place would turn it away when it comes back. Raises
    DatabaseError when the database cannot be read by this release or this user.
    """

    first_round_s: Final = 0.0

    def __init__(
        self,
        url: str,
        feeds: Sequence[Answered],
        clock: Clock,
        holder: Callable[[Path], str | None] = holder_of,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url, self._file = url, file_of(url)
        self._feeds = {answered.feed: answered for answered in feeds}
        self._clock, self._holder, self._sleep = clock, holder, sleep
        self._newest_poll: int | None = None
        self._trouble_since_s: float | None = None
        # A daemon in another container is not seen from here: then its silence alone tells.
        self._sees_daemon = self._gone() is None
        self._look = Look(clock.now(), tuple(feeds), {})
        self._ear = Ear(self._file)
        self._read()

    def next(self, within_s: float) -> Look:
        deadline = self._clock.monotonic() + within_s
        while (left_s := deadline - self._clock.monotonic()) > 0:
            if self._ear.heard() and self._read():
                break
            self._sleep(min(self._nap_s(), left_s))
        else:
            self._check()
        self._look = replace(self._look, at=self._clock.now())
        return self._look

    def close(self) -> None:
        self._ear.close()

    def _nap_s(self) -> float:
        due = due_at(self._look)
        rests = due is not None and (due - self._clock.now()).total_seconds() > EARLY_S
        return RESTED_S if rests or self._trouble_since_s is not None else LISTENED_EACH_S

    def _check(self) -> None:
        if self._ear.look_again():
            self._newest_poll = self._newest_poll and -1
        self._look = replace(self._look, gone=self._gone_for_all_we_see())

    def _gone_for_all_we_see(self) -> str | None:
        return self._gone() if self._sees_daemon else None

    def _gone(self) -> str | None:
        holder = self._holder(self._file)
        if holder is None:
            return "no monitor is running any more: nothing is known until it is back"
        if is_daemon(holder) or holder == UNNAMED:
            return None
        return f"no monitor is running: {holder.partition(' ')[2]} holds its database, and nothing is stored"

    def _read(self) -> bool:
        """True when there is a poll that was not there before."""
        try:
            with reading(self._url) as connection:
                poll = newest_poll(connection)
                if poll == self._newest_poll:
                    return False
                feeds = tuple(
                    replace(
                        self._feeds[stored.feed],
                        last_poll_at=stored.last_poll_at,
                        last_ok_at=stored.last_ok_at,
                        failure=stored.last_failure,
                    )
                    for stored in polled(connection, self._feeds)
                )
                self._look = replace(self._look, feeds=feeds, products=stock_now(connection))
        except DatabaseError as error:
            self._bear(error)
            return False
        self._newest_poll, self._trouble_since_s = poll, None
        return True

    def _bear(self, error: DatabaseError) -> None:
        """A file that was deleted is made anew by the daemon: while that may be, try again."""
        now_s = self._clock.monotonic()
        if self._trouble_since_s is None:
            self._trouble_since_s = now_s
        if self._newest_poll is None:
            is_lasting = self._file.exists() and not isinstance(error, DatabaseBusy)
        else:
            is_lasting = now_s - self._trouble_since_s > BORNE_S and self._gone_for_all_we_see() is None
        if is_lasting:
            raise error
        self._ear.forget()
