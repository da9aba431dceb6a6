"""Writes the effective configuration as TOML, with secrets masked."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import assert_never

from monitor.config.days import days_text
from monitor.config.factor import factor_text
from monitor.config.secret import SecretRef
from monitor.config.settings import (
    AppriseUrl,
    ChannelSettings,
    Command,
    Config,
    Destination,
    MonitorSettings,
    SourceSettings,
    Webhook,
    WebSettings,
)
from monitor.config.values import duration_text
from monitor.core.calendar import Calendar
from monitor.core.matching import Criterion, Match, Range, Rule

Shown = str | int | bool | timedelta | SecretRef | Range | list["Shown"] | dict[str, "Shown"] | None


def show(config: Config) -> str:
    """Every setting in force, defaults too. References to secrets stand there, literals are `***`."""
    return "\n".join(line for table in _tables(config) for line in (*table, "")).rstrip("\n") + "\n"


def _tables(config: Config) -> Iterator[list[str]]:
    yield [f"# effective configuration of {json.dumps(str(config.path))}; disabled watches are left out"]
    for source in config.sources:
        yield _table("[source]" if len(config.sources) == 1 else "[[source]]", _source(source))
    yield _table("[storage]", {"url": config.storage.url, "keep": config.storage.keep})
    yield _table("[monitor]", _monitor(config.monitor))
    calendar = _calendar(config.calendar)
    if calendar:
        yield _table("[calendar]", calendar)
    if config.web:
        yield _table("[web]", _web(config.web))
    for channel in config.channels:
        yield _table(f"[channels.{_key(channel.name)}]", _channel(channel))
    for rule in config.rules:
        yield _table("[[watch]]", _watch(rule))


def _source(source: SourceSettings) -> dict[str, Shown]:
    return {
        "name": source.name,
        "base_url": source.base_url,
        "api_key": source.api_key,
        "aidc_ids": list(source.aidc_ids) or None,
        "interval": source.interval,
        "timeout": source.timeout,
    }


def _monitor(monitor: MonitorSettings) -> dict[str, Shown]:
    return {
        "notify": list(monitor.notify),
        "blind_after": monitor.blind_after,
        "heartbeat_url": monitor.heartbeat_url,
        "language": monitor.language,
        "timezone": monitor.timezone.key,
        "price_units": {str(code): label for code, label in monitor.price_units.items()},
    }


def _calendar(calendar: Calendar) -> dict[str, Shown]:
    days = {"holidays": calendar.holidays, "workdays": calendar.workdays}
    return {key: list(days_text(wanted)) for key, wanted in days.items() if wanted}


def _web(web: WebSettings) -> dict[str, Shown]:
    host = f"[{web.host}]" if ":" in web.host else web.host
    return {"listen": f"{host}:{web.port}", "token": web.token, "public_url": web.public_url}


def _channel(channel: ChannelSettings) -> dict[str, Shown]:
    return {
        **_destination(channel.to),
        "language": channel.language,
        "give_up_after": channel.give_up_after,
    }


def _destination(to: Destination) -> dict[str, Shown]:
    match to:
        case AppriseUrl(url, secret, keyword):
            return {"url": url, "secret": secret, "keyword": keyword}
        case Command(argv, events, deadline, most, dry_run):
            return {
                "command": list(argv),
                "events": list(events),
                "deadline": deadline,
                "max_per_day": most,
                "dry_run": dry_run,
            }
        case Webhook(url, secret, events, deadline):
            return {
                "webhook": {"url": url, "secret": secret},
                "events": list(events),
                "deadline": deadline,
            }
        case _:
            assert_never(to)


def _watch(rule: Rule) -> dict[str, Shown]:
    matches: list[Shown] = [_match(match) for match in rule.any_of]
    return {
        "name": rule.name,
        "match": matches[0] if len(matches) == 1 else matches,
        "notify": list(rule.notify),
        "for": rule.hold_for,
        "keep_firing_for": rule.keep_firing_for,
        "remind_every": rule.remind_every or "never",
        "notify_sold_out": rule.notify_sold_out,
        "announce_existing": rule.announce_existing,
        "more_at": "never" if rule.more_at is None else factor_text(rule.more_at),
        "min_gap": rule.min_gap,
        "blocked_after": rule.blocked_after,
        "ignore_stock_error": list(rule.ignore_stock_error),
        "note": rule.note,
    }


def _match(match: Match) -> dict[str, Shown]:
    return {criterion.key: _wanted(criterion) for criterion in match}


def _wanted(criterion: Criterion) -> Shown:
    every: list[Shown] = [*criterion.globs, *criterion.ranges]
    return every[0] if len(every) == 1 else every


def _table(header: str, keys: dict[str, Shown]) -> list[str]:
    return [header, *(f"{key} = {_value(value)}" for key, value in keys.items() if value is not None)]


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)


def _value(value: Shown) -> str:
    match value:
        case timedelta():
            return f'"{duration_text(value)}"'
        case Range():
            return _range(value)
        case SecretRef():
            return '"***"' if value.kind == "literal" else _value({value.kind: value.value})
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            pairs = ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _range(wanted: Range) -> str:
    exact = wanted.low is not None and wanted.low == wanted.high
    number = wanted.low if wanted.low is not None else Decimal(0)
    return f"{number:f}" if exact else f'"{wanted}"'
