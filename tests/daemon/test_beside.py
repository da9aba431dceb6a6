"""Reading along beside a daemon: what is heard when, and what becomes of the wait when it dies."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.errors import DatabaseError
from monitor.core.moment import from_ms
from monitor.core.waiting import Answered
from monitor.daemon.beside import BORNE_S, LISTENED_EACH_S, RESTED_S, Beside
from monitor.store.glance import UNNAMED
from tests.cli.stock import stock, stocked
from tests.fakes.clock import NOON, FakeClock
from tests.store.ground import FEED, Monitor, key

INTERVAL = timedelta(seconds=15)
DAEMON = "17 monitor run"


class Stage:
    """A clock that moves with each nap, a daemon's word in the lock file, and what happens at which nap."""

    def __init__(self, folder: Path, monitor: Monitor) -> None:
        self.monitor = monitor
        self.clock = FakeClock()
        self.holder: str | None = DAEMON
        self.naps: list[float] = []
        self.at_nap: dict[int, Callable[[], object]] = {}
        self.file = folder / "monitor.db"

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.clock.advance(seconds)
        self.at_nap.get(len(self.naps), lambda: None)()

    def beside(self) -> Beside:
        feed = Answered(FEED, INTERVAL, timedelta(minutes=1))
        url = f"sqlite:///{self.file}"
        return Beside(url, [feed], self.clock, lambda _: self.holder, self.sleep)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """The last poll, without stock, was just now."""
    with stocked(folder, stock(TRAIN_1=0), stock(TRAIN_1=0), until=NOON) as monitor:
        yield Stage(folder, monitor)


def test_what_is_known_is_there_at_once(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        beside = stage.beside()
        look = beside.next(0)
        beside.close()
    assert stage.naps == []
    assert list(look.products) == [key("PRD-TRAIN-1")]
    assert look.feeds[0].last_ok_at == from_ms(stage.monitor.now_ms)
    assert look.gone is None


def test_it_returns_after_the_next_poll_that_is_stored(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        beside = stage.beside()
        stage.at_nap[3] = lambda: stage.monitor.poll(stock(TRAIN_1=4))
        look = beside.next(1)
        beside.close()
    assert len(stage.naps) == 3
    _, seen = look.products[key("PRD-TRAIN-1")]
    assert getattr(seen, "remaining", None) == 4


def test_a_commit_that_brought_no_poll_is_no_news(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        beside = stage.beside()
        stage.at_nap[2] = lambda: stage.monitor.write(
            lambda c: c.exec_driver_sql("UPDATE alert SET peak = peak")
        )
        beside.next(1)
        beside.close()
    assert len(stage.naps) == 4


def test_it_rests_while_no_poll_is_due_and_listens_closely_from_then_on(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        beside = stage.beside()
        beside.next(1)
        assert set(stage.naps) == {RESTED_S}
        stage.clock.advance(INTERVAL.total_seconds())
        stage.naps.clear()
        beside.next(0.1)
        beside.close()
    assert stage.naps[:4] == pytest.approx([LISTENED_EACH_S] * 4)


def test_a_daemon_that_dies_is_said_to_be_gone_until_it_is_back(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        beside = stage.beside()
        stage.holder = None
        assert "no monitor is running any more" in (beside.next(1).gone or "")
        stage.holder = "18 monitor wait trainers"
        assert "monitor wait trainers holds its database" in (beside.next(1).gone or "")
        stage.holder = UNNAMED
        assert beside.next(1).gone is None, "it is about to say who it is"
        stage.holder = "19 monitor run"
        assert beside.next(1).gone is None
        beside.close()


def test_a_daemon_that_is_not_seen_from_here_is_not_missed(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.holder = None
        beside = stage.beside()
        assert beside.next(1).gone is None
        beside.close()


def test_a_database_that_was_deleted_is_waited_for_and_read_anew(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        beside = stage.beside()
        beside.next(0)
        for file in tmp_path.glob("monitor.db*"):
            file.unlink()
        assert beside.next(1).products
        with stocked(tmp_path, stock(TRAIN_1=2), stock(TRAIN_1=2), until=stage.clock.now()):
            beside.next(1)
            _, seen = beside.next(1).products[key("PRD-TRAIN-1")]
        beside.close()
    assert getattr(seen, "remaining", None) == 2


def test_a_database_that_cannot_be_read_ends_it_at_the_start(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        newer(stage.monitor)
        with pytest.raises(DatabaseError, match="newer release"):
            stage.beside()


def test_a_database_of_a_newer_release_ends_it_after_a_while(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        beside = stage.beside()
        beside.next(0)
        newer(stage.monitor)
        assert beside.next(1).products
        with pytest.raises(DatabaseError, match="newer release"):
            beside.next(BORNE_S + 1)
        beside.close()


def test_a_database_that_is_yet_to_be_made_is_waited_for(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        for file in tmp_path.glob("monitor.db*"):
            file.unlink()
        beside = stage.beside()
        assert beside.next(1).products == {}
        with stocked(tmp_path, stock(TRAIN_1=2), until=stage.clock.now()):
            beside.next(1)
            assert beside.next(1).products
        beside.close()


def newer(monitor: Monitor) -> None:
    monitor.write(lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
