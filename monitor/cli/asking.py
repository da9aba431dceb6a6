"""One real poll of each feed, for verbs that store nothing, and how the rules see what it brought."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.config.settings import Config, SourceSettings
from monitor.core.answer import Failed, FailureKind
from monitor.core.assemble import Observed, assemble
from monitor.core.errors import ConfigError
from monitor.core.matching import Condition, Rule, Unknown, condition
from monitor.core.product import Feed, Invalid, ProductKey, Seen
from monitor.source.client import Client


@dataclass(frozen=True, slots=True)
class Asked:
    """A poll of one feed: when it was sent, how long it took, what it brought."""

    feed: Feed
    at: datetime
    took: timedelta
    brought: Observed | Failed


def api_keys(config: Config, environ: Mapping[str, str]) -> dict[str, str]:
    """The key of each source. Raises ConfigError with every one that cannot be had."""
    keys: dict[str, str] = {}
    problems: list[str] = []
    for source in config.sources:
        try:
            keys[source.name] = source.api_key.resolve(environ)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return keys


def ask_all(sources: Iterable[SourceSettings], keys: Mapping[str, str]) -> list[Asked]:
    """Sources at once, the feeds of a source one after the other. Never raises for what upstream does."""

    async def ask() -> list[list[Asked]]:
        return await asyncio.gather(*(_ask_source(source, keys[source.name]) for source in sources))

    return [asked for of_source in asyncio.run(ask()) for asked in of_source]


def listed(asked: Iterable[Asked]) -> dict[ProductKey, Seen | Invalid]:
    """Every product of the polls that succeeded, by source and data centre, else as the provider orders."""
    found: dict[ProductKey, Seen | Invalid] = {}
    for poll in asked:
        if isinstance(poll.brought, Observed):
            found |= poll.brought.listed
    return dict(sorted(found.items(), key=lambda item: (item[0].source, item[0].aidc_id)))


def failures(asked: Iterable[Asked]) -> list[tuple[Feed, Failed]]:
    return [(poll.feed, poll.brought) for poll in asked if isinstance(poll.brought, Failed)]


def failure_text(config: Config, feed: Feed, failed: Failed) -> str:
    """Why a poll brought nothing, and what to do about it."""
    source = next(source for source in config.sources if source.name == feed.source)
    match failed.kind:
        case FailureKind.KEY_REFUSED if source.api_key.kind == "literal":
            advice = f"put a valid key into {config.path.name} ({source.api_key.place})"
        case FailureKind.KEY_REFUSED:
            advice = f"put a valid key into {source.api_key.described()}"
        case FailureKind.UNREACHABLE | FailureKind.TIMEOUT:
            advice = f"check the network and base_url ({source.base_url})"
        case FailureKind.RATE_LIMITED | FailureKind.SERVER_ERROR:
            advice = "try again later"
        case FailureKind.NOT_JSON | FailureKind.HTTP_STATUS:
            advice = f"check base_url ({source.base_url})"
        case _:
            return failed.reason
    return f"{failed.reason}; {advice}"


def verdicts(rules: Sequence[Rule], key: ProductKey, observed: Seen | Invalid) -> dict[str, Condition]:
    """What each rule says of a product, by the rule's name."""
    if isinstance(observed, Invalid):
        return {rule.name: Unknown(observed.reason) for rule in rules}
    return {rule.name: condition(rule, key, observed) for rule in rules}


async def _ask_source(source: SourceSettings, key: str) -> list[Asked]:
    client = Client(source.base_url, key, source.timeout, _now)
    try:
        return [await _ask_feed(client, feed) for feed in source.feeds]
    finally:
        await client.close()


async def _ask_feed(client: Client, feed: Feed) -> Asked:
    at, started_s = _now(), time.monotonic()
    answer = await client.fetch(feed)
    took = timedelta(seconds=time.monotonic() - started_s)
    return Asked(feed, at, took, answer if isinstance(answer, Failed) else assemble(feed, answer, {}))


def _now() -> datetime:
    return datetime.now(UTC)
