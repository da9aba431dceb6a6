"""The shape of monitor.toml as pydantic models: keys, types, bounds and the words that editors show.

What spans several keys is checked in `crosscheck` and `matchcheck`; settings are made in `building`.
"""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema

from monitor.config import settings, values
from monitor.config.channel_table import ChannelTable
from monitor.config.factor import FACTOR_SCHEMA
from monitor.config.fields import (
    Days,
    Factor,
    Glob,
    Line,
    Name,
    NumberMatch,
    OneOrMany,
    Span,
    SpanAboveZero,
    Table,
    TextMatch,
    Zone,
    one_as_list,
    span,
)
from monitor.config.secret_table import SecretKey

LARGEST_ID: Final = 2**31 - 1


class SourceTable(Table):
    """One account at the provider."""

    name: Name | None = Field(
        default=None, description='Needed when there are several sources; a single one is named "default".'
    )
    base_url: Annotated[str, AfterValidator(values.base_url)] = Field(
        default=settings.DEFAULT_BASE_URL,
        description="Where the API is: https, or http to this machine only.",
    )
    api_key: SecretKey = Field(description="The Open API key.")
    aidc_ids: list[Annotated[int, Field(ge=0, le=LARGEST_ID)]] | None = Field(
        default=None,
        min_length=1,
        description="Data centres (AIDC) to ask for, one feed each. Left out: one feed for all of them.",
    )
    interval: Annotated[Span, AfterValidator(values.between("1s", "1d"))] = span(
        settings.DEFAULT_INTERVAL, "Time from one poll of a feed to the next: 1s to 1d."
    )
    timeout: Annotated[Span, AfterValidator(values.between("1ms", "10m"))] = span(
        settings.DEFAULT_TIMEOUT, "The most that one poll may take, from connect to the last byte."
    )


class StorageTable(Table):
    """The database."""

    url: Annotated[str, AfterValidator(values.database_address)] | None = Field(
        default=None,
        description="sqlite:///FILE, relative to monitor.toml; four slashes for an absolute path.",
    )
    keep: Annotated[Span, AfterValidator(values.between("1d", "3650d"))] = span(
        settings.DEFAULT_KEEP, "How long ended history stays."
    )


class MonitorTable(Table):
    """The monitor's own matters."""

    notify: list[str] | None = Field(
        default=None, description="Channels that hear of the monitor's own troubles. Left out: every channel."
    )
    blind_after: Annotated[SpanAboveZero, AfterValidator(values.between("2s", "30d"))] | None = Field(
        default=None,
        description="Time without an ok poll after which MONITOR BLIND is said; at least 2 intervals. "
        "Left out: the larger of 60s and 4 intervals.",
    )
    heartbeat_url: SecretKey | None = Field(
        default=None, description="Requested with GET after every ok poll while all is healthy."
    )
    language: settings.Language = Field(
        default="en", description="Language of messages; a channel may differ."
    )
    timezone: Zone = Field(
        default_factory=lambda: values.zone(settings.DEFAULT_TIMEZONE),
        description="Zone of the times that people read.",
        json_schema_extra={"default": settings.DEFAULT_TIMEZONE},
    )
    price_units: Annotated[
        dict[Annotated[int, BeforeValidator(values.unit_code)], Line],
        WithJsonSchema(
            {
                "type": "object",
                "propertyNames": {"pattern": r"^\d+$"},
                "additionalProperties": {"type": "string"},
            }
        ),
    ] = Field(default={}, description='Labels for the provider\'s priceUnit codes, as { 11 = "CNY/h" }.')


class CalendarTable(Table):
    """Which days are worked, beside Monday to Friday: forecasts tell them from rest days."""

    holidays: Days = Field(
        default=[], description='Days of rest, as "2026-10-01", or "2026-10-01..2026-10-07" with both ends.'
    )
    workdays: Days = Field(
        default=[], description="Saturdays and Sundays that are worked, to make up for holidays."
    )


class WebTable(Table):
    """The web server; without this table there is none."""

    listen: Annotated[str, AfterValidator(values.listen_address)] = Field(
        default=settings.DEFAULT_LISTEN, description="Host and port; port 0 takes any free one."
    )
    token: SecretKey | None = Field(default=None, description="Needed unless listen is loopback.")
    public_url: Annotated[str, AfterValidator(values.public_url)] | None = Field(
        default=None, description="The dashboard's address for links in messages."
    )


