"""The tables of [channels.NAME] in monitor.toml: an Apprise URL, a command or a webhook."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from monitor.config import settings, values
from monitor.config.fields import Span, Table, span
from monitor.config.secret_table import SecretKey


def _argv(words: list[str]) -> list[str]:
    if not words[0].startswith("/"):
        raise ValueError(f"must begin with the absolute path of a program, not {values.shown(words[0])}")
    if any("\0" in word for word in words):
        raise ValueError("must hold no NUL character")
    return words


class WebhookTable(Table):
    """A program elsewhere that is told of each event."""

    url: SecretKey = Field(description="Where each event is posted: https, or http to this machine only.")
    secret: SecretKey = Field(description="Signs what is posted; the receiver knows it, too.")


class ChannelTable(Table):
    """A named destination: exactly one of url, command and webhook."""

    url: SecretKey | None = Field(default=None, description="Any Apprise URL: people read it.")
    command: Annotated[list[str], Field(min_length=1, max_length=100), AfterValidator(_argv)] | None = Field(
        default=None,
        description="A program and its arguments: started for each event, which it reads as JSON.",
    )
    webhook: WebhookTable | None = Field(default=None, description="Gets each event as signed JSON.")
    events: list[Literal["opened", "update", "ended"]] | None = Field(
        default=None,
        min_length=1,
        description="What a command or webhook is told of: openings, updates while one lasts, ends. "
        'Left out: ["opened"] for a command, all for a webhook.',
    )
    deadline: Annotated[Span, AfterValidator(values.between("1s", "10m"))] | None = Field(
        default=None, description="For a command (left out: 30s) or a webhook (10s) as a whole."
    )
    max_per_day: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="So often a command is started in 24 hours; left out: 20.",
    )
    dry_run: bool | None = Field(
        default=None, description="true: a command is not started, only said to have been due."
    )
    language: settings.Language | None = Field(default=None, description="Left out: the one of [monitor].")
    give_up_after: Annotated[Span, AfterValidator(values.between("1s", "30d"))] = span(
        settings.DEFAULT_GIVE_UP_AFTER, "Time after which an undelivered message expires."
    )
    secret: SecretKey | None = Field(default=None, description="Signs messages (Feishu, DingTalk).")
    keyword: Annotated[str, AfterValidator(values.one_line(100))] | None = Field(
        default=None, description="Put into the first line, for robots that drop messages without it."
    )
