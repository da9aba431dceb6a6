"""Checks of [channels.NAME] that span several keys: one kind of destination, and only its own keys. Pure."""

from collections.abc import Iterator
from typing import Final

from monitor.config import values
from monitor.config.positions import Place
from monitor.config.problem import Problem
from monitor.config.rawdoc import Raw, table

KINDS: Final = ("url", "command", "webhook")
_GOES_WITH: Final = {
    "secret": ("url",),
    "keyword": ("url",),
    "events": ("command", "webhook"),
    "deadline": ("command", "webhook"),
    "max_per_day": ("command",),
    "dry_run": ("command",),
}


def channel_problems(raw: Raw) -> Iterator[Problem]:
    for name, channel in table(raw, "channels").items():
        if isinstance(channel, dict):
            yield from _of_channel(("channels", name), channel)


def tellers(raw: Raw) -> dict[str, Raw]:
    """The channels that hear of what does not name them: all but commands."""
    channels = table(raw, "channels").items()
    return {
        name: channel
        for name, channel in channels
        if not (isinstance(channel, dict) and "command" in channel)
    }


def _of_channel(place: Place, channel: Raw) -> Iterator[Problem]:
    given = [kind for kind in KINDS if kind in channel]
    if not given:
        yield Problem(
            place,
            'needs a url (add url = { env = "NAME" } with an Apprise URL in it), a command or a webhook',
        )
        return
    if len(given) > 1:
        yield Problem(place, f"holds {' and '.join(given)}: make a channel of each")
        return
    for key, kinds in _GOES_WITH.items():
        if key in channel and given[0] not in kinds:
            yield Problem((*place, key), f"goes with {' or '.join(kinds)} only" + _meant(key, given[0]))
    yield from _hook_in_the_clear(place, table(channel, "webhook"))


def _meant(key: str, kind: str) -> str:
    return ": it is webhook.secret that signs" if (key, kind) == ("secret", "webhook") else ""


def _hook_in_the_clear(place: Place, webhook: Raw) -> Iterator[Problem]:
    """An address that stands elsewhere is looked at when it is fetched."""
    url = webhook.get("url")
    if isinstance(url, str):
        try:
            values.webhook_url(url)
        except ValueError as error:
            yield Problem((*place, "webhook", "url"), str(error))
