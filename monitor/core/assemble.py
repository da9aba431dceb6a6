"""From the rows of an answer to what the poll observed of each product. Pure.

Unknown is not out: a product is absent only when an answer whose every row had a usable key left it
out, and gone only at the second such answer in a row, or when the provider insists on an empty list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from monitor.core.answer import Failed, FailureKind, Listing, Row
from monitor.core.product import Absent, Feed, Invalid, ProductKey, Seen
from monitor.core.world import FeedState, Product

EMPTY_LISTS_BELIEVED: Final = 3
"""An empty list after a filled one is believed when it has come this many times in a row."""

CONTRADICTION: Final = Invalid("two rows with this key contradict each other")
PASSED_OVER: Final = Invalid("not listed, but another row had no usable key")


@dataclass(slots=True)
class Observed:
    """One ok poll: every listed product, every known one that was not, and the rows left aside."""

    listed: dict[ProductKey, Seen | Invalid] = field(default_factory=dict)
    unlisted: dict[ProductKey, Absent | Invalid] = field(default_factory=dict)
    unusable: int = 0
    foreign: int = 0


def believe_empty(state: FeedState) -> Failed | None:
    """None: this empty list is to be believed. Otherwise the failure that the poll is."""
    if not state.ever_listed or state.empties + 1 >= EMPTY_LISTS_BELIEVED:
        return None
    return Failed(FailureKind.EMPTY_LIST, FailureKind.EMPTY_LIST.value)


def assemble(feed: Feed, listing: Listing, products: Mapping[ProductKey, Product]) -> Observed | Failed:
    """Hold the rows against what is known of the feed's products."""
    observed = Observed(unusable=listing.unusable)
    only_known: dict[str, int | None] | None = None
    for row in listing.rows:
        aidc_id = row.aidc_id if row.aidc_id is not None else feed.aidc_id
        if aidc_id is None:
            only_known = _only_known_data_centre(products) if only_known is None else only_known
            aidc_id = only_known.get(row.product_code)
        _take(observed, feed, aidc_id, row)
    if not listing.is_empty and not any(type(seen) is Seen for seen in observed.listed.values()):
        return Failed(FailureKind.NO_USABLE_ROW, f"no usable row among {_count(listing)}")
    _note_unlisted(observed, products, decreed=listing.is_empty)
    return observed


def _take(observed: Observed, feed: Feed, aidc_id: int | None, row: Row) -> None:
    if aidc_id is None:
        observed.unusable += 1
    elif feed.aidc_id is not None and aidc_id != feed.aidc_id:
        observed.foreign += 1
    else:
        key = ProductKey(feed.source, aidc_id, row.product_code)
        earlier = observed.listed.setdefault(key, row.observed)
        if earlier is not row.observed and earlier != row.observed:
            observed.listed[key] = CONTRADICTION


def _only_known_data_centre(products: Mapping[ProductKey, Product]) -> dict[str, int | None]:
    """Product code to its data centre; None where several data centres have one of that code."""
    found: dict[str, int | None] = {}
    for key in products:
        found[key.product_code] = None if key.product_code in found else key.aidc_id
    return found


def _note_unlisted(observed: Observed, products: Mapping[ProductKey, Product], *, decreed: bool) -> None:
    for key, product in products.items():
        if key in observed.listed:
            continue
        before = product.current
        if not observed.unusable:
            observed.unlisted[key] = Absent(sure=decreed or isinstance(before, Absent))
        elif isinstance(before, Absent):
            observed.unlisted[key] = before
        else:
            observed.unlisted[key] = PASSED_OVER


def _count(listing: Listing) -> str:
    rows = len(listing.rows) + listing.unusable
    return "1 row" if rows == 1 else f"{rows} rows"
