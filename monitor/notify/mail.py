"""What a mail server's replies say about one message and its recipients. Pure."""

from typing import Final

from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.notify.evidence import Evidence, Reply, quote

_CLOSING: Final = frozenset({"quit", "rset"})
_STEPS: Final = {
    "connect": "when we connected",
    "ehlo": "our greeting",
    "helo": "our greeting",
    "starttls": "STARTTLS",
    "auth": "the login",
    "mail": "the sender",
    "rcpt": "a recipient",
    "data": "the message",
    "message": "the message",
}


def judge_mail(evidence: Evidence) -> Outcome:
    """Accepted only if every recipient was; a 4xx reply is worth a retry, a 5xx is not (RFC 5321, 4.2.1)."""
    replies = [r for r in evidence.replies if r.stage not in _CLOSING]
    accepted = sum(r.stage == "message" and r.code == 250 for r in replies)
    refusals = [r for r in replies if r.code is None or r.code >= 400 or r.code < 200]
    refusals = [r for r in refusals if not _healed(r, replies)]
    if _broke_in_message(replies):
        return Refused(
            FailureClass.AMBIGUOUS, "the mail server may have it: the connection broke after the message"
        )
    if not refusals:
        return _without_refusal(evidence, accepted)
    worst = max(refusals, key=lambda r: r.code is None or r.code < 500)
    return _told_to_some(_judge_reply(worst)) if accepted else _judge_reply(worst)


def _healed(reply: Reply, replies: list[Reply]) -> bool:
    """EHLO falls back to HELO, and a refused login mechanism to the next one."""
    after = replies[replies.index(reply) + 1 :]
    match reply.stage:
        case "ehlo":
            return any(r.stage in {"ehlo", "helo"} and r.code == 250 for r in after)
        case "auth":
            return any(r.stage == "auth" and r.code in {235, 503} for r in after)
        case _:
            return False


def _broke_in_message(replies: list[Reply]) -> bool:
    """Between the server's go-ahead and its verdict: it may have taken the message or not."""
    last = replies[-1] if replies else None
    return last is not None and ((last.stage == "message" and last.code is None) or last.code == 354)


def _judge_reply(reply: Reply) -> Refused:
    step = _STEPS.get(reply.stage, reply.stage)
    if reply.code is None or reply.code < 200:
        return Refused(FailureClass.TRANSIENT, f"the mail server broke the connection at {step}")
    reason = f"the mail server refused {step}: {reply.code} {quote(reply.text)}".strip()
    return Refused(FailureClass.TRANSIENT if reply.code < 500 else FailureClass.PERMANENT, reason)


def _told_to_some(refused: Refused) -> Refused:
    kind = FailureClass.AMBIGUOUS if refused.kind is FailureClass.TRANSIENT else refused.kind
    return Refused(kind, f"other recipients were accepted, but {refused.reason}")


def _without_refusal(evidence: Evidence, accepted: int) -> Outcome:
    if evidence.delivered and accepted:
        return Accepted()
    lines = "\n".join(evidence.log_lines)
    for sign, reason in _FINAL.items():
        if sign in lines:
            return Refused(FailureClass.PERMANENT, reason)
    for sign, reason in _PASSING.items():
        if sign in lines:
            return Refused(FailureClass.TRANSIENT, reason)
    if evidence.crash is not None:
        return Refused(FailureClass.TRANSIENT, f"the mail was not sent: {quote(repr(evidence.crash))}")
    return Refused(FailureClass.TRANSIENT, f"the mail was not sent: {evidence.last_words}")


_FINAL: Final = {
    "STARTTLS extension not supported": (
        "the mail server offers no STARTTLS: nothing was sent, since it would have been readable on the way"
    ),
    "AUTH extension not supported": "the mail server takes no login on this connection",
    "No suitable authentication method": "the mail server takes no login of a kind that we know",
}
_PASSING: Final = {
    "CERTIFICATE_VERIFY_FAILED": "the mail server's certificate is not trusted",
    "Connection refused": "the mail server cannot be reached: the connection was refused",
    "Name or service not known": "the mail server cannot be reached: its name cannot be resolved",
    "name resolution": "the mail server cannot be reached: its name cannot be resolved",
    "timed out": "the mail server did not answer in time",
}
