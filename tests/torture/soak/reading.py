"""Reads what a soak left: the truth of its stand-ins, the daemon's log, and the books of each backup."""

import email
import email.policy
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

from tests.torture.soak.accounts import Accepted, Attempt, Books, Delivery, Served, Transition
from tests.torture.soak.judge import Hour
from tests.torture.soak.quick_time import BEGIN
from tests.torture.soak.samples import Sample
from tests.torture.soak.story import HOUR_S, Outage

BEGIN_MS: Final = int(BEGIN.timestamp() * 1000)
_TRANSITIONS: Final = (
    "SELECT t.id, t.event_id, t.rule, p.product_code, t.at, t.edge FROM transition t"
    " JOIN product p ON p.id = t.product_id"
)
_DELIVERIES: Final = (
    "SELECT d.id, d.transition_id, coalesce(t.event_id, n.event_id), coalesce(p.product_code, n.subject),"
    " d.channel, d.state, d.reason, coalesce(d.ended_at, :begin) - :begin FROM delivery d"
    " LEFT JOIN notice n ON n.id = d.notice_id LEFT JOIN transition t ON t.id = d.transition_id"
    " LEFT JOIN product p ON p.id = t.product_id"
)
_ATTEMPTS: Final = "SELECT id, delivery_id, message_id FROM attempt"


@dataclass(slots=True)
class Truth:
    samples: list[Sample] = field(default_factory=list)
    served: list[Served] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    backups: list[dict[str, Any]] = field(default_factory=list)


def read_truth(lines: Iterable[str]) -> Truth:
    truth = Truth()
    for line in lines:
        told = json.loads(line)
        if "sample" in told:
            truth.samples.append(Sample(**told["sample"]))
        elif "served" in told:
            truth.served.append(Served(_ms(told["at"]), [tuple(row) for row in told["served"]]))
        elif "accepted" in told:
            truth.accepted.append(_accepted(told))
        else:
            truth.backups.append(told)
    return truth


def read_log(lines: Iterable[str]) -> list[Counter[str]]:
    """How many lines of each level there were, hour by hour; the last are of the stop."""
    hours: list[Counter[str]] = [Counter()]
    for line in lines:
        said = json.loads(line)
        if "mark" in said:
            hours.append(Counter())
        else:
            hours[-1][said["level"]] += 1
    return hours


def hours_of(
    samples: Sequence[Sample], lines: Sequence[Counter[str]], outages: Sequence[Outage]
) -> list[Hour]:
    return [
        Hour(sample, counts, _is_down(sample.hour, outages))
        for sample, counts in zip(samples, lines, strict=False)
    ]


def read_books(database: Path) -> Books:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        transitions = {
            id_: Transition(event, rule, product, at - BEGIN_MS, edge)
            for id_, event, rule, product, at, edge in connection.execute(_TRANSITIONS)
        }
        rows = connection.execute(_DELIVERIES, {"begin": BEGIN_MS})
        deliveries = {row[0]: Delivery(*row[1:]) for row in rows}
        return Books(
            transitions, deliveries, {row[0]: Attempt(*row[1:]) for row in connection.execute(_ATTEMPTS)}
        )


def integrity(database: Path) -> str:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def _accepted(told: dict[str, Any]) -> Accepted:
    if "raw" not in told:
        facts = (told["accepted"], _ms(told["at"]), told["title"], told["body"])
        return Accepted(*facts, told["answered"])
    message = email.message_from_bytes(told["raw"].encode("latin-1"), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    text = (str(message["subject"]), message.get_content())
    return Accepted(told["accepted"], _ms(told["at"]), *text, told["answered"])


def _ms(at_s: float) -> int:
    return int(at_s * 1000)


def _is_down(hour: int, outages: Sequence[Outage]) -> bool:
    """All of the hour that ends with this number; the first lines of an outage are in the hour before."""
    return any(
        outage.place == "upstream"
        and outage.from_s <= (hour - 1) * HOUR_S
        and hour * HOUR_S <= outage.until_s
        for outage in outages
    )
