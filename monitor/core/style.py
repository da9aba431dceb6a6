"""How one channel is written to. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from monitor.core.words import Language


@dataclass(frozen=True, slots=True)
class Style:
    """`limit_title` and `limit_body` are what the channel takes: characters, or bytes of UTF-8 where the
    service counts those. `is_data`: a program reads it, one event at a time. `is_rehearsal`: nothing of
    it is true, and each message says so.
    """

    language: Language
    zone: tzinfo
    price_units: Mapping[int, str]
    public_url: str | None = None
    limit_title: int = 250
    limit_body: int = 4000
    counts_bytes: bool = False
    is_data: bool = False
    is_rehearsal: bool = False

    def length(self, text: str) -> int:
        return len(text.encode()) if self.counts_bytes else len(text)
