"""What `silence` and its kin need to know of the database: silences, names, and what fires. Values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.cli.stored import Place
from monitor.core.alert import Clearing, Firing
from monitor.core.decision import Alert, Silence

if TYPE_CHECKING:
    from monitor.store.silences import StoredSilence


@dataclass(frozen=True, slots=True)
class Hushed:
    """`rules` are those of the configuration, or without one those that the database knows.

    `is_followed`: a monitor runs, and reads what is written.
    """

    silences: "tuple[StoredSilence, ...]"
    alerts: tuple[Alert, ...]
    rules: tuple[str, ...]
    codes: tuple[str, ...]
    is_followed: bool

    def active(self, now: datetime) -> "tuple[StoredSilence, ...]":
        return tuple(one for one in self.silences if not one.is_over(now))


def read_hushed(place: Place) -> Hushed:
    """All of one moment. Raises DatabaseError."""
    from monitor.store.glance import standing
    from monitor.store.locks import is_daemon
    from monitor.store.past import load_products
    from monitor.store.readonly import reading
    from monitor.store.silences import all_silences
    from monitor.store.world import load_alerts

    with reading(place.url) as connection:
        ids, _ = load_products(connection)
        alerts = load_alerts(connection, {number: key for key, number in ids.products.items()})
        known = connection.exec_driver_sql("SELECT DISTINCT rule FROM rule_feed").scalars().all()
        silences = all_silences(connection)
    rules = tuple(known) if place.rules is None else tuple(rule.name for rule in place.rules)
    codes = tuple(sorted({key.product_code for key in ids.products}))
    holder = standing(place.url).holder
    return Hushed(silences, alerts, rules, codes, holder is not None and is_daemon(holder))


def fires_under(silence: Silence, alerts: Iterable[Alert], now: datetime) -> list[Alert]:
    """The open alerts that it mutes."""
    return sorted(
        (
            alert
            for alert in alerts
            if isinstance(alert.state, Firing | Clearing)
            and silence.covers(alert.rule, alert.product.product_code, now)
        ),
        key=lambda alert: (alert.rule, alert.product),
    )
