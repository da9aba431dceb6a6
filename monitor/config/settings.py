"""What the rest of the program gets from monitor.toml: frozen values, checked and resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, assert_never
from zoneinfo import ZoneInfo

from monitor.config.secret import SYSTEM_DIRECTORY, SecretRef
from monitor.core.calendar import Calendar
from monitor.core.errors import SecretError
from monitor.core.manner import Manner, Occasion
from monitor.core.matching import Rule
from monitor.core.product import Feed

__all__ = [
    "AppriseUrl",
    "ChannelSettings",
    "Command",
    "Config",
    "Destination",
    "Language",
    "MonitorSettings",
    "SecretError",
    "SecretRef",
    "SourceSettings",
    "StorageSettings",
    "WebSettings",
    "Webhook",
]

Language = Literal["en", "zh"]

DEFAULT_BASE_URL: Final = "https://api.alayanew.com"
DEFAULT_SOURCE: Final = "default"
DEFAULT_INTERVAL: Final = timedelta(seconds=15)
DEFAULT_TIMEOUT: Final = timedelta(seconds=10)
DEFAULT_KEEP: Final = timedelta(days=400)
DEFAULT_GIVE_UP_AFTER: Final = timedelta(hours=6)
DEFAULT_COMMAND_EVENTS: Final = (Occasion.OPENED,)
DEFAULT_COMMAND_DEADLINE: Final = timedelta(seconds=30)
DEFAULT_WEBHOOK_DEADLINE: Final = timedelta(seconds=10)
DEFAULT_MAX_PER_DAY: Final = 20
DEFAULT_TIMEZONE: Final = "Asia/Shanghai"
DEFAULT_LISTEN: Final = "127.0.0.1:8787"
UNSET: Final = Rule("", (), ())
"""The rule of a watch that sets no timing key: core's defaults are the file's."""
LEAST_BLIND_AFTER: Final = timedelta(seconds=60)
SYSTEM_CONFIG: Final = SYSTEM_DIRECTORY / "monitor.toml"
SYSTEM_DATABASE: Final = Path("/var/lib/gpu-stock-monitor/monitor.db")


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One account at the provider. `timeout` is the whole exchange, from connect to last byte."""

    name: str
    base_url: str
    api_key: SecretRef
    aidc_ids: tuple[int, ...] = ()
    interval: timedelta = DEFAULT_INTERVAL
    timeout: timedelta = DEFAULT_TIMEOUT

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """One feed per data centre; without a list of them one feed for all."""
        return tuple(Feed(self.name, aidc_id) for aidc_id in self.aidc_ids) or (Feed(self.name, None),)


@dataclass(frozen=True, slots=True)
class AppriseUrl:
    """People read it. `secret` signs and `keyword` opens messages, for robots that want it."""

    url: SecretRef
    secret: SecretRef | None = None
    keyword: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A program on this machine, started for each event that it wants; never through a shell."""

    argv: tuple[str, ...]
    events: tuple[Occasion, ...] = DEFAULT_COMMAND_EVENTS
    deadline: timedelta = DEFAULT_COMMAND_DEADLINE
    max_per_day: int = DEFAULT_MAX_PER_DAY
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """A program elsewhere: each event is posted to it as JSON, signed."""

    url: SecretRef
    secret: SecretRef
    events: tuple[Occasion, ...] = tuple(Occasion)
    deadline: timedelta = DEFAULT_WEBHOOK_DEADLINE


Destination = AppriseUrl | Command | Webhook


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """A named destination. `language` is also that of the human words in an event for a program."""

    name: str
    to: Destination
    language: Language = "en"
    give_up_after: timedelta = DEFAULT_GIVE_UP_AFTER

    @property
    def manner(self) -> Manner | None:
        """None: it is told as people are."""
        match self.to:
            case AppriseUrl():
                return None
            case Command(events=events, max_per_day=most):
                return Manner(frozenset(events), most, acts=True)
            case Webhook(events=events):
                return Manner(frozenset(events))
            case _:
                assert_never(self.to)

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """By the key that holds each."""
        match self.to:
            case AppriseUrl(url, secret, _):
                return {"url": url, **({"secret": secret} if secret else {})}
            case Webhook(url, secret):
                return {"webhook.url": url, "webhook.secret": secret}
            case Command():
                return {}
            case _:
                assert_never(self.to)


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """`url` is absolute: `sqlite:////var/lib/...`. `keep` is how long ended history stays."""

    url: str
    keep: timedelta = DEFAULT_KEEP


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """The monitor's own matters. `notify` names the channels for its troubles."""

    notify: tuple[str, ...] = ()
    blind_after: timedelta | None = None
    heartbeat_url: SecretRef | None = None
    language: Language = "en"
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo(DEFAULT_TIMEZONE))
    price_units: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))

    def blind_after_of(self, source: SourceSettings) -> timedelta:
        """How long a feed of this source may go without an ok poll before that is said."""
        return self.blind_after or max(LEAST_BLIND_AFTER, 4 * source.interval)


@dataclass(frozen=True, slots=True)
class WebSettings:
    host: str
    port: int
    token: SecretRef | None = None
    public_url: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The whole of monitor.toml. Watches that are not enabled are in `disabled`, not in `rules`.

    `warnings` are sentences with file and line, like the problems of a ConfigError.
    """

    path: Path
    sources: tuple[SourceSettings, ...]
    storage: StorageSettings
    monitor: MonitorSettings
    web: WebSettings | None = None
    channels: tuple[ChannelSettings, ...] = ()
    rules: tuple[Rule, ...] = ()
    disabled: tuple[Rule, ...] = ()
    warnings: tuple[str, ...] = ()
    calendar: Calendar = field(default_factory=lambda: Calendar(ZoneInfo(DEFAULT_TIMEZONE)))