class TimingTable(Table):
    """When watches announce. In [defaults] these keys hold for every watch that does not set its own."""

    hold_for: Span = span(settings.UNSET.hold_for, "Must be met this long before it fires.", "for")
    keep_firing_for: Span = span(
        settings.UNSET.keep_firing_for, "Must be not met this long before it resolves."
    )
    remind_every: Annotated[
        Annotated[Span, AfterValidator(values.between("1s", "3650d"))] | None,
        BeforeValidator(values.never_as_none),
    ] = Field(
        default=None,
        description='Repeats while it fires; "never" for no reminders.',
        json_schema_extra={"default": "never", "anyOf": [{"const": "never"}, dict(values.DURATION_SCHEMA)]},
    )
    notify_sold_out: bool = Field(
        default=settings.UNSET.notify_sold_out, description="Announce the end, too."
    )
    announce_existing: bool = Field(
        default=settings.UNSET.announce_existing,
        description="Announce what is in stock at the rule's first poll.",
    )
    more_at: Annotated[Factor | None, BeforeValidator(values.never_as_none)] = Field(
        default=None,
        description='Says MORE IN STOCK at so many times the count told last, like "x2"; or "never".',
        json_schema_extra={"default": "never", "anyOf": [{"const": "never"}, dict(FACTOR_SCHEMA)]},
    )
    min_gap: Span = span(settings.UNSET.min_gap, "Least time between two announced openings.")
    blocked_after: Span = span(
        settings.UNSET.blocked_after, "Stock shown but blocked for this long raises a notice."
    )


class MatchTable(Table):
    """What a product must be: every key given must hold."""

    model_config = ConfigDict(
        json_schema_extra={"dependentRequired": {"price": ["price_unit"], "price_per_gpu": ["price_unit"]}}
    )

    source: TextMatch | None = Field(default=None, description="Name of the [[source]].")
    aidc_id: NumberMatch | None = Field(default=None, description="Data centre.")
    product_code: TextMatch | None = Field(default=None, description="productCode.")
    name: TextMatch | None = Field(default=None, description="Display name.")
    gpu_name: TextMatch | None = Field(default=None, description='GPU model; "-" for none.')
    gpu_count: NumberMatch | None = Field(default=None, description="GPUs per node.")
    cpu_cores: NumberMatch | None = Field(default=None, description="CPU cores per node.")
    memory_gb: NumberMatch | None = Field(default=None, description="Memory per node in GB.")
    disk_gb: NumberMatch | None = Field(default=None, description="System disk per node in GB.")
    price: NumberMatch | None = Field(default=None, description="Unit price; needs price_unit.")
    price_unit: NumberMatch | None = Field(
        default=None, description="The provider's code of the price's unit."
    )
    price_per_gpu: NumberMatch | None = Field(
        default=None, description="price / gpu_count; needs price_unit."
    )
    remaining: NumberMatch | None = Field(default=None, description="Nodes left.")
    total_gpus: NumberMatch | None = Field(default=None, description="remaining x gpu_count.")


class WatchTable(TimingTable):
    """A rule: which products, and who is told."""

    name: Annotated[str, AfterValidator(values.one_line(100))] = Field(
        description="Its identity: a renamed watch is a new one."
    )
    match: Annotated[
        list[MatchTable], Field(min_length=1, max_length=100), BeforeValidator(one_as_list), OneOrMany()
    ] = Field(description="Which products; {} for every one, a list of tables for any of them.")
    notify: list[str] | None = Field(
        default=None, description="Channels to tell. Left out: every channel; []: only recorded."
    )
    ignore_stock_error: list[Glob] = Field(
        default=[], max_length=100, description="Globs: stock errors that do not block."
    )
    note: Annotated[str, AfterValidator(values.note)] | None = Field(
        default=None,
        description="A line added to its messages; {product_code} and {aidc_id} are filled in.",
    )
    enabled: bool = Field(default=True, description="false: as if it were not there.")


class Document(Table):
    """The configuration of gpu-stock-monitor."""

    source: Annotated[
        list[SourceTable], Field(min_length=1, max_length=100), BeforeValidator(one_as_list), OneOrMany()
    ] = Field(description="[source], or several [[source]] with a name each.")
    storage: StorageTable | None = Field(default=None, description="The database.")
    monitor: MonitorTable | None = Field(default=None, description="The monitor's own matters.")
    calendar: CalendarTable | None = Field(default=None, description="Holidays and made-up work days.")
    web: WebTable | None = Field(default=None, description="The web server; left out: none.")
    channels: dict[Name, ChannelTable] = Field(default={}, description="[channels.NAME]: where messages go.")
    defaults: TimingTable | None = Field(
        default=None, description="Timing for every watch that does not set its own."
    )
    watch: list[WatchTable] = Field(default=[], description="[[watch]]: a rule each.")


TABLES: Final[dict[str, type[Table]]] = {
    "source": SourceTable,
    "storage": StorageTable,
    "monitor": MonitorTable,
    "calendar": CalendarTable,
    "web": WebTable,
    "channels": ChannelTable,
    "defaults": TimingTable,
    "watch": WatchTable,
}


def keys_of(table: type[Table]) -> tuple[str, ...]:
    """The keys of a table as the file spells them."""
    return tuple(field.alias or name for name, field in table.model_fields.items())


def timing_of(table: TimingTable) -> dict[str, Any]:
    """The timing keys that were given, by the names of the fields of a Rule."""
    return {name: getattr(table, name) for name in TimingTable.model_fields if name in table.model_fields_set}
