"""Statistics as sentences and cells that a person can use. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from monitor.cli.output import percent, span
from monitor.core.odds import MEDIAN, Odds, Quantile, Withheld
from monitor.core.price import PriceRange
from monitor.core.seen_share import SeenShare
from monitor.core.stats import Statistics
from monitor.core.wording import number_text
from monitor.core.words import Language, label

TOO_FEW: Final = "not enough data"
FULLY: Final = 0.995
"""From here on nothing is said of windows that were too short to be seen."""


def observed_text(found: Statistics) -> str:
    """How much is known at all, and how much of that it was to be had."""
    whole = span(found.end - found.start)
    known = f"watched {span(found.observed)} of {whole} ({percent(found.observed_share)})"
    share = found.available_share
    return known if share is None else f"{known}; in stock {percent(share)} of that"


def windows_text(found: Statistics) -> str:
    """How many were seen to open, and what was not seen of others."""
    opened = found.windows - found.opening_unseen
    parts = [f"{opened} opening{'' if opened == 1 else 's'} seen"]
    if found.opening_unseen:
        parts.append(f"found open {_times(found.opening_unseen)}")
    if found.end_unseen:
        parts.append(f"lost from sight while open {_times(found.end_unseen)}")
    if found.open_now:
        parts.append("open now")
    return ", ".join(parts)


def odds_texts(odds: Sequence[Odds]) -> Iterator[str]:
    """`68% of windows outlast 2 min`; one line for all when there are too few windows."""
    if all(one.withheld is Withheld.TOO_FEW for one in odds):
        yield f"odds: {_too_few(odds[0].count, odds[0].needed)}"
        return
    for one in odds:
        yield _odds_text(one)


def odds_cell(odds: Odds) -> str:
    """`68%`, `52-81%`, or why not."""
    if odds.shortest is None or odds.longest is None:
        is_few = odds.withheld is Withheld.TOO_FEW
        return _too_few(odds.count, odds.needed) if is_few else "not known"
    low, high = percent(odds.shortest), percent(odds.longest)
    return f"{low.removesuffix('%')}-{high}" if odds.differ else low


def quantile_cell(quantile: Quantile) -> str:
    """`3 min (2 min - 5 min)`: between these it lies with 95 %."""
    if quantile.low is None:
        return _too_few(quantile.count, quantile.needed)
    low = span(quantile.low)
    within = f"{low} or more" if quantile.high is None else f"{low} - {span(quantile.high)}"
    return f"({within})" if quantile.estimate is None else f"{span(quantile.estimate)} ({within})"


def median_of(quantiles: Sequence[Quantile]) -> Quantile:
    return next(quantile for quantile in quantiles if quantile.share == MEDIAN)


def seen_share_text(seen: SeenShare, needed: int) -> str | None:
    """None where there is nothing to say."""
    if seen.count < needed or seen.estimate is None or seen.estimate > FULLY:
        return None
    count = seen.count - seen.again
    once = f"{count} of {seen.count} windows {'was' if count == 1 else 'were'} seen by one poll only"
    if not seen.again:
        return f"{once}: most are too short to be seen at all"
    return f"{once}: about {percent(seen.estimate)} of all windows are long enough to be seen"


def nodes_text(found: Statistics) -> str | None:
    """How many nodes there are, and how fast they go; None before the first window."""
    if not found.windows:
        return None
    peak, pace = found.peak, found.drained_per_minute
    nodes = f"{found.most} nodes at most" if peak is None else f"usually {peak:g} nodes, {found.most} at most"
    return nodes if pace is None else f"{nodes}; {pace:.2g} are taken a minute"


def prices_text(prices: Sequence[PriceRange], price_units: Mapping[int, str]) -> str | None:
    """`price when it opened: 2 - 2.5 CNY/h`."""
    told = [_range_text(price, price_units) for price in prices]
    return f"price when it opened: {', '.join(told)}" if told else None


def _odds_text(odds: Odds) -> str:
    lasting = f"of windows outlast {span(odds.horizon)}"
    if odds.shortest is None or odds.longest is None:
        return f"how many {lasting} is not told: too many were lost from sight before"
    if odds.differ:
        bounds = f"{percent(odds.shortest)} to {percent(odds.longest)}"
        return f"{bounds} {lasting} (the polls tell no more exactly)"
    return f"{percent(odds.shortest)} {lasting}"


def _range_text(price: PriceRange, price_units: Mapping[int, str]) -> str:
    low, high = number_text(price.low), number_text(price.high)
    unit = "" if price.unit is None else price_units.get(price.unit, label("unit", Language.EN, price.unit))
    return f"{low if low == high else f'{low} - {high}'} {unit}".rstrip()


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _too_few(count: int, needed: int) -> str:
    return f"{TOO_FEW} ({count} of {needed})"
