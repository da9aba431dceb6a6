"""Channels against the internet on loopback."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.notify.channel import Channel
from tests.fakes.internet import FakeInternet

NOW_S = 1_700_000_000.25

LoadChannel = Callable[..., Channel]


@pytest.fixture(scope="session")
def shared_internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeInternet]:
    with FakeInternet(Path(tmp_path_factory.mktemp("internet"))) as internet:
        yield internet
        assert internet.errors == []


@pytest.fixture
def internet(shared_internet: FakeInternet, monkeypatch: pytest.MonkeyPatch) -> FakeInternet:
    for name, value in shared_internet.environment.items():
        monkeypatch.setenv(name, value)
    shared_internet.forget()
    return shared_internet


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and t.name != "fake internet"]
    assert left == []


@pytest.fixture
def load() -> LoadChannel:
    def load_channel(url: str, **options: object) -> Channel:
        return Channel.load("phone", url, clock=lambda: NOW_S, **options)  # type: ignore[arg-type]

    return load_channel
