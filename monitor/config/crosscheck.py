"""Checks what spans several keys of monitor.toml: names, channels, timing, the web token. Pure."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta

from monitor.config import settings, values
from monitor.config.channelcheck import channel_problems, tellers
from monitor.config.days import days
from monitor.config.matchcheck import match_problems
from monitor.config.positions import Place
from monitor.config.problem import Problem, path_text
from monitor.config.rawdoc import Raw, elements, is_enabled, table, tables
from monitor.config.suggesting import did_you_mean


def problems_across(raw: Raw) -> Iterator[Problem]:
    """What no single key can know. Values that are wrong in themselves are passed over."""
    yield from _source_names(raw)
    yield from _repeated(raw, "watch", "watches")
    yield from channel_problems(raw)
    yield from _channel_names(raw)
    yield from _nobody_to_tell(raw)
    yield from _repeated_centres(raw)
    yield from _blind_too_soon(raw)
    yield from _worked_holidays(raw)
    yield from _web_without_token(raw)
    yield from match_problems(raw)


def advice(raw: Raw) -> Iterator[Problem]:
    """What works, but hardly as meant."""
    if not any(is_enabled(watch) for _, watch in tables(raw, "watch")):
        yield Problem(("watch",), "there is none: history is kept, but nothing is announced")
    channels = tellers(raw)
    if not channels:
        place: Place = ("channels",)
        yield Problem(place, f"there is none{_but(raw)}: nobody hears of the monitor's own troubles")
    elif table(raw, "monitor").get("notify") == []:
        yield Problem(("monitor", "notify"), "is empty: nobody hears of the monitor's own troubles")
    elif len(channels) == 1:
        yield Problem(
            ("channels", *channels), "is the only channel: when it fails, there is no other to say so"
        )


def _source_names(raw: Raw) -> Iterator[Problem]:
    yield from _repeated(raw, "source", "sources")
    sources = list(tables(raw, "source"))
    if len(sources) > 1:
        for place, source in sources:
            if "name" not in source:
                yield Problem(place, "needs a name, since there are several sources")


def _repeated(raw: Raw, key: str, many: str) -> Iterator[Problem]:
    seen: dict[str, Place] = {}
    for place, element in tables(raw, key):
        name = element.get("name")
        if not isinstance(name, str):
            continue
        if name in seen:
            first = path_text(seen[name])
            yield Problem(
                (*place, "name"),
                f"{values.shown(name)} is the name of {first} already: {many} need different names",
            )
        seen.setdefault(name, place)


def _channel_names(raw: Raw) -> Iterator[Problem]:
    channels = table(raw, "channels")
    for place, owner in [(("monitor",), table(raw, "monitor")), *tables(raw, "watch")]:
        seen: set[str] = set()
        for at, name in elements(owner, "notify", place):
            if not isinstance(name, str) or len(at) == len(place) + 1:
                continue
            if name not in channels:
                yield Problem(at, f"there is no channel {values.shown(name)}" + did_you_mean(name, channels))
            elif name in seen:
                yield Problem(at, f"channel {values.shown(name)} is in the list twice")
            seen.add(name)


def _nobody_to_tell(raw: Raw) -> Iterator[Problem]:
    if tellers(raw):
        return
    for place, watch in tables(raw, "watch"):
        if is_enabled(watch) and "notify" not in watch:
            name_it = "name one in notify" if table(raw, "channels") else "add a [channels.NAME]"
            yield Problem(
                place, f"there is no channel to tell{_but(raw)}: {name_it}, or notify = [] to record only"
            )


def _but(raw: Raw) -> str:
    return " but commands, which hear only of what names them" if table(raw, "channels") else ""


def _repeated_centres(raw: Raw) -> Iterator[Problem]:
    for place, source in tables(raw, "source"):
        seen: set[int] = set()
        for at, aidc_id in elements(source, "aidc_ids", place):
            if isinstance(aidc_id, int) and aidc_id in seen:
                yield Problem(at, f"data centre {aidc_id} is in the list twice")
            elif isinstance(aidc_id, int):
                seen.add(aidc_id)


def _blind_too_soon(raw: Raw) -> Iterator[Problem]:
    blind_after = _duration_of(table(raw, "monitor").get("blind_after"))
    intervals = [
        _duration_of(source.get("interval", values.duration_text(settings.DEFAULT_INTERVAL)))
        for _, source in tables(raw, "source")
    ]
    longest = max((interval for interval in intervals if interval), default=None)
    if blind_after is not None and longest is not None and blind_after < 2 * longest:
        yield Problem(
            ("monitor", "blind_after"),
            f"must be at least 2 intervals of every source ({values.duration_text(2 * longest)}):"
            " one late poll is no blindness",
        )


def _duration_of(value: object) -> timedelta | None:
    try:
        return values.duration(value)
    except ValueError:
        return None


def _worked_holidays(raw: Raw) -> Iterator[Problem]:
    calendar = table(raw, "calendar")
    holidays = {day for _, day in _days_of(calendar, "holidays")}
    for at, day in _days_of(calendar, "workdays"):
        if day in holidays:
            yield Problem(at, f"{day} is among holidays, too")
            return


def _days_of(calendar: Raw, key: str) -> Iterator[tuple[Place, date]]:
    for at, value in elements(calendar, key, ("calendar",)):
        with suppress(ValueError):
            yield from ((at, day) for day in days(value))


def _web_without_token(raw: Raw) -> Iterator[Problem]:
    web = table(raw, "web")
    address = web.get("listen")
    if "token" in web or not isinstance(address, str):
        return
    try:
        host, _ = values.listen(address)
    except ValueError:
        return
    if not values.is_loopback(host):
        yield Problem(
            ("web", "listen"),
            'others can reach this address, so [web] needs a token: token = { env = "MONITOR_TOKEN" }',
        )
