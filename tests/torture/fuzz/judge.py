"""Holds what the monitor made of an answer against the second reading and the model. Pure."""

from collections.abc import Iterable

from monitor.core.answer import Failed, Listing, Row
from monitor.core.decision import Decision, TransitionKind
from monitor.core.product import Absent, Attributes, Invalid, Observation, Seen
from tests.torture.fuzz.model import Gone, Meaning, Said, Unsure
from tests.torture.fuzz.reading import ODD_ERROR, Reading, ReadRow, Sight

_NAMES = Attributes.__slots__


def compare_answer(answer: Listing | Failed, reading: Reading) -> list[str]:
    """Complaints about the parser: of every row, whether it was used, and what was read out of it."""
    if isinstance(answer, Failed):
        if answer.kind is reading.failure:
            return []
        return [f"parsed as {answer.kind.value} ({answer.reason[:100]}), but it is {_failure(reading)}"]
    if reading.failure is not None:
        return [f"parsed as a list of {len(answer.rows)} rows, but it is {_failure(reading)}"]
    if (len(answer.rows), answer.unusable) != (len(reading.rows), reading.unusable):
        return [
            f"{len(answer.rows)} rows were used and {answer.unusable} not,"
            f" but {len(reading.rows)} are usable and {reading.unusable} not"
        ]
    pairs = enumerate(zip(answer.rows, reading.rows, strict=True))
    return [f"row {number}: {why}" for number, (row, read) in pairs if (why := _compare_row(row, read))]


def with_odd_errors(reading: Reading, answer: Listing | Failed) -> Reading:
    """Errors that are no strings as the parser shows them: only it sees how they were written."""
    if isinstance(answer, Failed) or not any(
        row.sight and row.sight.error is ODD_ERROR for row in reading.rows
    ):
        return reading
    rows = tuple(_with_error(read, row) for read, row in zip(reading.rows, answer.rows, strict=True))
    return Reading(None, rows, reading.unusable)


def compare_decision(decision: Decision, meaning: Meaning) -> list[str]:
    """Complaints about the decision: its outcome, spans, edges, and whom it touched."""
    assert decision.poll is not None
    reason = decision.poll.reason
    if (reason is None) is not (meaning.failure is None):
        return [f"the poll was {reason or 'ok'}, but it is {meaning.failure or 'ok'}"]
    return [*_compare_spans(decision, meaning), *_compare_edges(decision, meaning)]


def _failure(reading: Reading) -> str:
    return reading.failure.value if reading.failure else "a list"


def _compare_row(row: Row, read: ReadRow) -> str | None:
    if (row.aidc_id, row.product_code) != (read.aidc_id, read.code):
        return f"its key was read as {row.aidc_id, row.product_code}, but it is {read.aidc_id, read.code}"
    if isinstance(row.observed, Invalid):
        return f"refused as {row.observed.reason!r}, but it is valid" if read.sight else None
    if read.sight is None:
        return f"a count of {row.observed.remaining} was read out of an invalid row"
    return _compare_sight(row.observed, read.sight)


def _compare_sight(seen: Seen, sight: Sight) -> str | None:
    if seen.remaining != sight.remaining:
        return f"{seen.remaining} were read, but it says {sight.remaining}"
    if sight.error is ODD_ERROR:
        return None if seen.stock_error and len(seen.stock_error) <= 500 else "an odd stock error was lost"
    if seen.stock_error != sight.error:
        return f"the error was read as {seen.stock_error!r:.80}, but it is {sight.error!r:.80}"
    attributes = tuple([getattr(seen.attributes, name) for name in _NAMES])
    if attributes != sight.attributes:
        return f"the attributes were read as {attributes}, but they are {sight.attributes}"
    return None


def _with_error(read: ReadRow, row: Row) -> ReadRow:
    if read.sight is None or not isinstance(row.observed, Seen):
        return read
    return read._replace(sight=read.sight._replace(error=row.observed.stock_error))


def _compare_spans(decision: Decision, meaning: Meaning) -> Iterable[str]:
    """An invalid row may say so in other words than before: then its span begins anew."""
    found = {span.product: span.observation for span in decision.spans}
    if len(found) != len(decision.spans):
        yield "two spans of one product begin at once"
    for key, said in meaning.spans.items():
        if key not in found or not _tells(found[key], said):
            yield f"{key}: the span should tell {said}, not {found.get(key, 'what it told before')}"
    for key, told in found.items():
        if key not in meaning.spans and not isinstance(told, Invalid):
            yield f"{key}: a span begins with {told}, though nothing changed"
        if key in meaning.certain and isinstance(told, Invalid):
            yield f"{key}: a span begins with {told}, though its row is valid"


def _tells(told: Observation, said: Said) -> bool:
    match said:
        case Sight(remaining, error, _):
            return isinstance(told, Seen) and (told.remaining, told.stock_error) == (remaining, error)
        case Unsure():
            return isinstance(told, Invalid)
        case Gone():
            return isinstance(told, Absent)


def _compare_edges(decision: Decision, meaning: Meaning) -> Iterable[str]:
    told = [
        (t.rule, t.product, t.kind) for t in decision.transitions if t.kind is not TransitionKind.REPEATED
    ]
    for edge in meaning.edges - set(told):
        yield f"{edge} is missing"
    for edge in told:
        if edge not in meaning.edges or told.count(edge) > 1:
            yield f"{edge} should not be, or not twice"
    touched = {("told of", t.product) for t in decision.transitions}
    touched |= {("its alert changed", alert.product) for alert in decision.alerts}
    for how, key in touched:
        if key not in meaning.certain:
            yield f"{key}: {how}, though this poll says nothing certain of it"
