"""The part of `monitor check` that needs the network or the message library: feeds, rules, channels."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from monitor.cli.asking import Asked, ask_all, failure_text, failures, listed, verdicts
from monitor.cli.findings import Finding, failed, ok, warning
from monitor.cli.output import upstream
from monitor.config.settings import Command, Config, SourceSettings
from monitor.core.answer import Failed
from monitor.core.errors import ConfigError, UpstreamError
from monitor.core.explaining import verdict_text
from monitor.core.matching import NotMet, Rule, covers
from monitor.core.product import Attributes, Invalid, ProductKey, Seen, is_available

NAMES_SHOWN = 8

Products = Mapping[ProductKey, Seen | Invalid]


def findings_online(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Polls each feed whose key can be had, and loads each channel whose URL can be had."""
    sources, keys = _askable(config, environ)
    asked = ask_all(sources, keys)
    for poll in asked:
        yield _feed(config, poll)
    products = listed(asked)
    if len(failures(asked)) < len(asked):
        for rule in config.rules:
            yield _rule(rule, config, products)
    for channel in config.channels:
        found = _channel(replace(config, channels=(channel,)), environ)
        if found is not None:
            yield found


def _askable(config: Config, environ: Mapping[str, str]) -> tuple[list[SourceSettings], dict[str, str]]:
    """The others were found without a key already."""
    keys: dict[str, str] = {}
    for source in config.sources:
        try:
            keys[source.name] = source.api_key.resolve(environ)
        except ConfigError:
            continue
    return [source for source in config.sources if source.name in keys], keys


def _feed(config: Config, poll: Asked) -> Finding:
    what = f"feed {poll.feed}"
    if isinstance(poll.brought, Failed):
        return failed(what, UpstreamError(failure_text(config, poll.feed, poll.brought)))
    seen = [each for each in poll.brought.listed.values() if isinstance(each, Seen)]
    available = sum(is_available(each) for each in seen)
    count, took_ms = len(poll.brought.listed), round(poll.took.total_seconds() * 1000)
    said = f"{count} products, {available} in stock, {took_ms} ms"
    unreadable = count - len(seen) + poll.brought.unusable
    if unreadable:
        return warning(what, f"{said}; {unreadable} rows cannot be read")
    return ok(what, said)


def _rule(rule: Rule, config: Config, products: Products) -> Finding:
    """The products it watches, each with its verdict; without one, which keys turned all of them away."""
    what = f"rule {rule.name}"
    watched, refusals = [], Counter[str]()
    for key, seen in products.items():
        attributes = seen.attributes if isinstance(seen, Seen) else Attributes()
        verdict = covers(rule, key, attributes)
        if isinstance(verdict, NotMet):
            refusals[verdict.key] += 1
        else:
            watched.append(key)
    if not watched:
        why = ", ".join(f"{key} ({count})" for key, count in refusals.most_common())
        return warning(
            what, f"matches none of the {len(products)} products; turned away by {why or 'nothing'}"
        )
    told = [_told(rule, key, products[key]) for key in watched[:NAMES_SHOWN]]
    more = len(watched) - len(told)
    return ok(what, "; ".join([*told, f"and {more} more"] if more else told))


def _told(rule: Rule, key: ProductKey, seen: Seen | Invalid) -> str:
    said = verdict_text(verdicts([rule], key, seen)[rule.name])
    return f"{upstream(key.product_code)} (aidc {key.aidc_id}) {said}"


def _channel(only: Config, environ: Mapping[str, str]) -> Finding | None:
    """None when its secrets are missing, which was said before."""
    from monitor.daemon.channels import load_channels, targets

    (channel,) = only.channels
    if isinstance(channel.to, Command):
        return None  # looked at already, without the network
    try:
        wanted = targets(only, environ)
    except ConfigError:
        return None
    try:
        load_channels(wanted, only)
    except ConfigError as error:
        return failed(f"channel {channel.name}", error)
    return ok(f"channel {channel.name}", "its URL can be used; `monitor notify-test` sends to it")
