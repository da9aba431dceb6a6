"""One era as the judge sees it: the harness's journal, and what stands in the daemon's database."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from tests.torture.kill.era import JOURNAL, LOG
from tests.torture.kill.journal import Line, lines_of
from tests.torture.kill.mortem import beside
from tests.torture.kill.receiver import GOOD
from tests.torture.kill.shelf import stock_of
from tests.torture.kill.tellings import Telling, UnreadableError, tellings_of


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a poll, and the stock that its answer told. `cut`: the answer was broken off."""

    number: int
    life: int
    feed: int
    at: int
    stock: Mapping[str, int]
    cut: bool = False
    served: bool = True


@dataclass(frozen=True, slots=True)
class PollRow:
    id: int
    feed: int
    at: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Edge:
    """`opening`: the event of the `fired` that it belongs to."""

    event: str
    rule: str
    code: str
    kind: str
    poll: int
    opening: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """`unsure`: when an attempt ended of which the daemon could not know whether it had arrived."""

    event: str
    channel: str
    state: str
    reason: str | None = None
    unsure: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """`order` is that of all messages. `answered`: whole, and when. `bad`: it was to go wrong."""

    order: int
    life: int
    channel: str
    at: int
    accepted: bool
    answered: bool
    tellings: tuple[Telling, ...] = ()
    unreadable: str | None = None
    bad: bool = False
    answered_at: int | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """`claimed`: event and channel of what was in flight at its end, and since when. Code None: cut off.

    `struck_at`: when the last of its signals was sent.
    """

    number: int
    born_at: int = 0
    code: int | None = -9
    signals: tuple[str, ...] = ("SIGKILL",)
    asked: int = 1
    claimed: Mapping[tuple[str, str], int] = field(default_factory=dict)
    phases: tuple[str, ...] = ()
    is_cycle: bool = True
    struck_at: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    lives: Sequence[Life]
    requests: Sequence[Request]
    polls: Sequence[PollRow]
    edges: Sequence[Edge]
    deliveries: Sequence[Delivery]
    messages: Sequence[Message]
    shelf: Mapping[str, int]
    unsure: Sequence[tuple[int, str]] = ()
    complaints: Sequence[str] = ()


_REQUEST: Final = ("number", "life", "feed", "at", "stock", "cut")
_POLLS: Final = "SELECT id, aidc_id, at, duration_ms FROM poll WHERE outcome = 'ok' ORDER BY id"
_EDGES: Final = (
    "SELECT t.event_id, t.rule, p.product_code, t.edge, t.poll_id, t.opening"
    " FROM transition t JOIN product p ON p.id = t.product_id ORDER BY t.id"
)
_DELIVERIES: Final = (
    "SELECT d.id, t.event_id, d.channel, d.state, d.reason"
    " FROM delivery d JOIN transition t ON t.id = d.transition_id ORDER BY d.id"
)
_UNSURE: Final = (
    "SELECT a.message_id, a.at, d.channel, d.id FROM attempt a JOIN delivery d ON d.id = a.delivery_id"
    " WHERE a.outcome = 'ambiguous' ORDER BY a.id"
)


def read_history(folder: Path) -> History:
    lines = list(lines_of(folder / JOURNAL))
    with beside(folder) as connection:
        unsure = connection.execute(_UNSURE).fetchall()
        of_delivery: defaultdict[int, tuple[int, ...]] = defaultdict(tuple)
        for _, at, _, delivery in unsure:
            of_delivery[delivery] += (at,)
        return History(
            lives=_lives(lines),
            requests=_requests(lines),
            polls=[PollRow(*row) for row in connection.execute(_POLLS)],
            edges=[Edge(*row) for row in connection.execute(_EDGES)],
            deliveries=[
                Delivery(event, channel, state, reason, of_delivery[id_])
                for id_, event, channel, state, reason in connection.execute(_DELIVERIES)
            ],
            messages=_messages(lines),
            shelf=stock_of(lines),
            unsure=sorted({(at, channel) for _, at, channel, _ in unsure}),
            complaints=[*_of_database(connection), *_of_log(folder / LOG)],
        )


def _lives(lines: Sequence[Line]) -> list[Life]:
    born = {line["life"]: line for line in lines if line["what"] == "born"}
    signals: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
    struck_at: dict[int, int] = {}
    for line in lines:
        if line["what"] == "signal":
            signals[line["life"]] += (line["name"],)
            struck_at[line["life"]] = line["at"]
    return [
        Life(
            line["life"],
            born[line["life"]]["at"],
            line["code"],
            signals[line["life"]],
            line["asked"],
            {(one["event"], one["channel"]): one["at"] for one in line["claimed"]},
            tuple(line["phases"]),
            born[line["life"]]["cycle"] is not None,
            struck_at.get(line["life"]),
        )
        for line in lines
        if line["what"] == "ended"
    ]


def _requests(lines: Sequence[Line]) -> list[Request]:
    served = {line["number"] for line in lines if line["what"] == "served"}
    return [
        Request(**{name: line[name] for name in _REQUEST}, served=line["number"] in served)
        for line in lines
        if line["what"] == "asked"
    ]


def _messages(lines: Sequence[Line]) -> list[Message]:
    answered = {(line["channel"], line["number"]): line["at"] for line in lines if line["what"] == "answered"}
    return [
        _message(order, line, answered.get((line["channel"], line.get("number"))))
        for order, line in enumerate(lines)
        if line["what"] in {"heard", "broke"}
    ]


def _message(order: int, line: Line, answered_at: int | None) -> Message:
    facts = (order, line["life"], line["channel"], line["at"])
    if line["what"] == "broke":
        return Message(*facts, accepted=False, answered=False, bad=True)
    try:
        tellings = tuple(tellings_of(line["title"], line["message"]))
    except UnreadableError as error:
        return Message(*facts, line["accepted"], answered_at is not None, unreadable=str(error))
    is_bad = line["fate"] != GOOD.name
    return Message(*facts, line["accepted"], answered_at is not None, tellings, None, is_bad, answered_at)


def _of_database(connection: Connection) -> list[str]:
    said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    notices = connection.execute("SELECT kind, subject FROM notice").fetchall()
    return [
        *(f"integrity_check: {line}" for line in said if line != "ok"),
        *(f"foreign_key_check: {row}" for row in broken),
        *(f"a notice that nothing called for: {kind} of {subject}" for kind, subject in notices),
    ]


def _of_log(file: Path) -> list[str]:
    """A daemon that is killed and refused all the time has warnings to log, but no error."""
    return [f"the daemon logged: {line}" for line in file.read_text().splitlines() if not _is_fine(line)]


def _is_fine(line: str) -> bool:
    try:
        return json.loads(line)["level"] in {"info", "warning"}
    except (ValueError, KeyError, TypeError):
        return False
