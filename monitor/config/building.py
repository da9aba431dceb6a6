"""Makes settings of a checked document: defaults filled in, paths and names resolved."""

from pathlib import Path
from types import MappingProxyType
from typing import Any

from monitor.config import settings, values
from monitor.config.channel_table import ChannelTable
from monitor.config.document import (
    CalendarTable,
    Document,
    MatchTable,
    MonitorTable,
    SourceTable,
    StorageTable,
    TimingTable,
    WatchTable,
    WebTable,
    timing_of,
)
from monitor.config.secret import SYSTEM_DIRECTORY, SecretRef
from monitor.config.secret_table import LiteralSecret, SecretTable
from monitor.core.calendar import Calendar
from monitor.core.manner import Occasion
from monitor.core.matching import MATCH_KEYS, TEXT_KEYS, Criterion, Match, Rule


def build(document: Document, path: Path) -> settings.Config:
    """The settings that the file at `path` holds; `path` is absolute."""
    channels = tuple(_channel(name, table, document, path) for name, table in document.channels.items())
    # A command acts: it hears only of what names it.
    everyone = tuple(channel.name for channel in channels if not isinstance(channel.to, settings.Command))
    return settings.Config(
        path=path,
        sources=tuple(_source(table, index, document, path) for index, table in enumerate(document.source)),
        storage=_storage(document.storage or StorageTable(), path),
        monitor=_monitor(document, path, everyone),
        web=None if document.web is None else _web(document.web, path),
        channels=channels,
        rules=tuple(_rule(watch, document, everyone) for watch in document.watch if watch.enabled),
        calendar=_calendar(document),
        disabled=tuple(_rule(watch, document, everyone) for watch in document.watch if not watch.enabled),
    )


def _source(table: SourceTable, index: int, document: Document, path: Path) -> settings.SourceSettings:
    place = "source.api_key" if len(document.source) == 1 else f"source[{index + 1}].api_key"
    return settings.SourceSettings(
        name=table.name or settings.DEFAULT_SOURCE,
        base_url=table.base_url,
        api_key=_secret(table.api_key, place, path),
        aidc_ids=tuple(table.aidc_ids or ()),
        interval=table.interval,
        timeout=table.timeout,
    )


def _secret(table: SecretTable, place: str, path: Path) -> SecretRef:
    if isinstance(table, LiteralSecret):
        return SecretRef("literal", table.text, place)
    if table.env is not None:
        return SecretRef("env", table.env, place)
    if table.file is not None:
        return SecretRef("file", str(path.parent / table.file), place)
    return SecretRef("credential", table.credential or "", place)


def _optional_secret(table: SecretTable | None, place: str, path: Path) -> SecretRef | None:
    return None if table is None else _secret(table, place, path)


def _storage(table: StorageTable, path: Path) -> settings.StorageSettings:
    if table.url is not None:
        file = path.parent / values.database_file(table.url)
    elif path.parent == SYSTEM_DIRECTORY:
        file = settings.SYSTEM_DATABASE
    else:
        file = path.parent / "monitor.db"
    return settings.StorageSettings(url=f"sqlite:///{file}", keep=table.keep)


def _monitor(document: Document, path: Path, everyone: tuple[str, ...]) -> settings.MonitorSettings:
    table = document.monitor or MonitorTable()
    return settings.MonitorSettings(
        notify=everyone if table.notify is None else tuple(table.notify),
        blind_after=table.blind_after,
        heartbeat_url=_optional_secret(table.heartbeat_url, "monitor.heartbeat_url", path),
        language=table.language,
        timezone=table.timezone,
        price_units=MappingProxyType(dict(table.price_units)),
    )


def _calendar(document: Document) -> Calendar:
    table = document.calendar or CalendarTable()
    return Calendar(
        zone=(document.monitor or MonitorTable()).timezone,
        holidays=frozenset(day for days in table.holidays for day in days),
        workdays=frozenset(day for days in table.workdays for day in days),
    )


def _web(table: WebTable, path: Path) -> settings.WebSettings:
    host, port = values.listen(table.listen)
    return settings.WebSettings(
        host, port, _optional_secret(table.token, "web.token", path), table.public_url
    )


def _channel(name: str, table: ChannelTable, document: Document, path: Path) -> settings.ChannelSettings:
    return settings.ChannelSettings(
        name=name,
        to=_destination(name, table, path),
        language=table.language or (document.monitor or MonitorTable()).language,
        give_up_after=table.give_up_after,
    )


def _destination(name: str, table: ChannelTable, path: Path) -> settings.Destination:
    """`crosscheck` has seen that exactly one of the three is there."""
    place = f"channels.{name}"
    if table.url is not None:
        secret = _optional_secret(table.secret, f"{place}.secret", path)
        return settings.AppriseUrl(_secret(table.url, f"{place}.url", path), secret, table.keyword)
    events = table.events and tuple(map(Occasion, table.events))
    given: dict[str, Any] = {"events": events, "deadline": table.deadline}
    if table.webhook is not None:
        url = _secret(table.webhook.url, f"{place}.webhook.url", path)
        secret = _secret(table.webhook.secret, f"{place}.webhook.secret", path)
        return settings.Webhook(url, secret, **_given(given))
    given |= {"max_per_day": table.max_per_day, "dry_run": table.dry_run}
    return settings.Command(tuple(table.command or ()), **_given(given))


def _given(keys: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if value is not None}


def _rule(watch: WatchTable, document: Document, everyone: tuple[str, ...]) -> Rule:
    return Rule(
        name=watch.name,
        any_of=tuple(_criteria(match) for match in watch.match),
        notify=everyone if watch.notify is None else tuple(watch.notify),
        ignore_stock_error=tuple(watch.ignore_stock_error),
        note=watch.note,
        **(timing_of(document.defaults or TimingTable()) | timing_of(watch)),
    )


def _criteria(match: MatchTable) -> Match:
    # In the order of MATCH_KEYS: the counts come last, so that the key that says no is the telling one.
    given = ((key, getattr(match, key)) for key in MATCH_KEYS)
    return tuple(
        Criterion(key, globs=tuple(wanted)) if key in TEXT_KEYS else Criterion(key, ranges=tuple(wanted))
        for key, wanted in given
        if wanted is not None
    )
