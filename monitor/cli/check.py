"""`monitor check`: is everything set up? Changes nothing; with --online it asks the provider once."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from monitor.cli.findings import (
    Finding,
    Level,
    exit_code_of,
    failed,
    findings_json,
    ok,
    print_findings,
    warning,
)
from monitor.cli.options import Verb, config_option, json_option, the_config_path
from monitor.cli.output import print_json, print_line
from monitor.config.loading import load
from monitor.config.secret import SecretRef
from monitor.config.settings import Command, Config
from monitor.config.values import duration_text
from monitor.core.errors import ConfigError, DatabaseError


@click.command(
    "check",
    cls=Verb,
    examples=[
        ("monitor check", "configuration, secrets and database"),
        ("monitor check --online", "the provider, the rules and the channels as well"),
        ("monitor check && systemctl reload gpu-stock-monitor", "after an edit"),
    ],
)
@config_option
@json_option
@click.option("--online", is_flag=True, help="Poll each feed once; load the channels. Sends no message.")
def check(online: bool, as_json: bool) -> int:
    """Check the configuration, the secrets and the database, without changing anything.

    With --online also what the provider answers, what each rule matches, and whether the channels' URLs can
    be used (`monitor notify-test` sends to them).

    Exit code 3: configuration or secret; 6: database; 5: the provider. Warnings leave it 0.
    """
    findings = _findings(online=online)
    code = exit_code_of(findings)
    if as_json:
        print_json({"ok": code == 0, "exit_code": code, "findings": findings_json(findings)})
    else:
        print_findings(findings)
        print_line(_summary(findings))
    return code


def _findings(*, online: bool) -> list[Finding]:
    try:
        config = load(the_config_path())
    except ConfigError as error:
        return [
            Finding(Level.FAILED, "configuration", problem, error.exit_code) for problem in error.problems
        ]
    findings = [ok("configuration", _size_of(config))]
    findings += [warning("configuration", sentence) for sentence in config.warnings]
    secrets = [_secret(place, secret, os.environ) for place, secret in _secrets(config).items()]
    findings += [*secrets, *_commands(config), _database(config)]
    if online:
        from monitor.cli.check_online import findings_online

        findings += findings_online(config, os.environ)
    return findings


def _size_of(config: Config) -> str:
    counts = {
        "feed": sum(len(source.feeds) for source in config.sources),
        "channel": len(config.channels),
        "rule": len(config.rules),
    }
    said = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
    return f"{config.path}: {said}"


def _secrets(config: Config) -> dict[str, SecretRef]:
    """Every secret, under a name that says whose it is."""
    found: dict[str, SecretRef | None] = {}
    for source in config.sources:
        found[f"key of source {source.name}"] = source.api_key
    for channel in config.channels:
        for key, reference in channel.secrets.items():
            found[f"{key} of channel {channel.name}"] = reference
    found["heartbeat_url"] = config.monitor.heartbeat_url
    found["web token"] = config.web.token if config.web else None
    return {name: secret for name, secret in found.items() if secret is not None}


def _secret(name: str, secret: SecretRef, environ: Mapping[str, str]) -> Finding:
    try:
        secret.resolve(environ)
    except ConfigError as error:
        return failed(name, error)
    where = "in the configuration" if secret.kind == "literal" else f"{secret.kind} {secret.value}"
    return ok(name, f"there ({where})")


def _commands(config: Config) -> Iterator[Finding]:
    from monitor.notify.command import why_unusable

    for channel in config.channels:
        if isinstance(channel.to, Command):
            what, path = f"command of channel {channel.name}", channel.to.argv[0]
            if (why := why_unusable(path)) is not None:
                yield failed(what, ConfigError([why]))
            elif Path(path).stat().st_mode & 0o022:
                yield warning(what, f"{path} can be changed by others than its owner: chmod go-w")
            else:
                yield ok(what, _how_started(channel.to))


def _how_started(command: Command) -> str:
    if command.dry_run:
        return f"{command.argv[0]} is not started: dry_run = true"
    limits = f"at most {command.max_per_day} times in 24 h, {duration_text(command.deadline)} each"
    return f"{command.argv[0]} can be started; {limits}"


def _database(config: Config) -> Finding:
    from monitor.store.glance import standing

    try:
        found = standing(config.storage.url)
    except DatabaseError as error:
        return failed("database", error)
    if found.holder is None and not found.is_writable:
        sentence = f"{found.file} or its directory cannot be written by this user"
        return failed("database", DatabaseError(sentence))
    held = f"open in the monitor: process {found.holder}" if found.holder else "not in use"
    if not found.exists:
        return ok("database", f"{found.file} will be made at the first start")
    if found.is_behind:
        return warning("database", f"{found.file} will be upgraded at the next start, after a backup; {held}")
    return ok("database", f"{found.file}, revision {found.revision}; {held}")


def _summary(findings: list[Finding]) -> str:
    count = {level: sum(each.level is level for each in findings) for level in Level}
    if count[Level.FAILED]:
        return f"{count[Level.FAILED]} failed: mend what is marked ✗ and check again"
    if count[Level.WARNING]:
        return f"all there; warnings: {count[Level.WARNING]}"
    return "all there"
