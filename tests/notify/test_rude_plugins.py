"""Plugins that raise, exit, or answer nothing: a send never raises, whatever they do."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from apprise import NotifyBase
from apprise.manager_plugins import NotificationManager

from monitor.core.backoff import FailureClass, Refused
from tests.notify.conftest import LoadChannel

Act = Callable[[], Any]


class RudePlugin(NotifyBase):  # type: ignore[no-untyped-call]
    """Does to its caller what the test says."""

    app_id = "rude"
    service_name = "Rude"  # type: ignore[assignment]
    protocol = "rude"  # type: ignore[assignment]
    act: Act = staticmethod(lambda: True)

    def send(self, *_args: Any, **_kwargs: Any) -> bool:
        return type(self).act()  # type: ignore[no-any-return]

    def url(self, *_args: Any, **_kwargs: Any) -> str:
        return "rude://host"


def raise_it(error: BaseException) -> Act:
    def act() -> bool:
        raise error

    return act


@pytest.fixture
def rude() -> Iterator[type[RudePlugin]]:
    plugins: Any = NotificationManager()  # type: ignore[no-untyped-call]
    plugins.add(RudePlugin, schemas=["rude"])
    yield RudePlugin
    plugins.remove("rude")


@pytest.mark.parametrize(
    "act",
    [
        raise_it(RuntimeError("canaryhost and canarypass1")),
        raise_it(SystemExit(3)),
        raise_it(SystemExit("canarypass1")),
        raise_it(RecursionError()),
        raise_it(MemoryError()),
        raise_it(UnicodeEncodeError("utf-8", "canarypass1", 0, 1, "surrogates")),
        lambda: None,
        lambda: False,
        lambda: 0,
    ],
)
def test_whatever_a_plugin_does_a_send_answers_with_a_value(
    act: Act, rude: type[RudePlugin], load: LoadChannel
) -> None:
    channel = load("rude://user1:canarypass1@canaryhost")
    rude.act = staticmethod(act)
    outcome = channel.send("t", "b")
    assert isinstance(outcome, Refused)
    assert outcome.kind is FailureClass.TRANSIENT
    assert outcome.reason
    assert "canary" not in outcome.reason


@pytest.mark.parametrize("text", ["", "\ud800", "\x00", "a" * 1_000_000])
def test_no_text_makes_a_send_raise(text: str, load: LoadChannel) -> None:
    outcome = load("json://127.0.0.1:1/path0123").send(text, text)
    assert isinstance(outcome, Refused)
