"""The generator's own log: what was truly in stock when, for tests and statistics to be held against. Pure.

A line of JSON for each opening, when it closes (those still open at the end come last); the first line tells
of the whole, and one of each trouble follows it. Times are ISO 8601 in UTC, exact to the millisecond.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from monitor.core.moment import from_ms
from monitor.simulator.assortment import Assortment
from monitor.simulator.rhythm import holidays
from monitor.simulator.story import Line, Shown
from monitor.simulator.troubles import Trouble


@dataclass(slots=True)
class TruthLog:
    """Openings of all products, from their lines in order of time. Blocked stock is no opening."""

    source: str
    products: Assortment
    _open: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def note(self, product: int, line: Line) -> Iterator[str]:
        """`product` is its number in the assortment. Yields the opening that this line closes."""
        at, shown = line
        left = _available(shown)
        counts = self._open.get(product)
        if left and (counts is None or counts[-1][1] != left):
            self._open.setdefault(product, []).append((at, left))
        if not left and counts is not None:
            del self._open[product]
            yield self._told(product, counts, at)

    def still_open(self) -> Iterator[str]:
        for product, counts in sorted(self._open.items()):
            yield self._told(product, counts, None)

    def _told(self, product: int, counts: Sequence[tuple[int, int]], closed_at: int | None) -> str:
        offer = self.products[product][0]
        opening = {
            "kind": "opening",
            "source": self.source,
            "aidc_id": offer.aidc_id,
            "product_code": offer.product_code,
            "opened_at": _iso(counts[0][0]),
            "closed_at": None if closed_at is None else _iso(closed_at),
            "peak": max(left for _, left in counts),
            "counts": [[_iso(at), left] for at, left in counts],
        }
        return _line(opening)


def preface(
    seed: int, start: datetime, end: datetime, interval: timedelta, products: int, troubles: Sequence[Trouble]
) -> Iterator[str]:
    """What the whole is, and when nothing could be seen."""
    yield _line(
        {
            "kind": "history",
            "seed": seed,
            "since": start.astimezone(UTC).isoformat(timespec="milliseconds"),
            "until": end.astimezone(UTC).isoformat(timespec="milliseconds"),
            "interval_s": interval.total_seconds(),
            "products": products,
            "holidays": [day.isoformat() for day in holidays(start, end)],
        }
    )
    for trouble in troubles:
        why = trouble.failed.reason if trouble.failed else "the monitor was off"
        span = {"from_at": _iso(trouble.from_ms), "until_at": _iso(trouble.until_ms)}
        yield _line({"kind": "trouble", **span, "why": why})


def _available(shown: Shown) -> int:
    """Garbled rows hide the truth and do not change it."""
    stock = shown.stock
    return stock.remaining if stock.listed and not (stock.stock_error or "").strip() else 0


def _iso(at_ms: int) -> str:
    return from_ms(at_ms).isoformat(timespec="milliseconds")


def _line(values: dict[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False)
