"""What one request brought: a listing, or a failure with its reason. Pure values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.core.product import Feed, Invalid, Seen


class FailureKind(StrEnum):
    """Why a poll brought nothing. The kinds that call for patience are those of `backs_off`."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TOO_LARGE = "too large"
    KEY_REFUSED = "key refused"
    RATE_LIMITED = "rate limited"
    SERVER_ERROR = "server error"
    HTTP_STATUS = "http status"
    NOT_JSON = "not json"
    ENVELOPE = "envelope"
    NO_USABLE_ROW = "no usable row"
    EMPTY_LIST = "empty list"
    INTERNAL = "internal"

    @property
    def backs_off(self) -> bool:
        return self in {FailureKind.KEY_REFUSED, FailureKind.RATE_LIMITED, FailureKind.SERVER_ERROR}


@dataclass(frozen=True, slots=True)
class Failed:
    """A poll that says nothing about any product. `reason` is a sentence; `excerpt` holds no secret."""

    kind: FailureKind
    reason: str
    excerpt: str | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One usable row of the list: its key as the provider wrote it, and what it said of the stock."""

    aidc_id: int | None
    product_code: str
    observed: Seen | Invalid


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of an ok answer, in its order, and how many more had no usable key."""

    rows: tuple[Row, ...]
    unusable: int = 0

    @property
    def is_empty(self) -> bool:
        return not self.rows and not self.unusable


@dataclass(frozen=True, slots=True)
class Poll:
    """One request of one feed, done: when it was sent, how long it took, what it brought."""

    feed: Feed
    at: datetime
    duration: timedelta
    answer: Listing | Failed
