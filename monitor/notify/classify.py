"""Was it sent, and if not, may it be tried again? Judges the evidence of one send. Pure.

Sent means that the receiver said so: a 2xx status, and from services that answer 200 to everything,
the code in the body. The library's opinion alone is enough only where nothing else was seen.
"""

import json
from datetime import timedelta
from typing import Any, Final

from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.notify.codes import BODY_JUDGES, SERVICE_NAMES
from monitor.notify.evidence import Evidence, Exchange, quote
from monitor.notify.mail import judge_mail

_TRANSIENT_STATUSES: Final = frozenset({408, 425, 429})


def classify(evidence: Evidence) -> Outcome:
    """One verdict for all recipients of a channel: a repeat that some would see twice is ambiguous."""
    if evidence.replies or evidence.kind == "mailto":
        return judge_mail(evidence)
    if evidence.exchanges:
        return _judge_exchanges(evidence)
    if evidence.delivered and evidence.crash is None:
        return Accepted()
    return _unexplained(evidence)


def judge_exchange(kind: str, exchange: Exchange) -> Outcome:
    """What one HTTP answer says, or its absence."""
    name = SERVICE_NAMES.get(kind, "the receiver")
    if exchange.status is None:
        return _unanswered(name, exchange)
    if exchange.status >= 300:
        return _refused_by_status(name, exchange)
    judge = BODY_JUDGES.get(kind)
    if judge is None:
        return Accepted()
    if exchange.cut_off:
        return Refused(FailureClass.AMBIGUOUS, f"{name}'s answer was cut off")
    return judge(name, exchange.body)


def _judge_exchanges(evidence: Evidence) -> Outcome:
    verdicts = [judge_exchange(evidence.kind, e) for e in evidence.exchanges]
    refusals = [v for v in verdicts if isinstance(v, Refused)]
    if not refusals:
        return Accepted() if evidence.delivered else _unexplained(evidence)
    if evidence.delivered and isinstance(verdicts[-1], Accepted) and evidence.kind not in SERVICE_NAMES:
        return Accepted()
    worst = max(refusals, key=_weight)
    accepted = len(verdicts) - len(refusals)
    return _partly(worst, accepted, len(verdicts)) if accepted else worst


def _weight(refused: Refused) -> int:
    """Ambiguity wins, since a repeat must say so; then what a repeat can heal."""
    order = (FailureClass.PERMANENT, FailureClass.TRANSIENT, FailureClass.AMBIGUOUS)
    return order.index(refused.kind)


def _partly(refused: Refused, accepted: int, of: int) -> Refused:
    kind = FailureClass.AMBIGUOUS if refused.kind is FailureClass.TRANSIENT else refused.kind
    reason = f"only {accepted} of {of} requests were accepted: {refused.reason}"
    return Refused(kind, reason, refused.retry_after, refused.pauses_channel)


def _unanswered(name: str, exchange: Exchange) -> Refused:
    failure = exchange.failure or "no answer"
    if exchange.left:
        return Refused(FailureClass.AMBIGUOUS, f"{name} may have it: {failure} after the request had left")
    return Refused(FailureClass.TRANSIENT, f"{name} cannot be reached: {failure}")


def _refused_by_status(name: str, exchange: Exchange) -> Refused:
    status = exchange.status or 0
    if status < 400:
        where = exchange.redirect_host or "elsewhere"
        return Refused(FailureClass.PERMANENT, f"{name} redirected to {where} (HTTP {status}): not sent")
    said = quote(exchange.body.decode(errors="replace"))
    reason = f"{name} answered HTTP {status}" + (f": {said}" if said and not said.startswith("<") else "")
    if status >= 500 or status in _TRANSIENT_STATUSES:
        retry_after = exchange.retry_after or _retry_after_in(exchange.body)
        return Refused(FailureClass.TRANSIENT, reason, retry_after, pauses_channel=status == 429)
    return Refused(FailureClass.PERMANENT, reason)


def _retry_after_in(body: bytes) -> timedelta | None:
    """Telegram's `parameters.retry_after`, Discord's `retry_after`: seconds."""
    try:
        answer: Any = json.loads(body)
        parameters = answer.get("parameters") or answer
        return timedelta(seconds=max(float(parameters["retry_after"]), 0))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _unexplained(evidence: Evidence) -> Refused:
    """Nothing was seen on the wire, or only yes: the library's own words are all there is."""
    kind = FailureClass.AMBIGUOUS if evidence.exchanges else FailureClass.TRANSIENT
    if evidence.crash is not None:
        said = f"{type(evidence.crash).__name__} {evidence.crash}"
        return Refused(kind, quote(f"the library failed: {said}"))
    return Refused(kind, evidence.last_words)
