"""What `forecast` tells, as values: read from the stored history, with the calendar of the configuration."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from monitor.cli.overview import unseen_of
from monitor.cli.past import check_rule, wanted_keys
from monitor.cli.stored import Place
from monitor.core.calendar import Slots, slots_between
from monitor.core.forecast import Forecast, forecast
from monitor.core.openings import record_of
from monitor.core.product import Attributes, ProductKey
from monitor.core.watched import Watched, watched

AHEAD: Final = timedelta(days=1, hours=1)
_SEED: Final = 20261001


@dataclass(frozen=True, slots=True)
class Foretold:
    """`is_open`: in stock now, as far as is known."""

    key: ProductKey
    attributes: Attributes
    is_open: bool
    forecast: Forecast


def foretell(
    place: Place, products: Sequence[str], rule: str | None, start: datetime, now: datetime
) -> list[Foretold]:
    """The products that are named, or all that the rule watches, or all that any rule does. Raises
    DatabaseError, and UsageError for a name that is none."""
    from monitor.store.history import history, product_keys
    from monitor.store.readonly import reading
    from monitor.store.unseen import unseen

    check_rule(place, rule)
    with reading(place.url) as connection:
        wanted = wanted_keys(products, product_keys(connection))
        codes = {key.product_code for key in wanted}
        stored = history(connection, start, codes, whole_windows=True) if codes else ()
        gaps = unseen(connection, start, now)
    slots = slots_between(place.calendar, start.timestamp(), (now + AHEAD).timestamp())
    found = []
    for one in stored:
        watchers = place.watched_by(one.key, one.attributes)
        if one.key not in wanted or (rule is not None and rule not in watchers):
            continue
        if products or rule is not None or place.is_watched(one.key, one.attributes):
            begin = max(start, min((span.from_at for span in one.spans), default=start))
            seen = watched(one.spans, unseen_of(one.key, gaps, begin, now), begin, now)
            found.append(Foretold(one.key, one.attributes, _is_open(seen), forecast_of(seen, slots)))
    return found


def forecast_of(seen: Watched, slots: Slots) -> Forecast:
    """Of one product. The blocks that are drawn are the same each time."""
    return forecast(record_of(seen), slots, Random(_SEED).random)  # noqa: S311


def _is_open(seen: Watched) -> bool:
    return bool(seen.windows) and seen.windows[-1].closed_at is None and seen.windows[-1].until_at == seen.end
