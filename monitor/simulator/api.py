"""What the stand-in answers to a request for the list of products. Pure.

The success and the errors 403 and 500 are those of the provider's page. The page says nothing about
other trouble: it gets the same envelope with its own HTTP status.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import Final, assert_never

from monitor.simulator.offer import Offer, row
from monitor.simulator.scenario import FaultKind, Scenario
from monitor.simulator.wire import Request, Response

LIST_PATH: Final = "/v1/product/list-for-training-task"

_HTML: Final = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
_INTEGER: Final = re.compile(r"-?\d{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and the offers in it. A dripped one takes longer than a client should wait."""

    response: Response
    served: tuple[Offer, ...] = ()
    dripped: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """The request is read and never answered."""


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is torn down without an answer."""


Reply = Answer | Silence | Reset


def answer_list(request: Request, scenario: Scenario, at_s: float, api_key: str | None) -> Reply:
    """The reply at this time since the start. `api_key` None: any key that is not empty will do."""
    if request.method != "GET":
        return Answer(method_not_allowed("GET"))
    fault = scenario.fault_at(at_s)
    instead = _instead_of_a_list(fault.kind, fault.until_s - at_s) if fault else None
    if instead is not None:
        return instead
    if not _is_authorized(request, api_key):
        return Answer(trouble(403))
    kind = fault.kind if fault else None
    offers = [] if kind is FaultKind.EMPTY else scenario.offers_at(at_s)
    return _listing(request, offers, dripped=kind is FaultKind.SLOW)


def trouble(status: int, *headers: tuple[str, str], message: str | None = None) -> Response:
    """The provider's error envelope: `data` is an empty object, not a list."""
    body = {"status": status, "message": message or HTTPStatus(status).phrase, "data": {}}
    return Response(status, _json(body), headers=headers)


def method_not_allowed(*allowed: str) -> Response:
    return trouble(405, ("Allow", ", ".join(allowed)))


def _instead_of_a_list(kind: FaultKind, left_s: float) -> Reply | None:
    match kind:
        case FaultKind.FORBIDDEN | FaultKind.SERVER_ERROR:
            return Answer(trouble(int(kind)))
        case FaultKind.RATE_LIMITED:
            return Answer(trouble(429, ("Retry-After", str(ceil(left_s)))))
        case FaultKind.HANG:
            return Silence()
        case FaultKind.RESET:
            return Reset()
        case FaultKind.HTML:
            return Answer(Response(200, _HTML.encode(), "text/html; charset=utf-8"))
        case FaultKind.EMPTY | FaultKind.SLOW:
            return None
        case _:
            assert_never(kind)


def _is_authorized(request: Request, api_key: str | None) -> bool:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and bool(key) and api_key in {None, key}


def _listing(request: Request, offers: Sequence[Offer], *, dripped: bool) -> Answer:
    wanted = request.query.get("aidcId")
    if wanted is not None and not _INTEGER.fullmatch(wanted):
        return Answer(trouble(500))
    served = tuple(offer for offer in offers if wanted is None or offer.aidc_id == int(wanted))
    body = {"status": 200, "message": "OK", "data": [row(offer) for offer in served]}
    return Answer(Response(200, _json(body)), served, dripped)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
