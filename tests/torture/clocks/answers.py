"""One answer of the provider, sound or faulty, together with what it truly says. Half of them are faulty."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Final

import httpx

from tests.torture.clocks.scene import TIMEOUT_S, Row, Saw
from tests.torture.clocks.shelf import Stock

GPUS: Final = {"PRD-A": ("H800", 8), "PRD-B": ("H800", 8), "PRD-C": ("A100", 4)}
UNUSABLE_COUNTS: Final = ("null", "-1", "1.5", "true", '"1e3"', '" 6 "')
STRAYS: Final = ('{"productCode":"","remainingCount":"3"}', "null", '{"remainingCount":1}')
STALLED_S: Final = TIMEOUT_S + 5
Stocks = Mapping[str, Stock]


@dataclass(frozen=True, slots=True)
class Reply:
    """`error`: the exchange breaks. `retry_after_s` is what a complaint asks for, as the header says it."""

    saw: Saw
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    error: type[httpx.TransportError] | None = None
    takes_s: float = 0.1
    retry_after_s: float | None = None

    @property
    def backs_off(self) -> bool:
        return self.status in {401, 403, 429} or self.status >= 500 or self.saw.failure == "envelope 500"


def sound(chance: Random, stocks: Stocks) -> Reply:
    rows = {code: row_of(stock) for code, stock in stocks.items()}
    texts = [row_text(code, stock) for code, stock in stocks.items()]
    return _listing(chance, Saw(rows=rows), texts)


def faulty(chance: Random, stocks: Stocks) -> Reply:
    return chance.choice(_FAULTS)(chance, stocks)


def row_of(stock: Stock) -> Row:
    return Row(stock.remaining, stock.error is not None, Decimal(stock.price))


@lru_cache(maxsize=4096)
def row_text(
    code: str, stock: Stock, count: str | None = None, *, has_price: bool = True, has_centre: bool = True
) -> str:
    gpu, gpus = GPUS[code]
    error = "null" if stock.error is None else f'{{"stockError":"{stock.error}"}}'
    centre = '"aidcId":1,' if has_centre else ""
    price = f'"price":"{stock.price}","priceUnit":11,' if has_price else ""
    return (
        f'{{"productCode":"{code}",{centre}"name":"{stock.name}","gpuName":"{gpu}","gpuCount":"{gpus}",'
        f'{price}"remainingCount":{count or stock.remaining},"ext":{error}}}'
    )


def _listing(chance: Random, saw: Saw, texts: list[str]) -> Reply:
    body = f'{{"status":200,"message":"ok","data":[{",".join(texts)}]}}'.encode()
    return Reply(saw, body=body, takes_s=_a_moment(chance))


def _a_moment(chance: Random) -> float:
    return chance.uniform(0.05, 0.5) if chance.random() < 0.9 else chance.uniform(0.5, TIMEOUT_S - 1)


def _broken(chance: Random, _: Stocks) -> Reply:
    error = chance.choice((httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError))
    return Reply(Saw("broken"), error=error, takes_s=_a_moment(chance))


def _stalled(_chance: Random, _: Stocks) -> Reply:
    return Reply(Saw("late"), takes_s=STALLED_S)


def _refused(chance: Random, _: Stocks) -> Reply:
    status = chance.choice((401, 403, 403))
    return Reply(Saw("key refused"), status, b"no", takes_s=_a_moment(chance))


def _complaining(chance: Random, _: Stocks) -> Reply:
    status = chance.choice((429, 429, 500, 502, 503))
    asked = chance.choice((None, None, 1, 30, 299, 600, 86_400))
    headers = {} if asked is None else {"Retry-After": str(asked)}
    wait_s = None if asked is None else min(asked, 900.0)
    return Reply(
        Saw("complaint"), status, b"<html>", headers, takes_s=_a_moment(chance), retry_after_s=wait_s
    )


def _nonsense(chance: Random, _: Stocks) -> Reply:
    bodies = (
        b"<html>sign in</html>",
        b'{"status":200,"data":[{"productCode":"PRD-A","remainingCount":"3"',
        b'{"status":"200","data":[]}',
        b'{"status":200,"data":null}',
        b'{"status":200,"data":[{"productCode":"PRD-A","aidcId":1,"remainingCount":NaN}]}',
        b"",
    )
    return Reply(Saw("nonsense"), body=chance.choice(bodies), takes_s=_a_moment(chance))


def _useless(chance: Random, _: Stocks) -> Reply:
    """It is not an empty list, and yet names nothing."""
    body = b'{"status":200,"data":[null,{"productCode":"PRD-A","aidcId":1,"remainingCount":""}]}'
    return Reply(Saw("useless rows"), body=body, takes_s=_a_moment(chance))


def _complaint_within(chance: Random, _: Stocks) -> Reply:
    status, failure = chance.choice(((403, "key refused"), (500, "envelope 500")))
    body = f'{{"status":{status},"message":"no","data":[]}}'.encode()
    return Reply(Saw(failure), body=body, takes_s=_a_moment(chance))


def _empty(chance: Random, _: Stocks) -> Reply:
    return _listing(chance, Saw(), [])


def _missing(chance: Random, stocks: Stocks) -> Reply:
    left = dict(stocks)
    for code in chance.sample(list(left), min(chance.choice((1, 1, 2)), len(left) - 1)):
        del left[code]
    return sound(chance, left)


def _unusable_count(chance: Random, stocks: Stocks) -> Reply:
    code = chance.choice(list(stocks))
    count = chance.choice(UNUSABLE_COUNTS)
    rows = {each: None if each == code else row_of(stock) for each, stock in stocks.items()}
    texts = [row_text(each, stock, count if each == code else None) for each, stock in stocks.items()]
    return _listing(chance, _of_any_use(rows), texts)


def _twice(chance: Random, stocks: Stocks) -> Reply:
    """Equal rows are one; contradicting ones say nothing."""
    code = chance.choice(list(stocks))
    stock = stocks[code]
    is_equal = chance.random() < 0.5
    again = stock if is_equal else Stock(stock.remaining + 1, stock.price, stock.error, stock.name)
    rows = {each: row_of(it) if is_equal or each != code else None for each, it in stocks.items()}
    texts = [*(row_text(each, it) for each, it in stocks.items()), row_text(code, again)]
    return _listing(chance, _of_any_use(rows), texts)


def _of_any_use(rows: dict[str, Row | None]) -> Saw:
    """A list of which not one row can be used is a failed poll."""
    return Saw(rows=rows) if any(rows.values()) else Saw("useless rows")


def _stray(chance: Random, stocks: Stocks) -> Reply:
    """A row that names no product: it may stand in the place of one that is missing."""
    left = dict(stocks)
    if chance.random() < 0.7 and len(left) > 1:
        del left[chance.choice(list(left))]
    rows = {code: row_of(stock) for code, stock in left.items()}
    texts = [*(row_text(code, stock) for code, stock in left.items()), chance.choice(STRAYS)]
    return _listing(chance, Saw(rows=rows, has_stray=True), texts)


def _untold_price(chance: Random, stocks: Stocks) -> Reply:
    code = chance.choice(list(stocks))
    rows = {each: row_of(stock) for each, stock in stocks.items()}
    rows[code] = Row(stocks[code].remaining, stocks[code].error is not None, None)
    texts = [row_text(each, stock, has_price=each != code) for each, stock in stocks.items()]
    return _listing(chance, Saw(rows=rows), texts)


_FAULTS: Final[tuple[Callable[[Random, Stocks], Reply], ...]] = (
    _broken,
    _stalled,
    _refused,
    _complaining,
    _nonsense,
    _useless,
    _complaint_within,
    _empty,
    _missing,
    _missing,
    _unusable_count,
    _twice,
    _stray,
    _untold_price,
)
