"""What the provider offers and what one poll saw of it. Pure values.

Facts about the fields come from the provider's page for
`GET /v1/product/list-for-training-task`: numbers arrive as strings, `gpuName` is `"-"` or null
when a node has no GPU, and only `name` is promised to be there.
"""

import re
from dataclasses import dataclass, fields
from decimal import Decimal
from fnmatch import translate
from functools import lru_cache
from typing import Final, NamedTuple

NO_GPU: Final = "-"
"""The provider's own word for "this node has no GPU"; null reads as the same."""


@dataclass(frozen=True, slots=True, order=True)
class Feed:
    """What one request asks for: a source, and one data centre or (None) all of them."""

    source: str
    aidc_id: int | None

    def __str__(self) -> str:
        return self.source if self.aidc_id is None else f"{self.source}/aidc-{self.aidc_id}"


class ProductKey(NamedTuple):
    """The identity of a product. The key is never altered; name, price and sizes may change."""

    source: str
    aidc_id: int
    product_code: str


@dataclass(frozen=True, slots=True)
class Attributes:
    """What may change about a product without its becoming another one. None: never known."""

    name: str | None = None
    cpu_cores: Decimal | None = None
    memory_gb: Decimal | None = None
    gpu_name: str | None = None
    gpu_count: int | None = None
    disk_gb: Decimal | None = None
    price: Decimal | None = None
    price_unit: int | None = None

    def over(self, earlier: "Attributes") -> "Attributes":
        """These attributes, with what is unknown here taken from `earlier`."""
        if self is earlier or self == earlier:
            return earlier
        return Attributes(
            *(
                new if (new := getattr(self, field.name)) is not None else getattr(earlier, field.name)
                for field in fields(self)
            )
        )


UNKNOWN_ATTRIBUTES: Final = Attributes()


@dataclass(frozen=True, slots=True)
class Seen:
    """A usable row: the stock left in nodes, the provider's stock error, and the attributes."""

    remaining: int
    stock_error: str | None = None
    attributes: Attributes = UNKNOWN_ATTRIBUTES


@dataclass(frozen=True, slots=True)
class Invalid:
    """The product was named, but what was said of its stock cannot be used: unknown for this poll."""

    reason: str


@dataclass(frozen=True, slots=True)
class Absent:
    """An ok poll of the product's feed did not list it. `sure`: for the second time, or by decree."""

    sure: bool


Observation = Seen | Invalid | Absent


def is_blocked(seen: Seen, ignored_errors: tuple[str, ...] = ()) -> bool:
    """True when a (non-blank) stock error stands that none of the ignored globs covers."""
    error = (seen.stock_error or "").strip()
    return bool(error) and not any(glob_matches(glob, error) for glob in ignored_errors)


def is_available(seen: Seen, ignored_errors: tuple[str, ...] = ()) -> bool:
    """Stock is left and nothing blocks it."""
    return seen.remaining > 0 and not is_blocked(seen, ignored_errors)


def is_shown_but_blocked(observation: Observation) -> bool:
    """Stock is shown, and the provider says that it cannot be had."""
    return isinstance(observation, Seen) and observation.remaining > 0 and is_blocked(observation)


def known_from(observation: Observation) -> Seen | Absent | None:
    """None where the poll leaves it open whether the product is to be had."""
    if isinstance(observation, Invalid) or (isinstance(observation, Absent) and not observation.sure):
        return None
    return observation


def glob_matches(glob: str, text: str) -> bool:
    """Whole-text match, `*` and `?` only, letters of either case.

    `[` has no meaning of its own here: names of products hold brackets.
    """
    return _pattern(glob).match(text) is not None


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob.replace("[", "[[]")), re.IGNORECASE)
