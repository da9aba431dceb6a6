"""Makes answers by the million: lists whose products come and go, and everything that may be wrong with one.

One maker is one provider for a while: its products keep their keys, so that what is said of them changes.
"""

import random
from collections.abc import Callable
from typing import Final

from tests.torture.fuzz import nasty
from tests.torture.fuzz.mutations import mutated

SIZES: Final = (1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 8, 20)
_ATTRIBUTE_NAMES: Final = (
    b"name",
    b"cpuCores",
    b"memoryGB",
    b"gpuName",
    b"gpuCount",
    b"diskGB",
    b"price",
    b"priceUnit",
)
_FIELDS: Final = (
    *[b"remainingCount"] * 6,
    *[b"ext"] * 4,
    *[b"productCode"] * 2,
    *[b"aidcId"] * 2,
    *_ATTRIBUTE_NAMES,
    b"surprise",
)
_VALUES: Final = {
    b"productCode": nasty.CODES,
    b"aidcId": nasty.CENTRES,
    b"remainingCount": nasty.COUNTS,
    b"ext": nasty.EXTS,
}


class Offer:
    """One product as the provider writes it now."""

    def __init__(self, chance: random.Random, number: int) -> None:
        self.key = b'"productCode":"PRD-%d","aidcId":%d' % (number, 1 if chance.random() < 0.8 else 2)
        self.code = b"PRD-%d" % number
        self.attributes = b""
        self.stock = b""
        self.reprice(chance)
        self.restock(chance)

    def reprice(self, chance: random.Random) -> None:
        self.attributes = (
            b'"name":"node %d","cpuCores":"18","memoryGB":"200","gpuName":"%b","gpuCount":%d,"diskGB":"100",'
            b'"price":"%d.5"'
            % (
                chance.randrange(3),
                chance.choice((b"NVIDIA-H800A-80G", b"-")),
                chance.choice((0, 8)),
                chance.randrange(30),
            )
        )

    def restock(self, chance: random.Random) -> None:
        error = b"" if chance.random() < 0.8 else chance.choice(("库存不足".encode(), b"sold", b" "))
        self.stock = b'"remainingCount":%b,"ext":{"stockError":"%b"}' % (
            chance.choice(nasty.GOOD_COUNTS),
            error,
        )

    def row(self) -> bytes:
        return b"{%b,%b,%b}" % (self.key, self.attributes, self.stock)


class AnswerMaker:
    """`make` gives one body after another; everything comes from `chance`."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._offers = [Offer(chance, number) for number in range(chance.choice(SIZES))]
        self._body = b""
        self._kinds: tuple[Callable[[], bytes], ...] = (
            *[self._good] * 66,
            *[self._with_bad_rows] * 17,
            *[self._with_bad_envelope] * 6,
            *[self._with_odd_list] * 4,
            *[self._mutated] * 7,
        )

    def make(self) -> bytes:
        self._body = self._chance.choice(self._kinds)()
        return self._body

    def _good(self) -> bytes:
        return _enveloped(self._rows())

    def _rows(self) -> list[bytes]:
        chance = self._chance
        for offer in self._offers:
            luck = chance.random()
            if luck < 0.15:
                offer.restock(chance)
            elif luck < 0.17:
                offer.reprice(chance)
        return [offer.row() for offer in self._offers]

    def _with_bad_rows(self) -> bytes:
        rows = self._rows()
        for _ in range(self._chance.choice((1, 1, 2, 4))):
            rows[self._chance.randrange(len(rows))] = self._bad_row()
        return _enveloped(rows)

    def _bad_row(self) -> bytes:
        """Of a known product, with one or two fields as nobody expects them, left out, or twice."""
        chance = self._chance
        offer = chance.choice(self._offers)
        fields = {
            b"productCode": b'"' + offer.code + b'"',
            b"aidcId": chance.choice((b"1", b"1", b"2", b"null")),
            b"remainingCount": chance.choice(nasty.GOOD_COUNTS),
        }
        doubled = b""
        for _ in range(chance.choice((1, 1, 2))):
            name = chance.choice(_FIELDS)
            value = self._value_of(name)
            fate = chance.random()
            if fate < 0.1:
                fields.pop(name, None)
            elif fate < 0.15:
                doubled += b',"%b":%b' % (name, value)
            else:
                fields[name] = value
        return b"{" + b",".join([b'"%b":%b' % field for field in fields.items()]) + doubled + b"}"

    def _value_of(self, name: bytes) -> bytes:
        if name == b"ext" and self._chance.random() < 0.6:
            return b'{"stockError":%b}' % self._chance.choice(nasty.ERRORS)
        values = _VALUES.get(name) or nasty.ATTRIBUTES
        # The last three attributes are no JSON: an answer that they spoil says nothing of the other rows.
        return self._chance.choice(values if self._chance.random() < 0.05 or name in _VALUES else values[:-3])

    def _with_bad_envelope(self) -> bytes:
        chance = self._chance
        match chance.randrange(8):
            case 0 | 1:
                return _enveloped(
                    self._rows(), status=chance.choice(nasty.STATUSES), message=chance.choice(nasty.MESSAGES)
                )
            case 2:
                return b'{"status": 200, "data": %b}' % chance.choice(nasty.LISTS)
            case 3 | 4:
                return chance.choice(nasty.NO_JSON)
            case 5:
                return chance.choice(nasty.OTHER_JSON)
            case 6:
                return self._oddly_written_envelope()
            case _:
                return b'{"status":%b,"message":%b}' % (
                    chance.choice(nasty.STATUSES),
                    chance.choice(nasty.MESSAGES),
                )

    def _oddly_written_envelope(self) -> bytes:
        """Mostly right in spite of its looks."""
        chance = self._chance
        listed = b"[" + b" ,\n".join(self._rows()) + b"]"
        match chance.randrange(5):
            case 0:
                return b'{"data":[],"status":500,"status":200,"data":%b}' % listed
            case 1:
                return b' \r\n\t{ "d\\u0061ta" : %b , "status" : 200 }\n ' % listed
            case 2:
                return b'{"extra":%b,"status":200,"data":%b,"more":{"data":null}}' % (
                    chance.choice(nasty.ATTRIBUTES),
                    listed,
                )
            case 3:
                return b'{"status":200,"data":%b}%b' % (listed, chance.choice(nasty.PIECES))
            case _:
                return b'{"Status":200,"DATA":%b,"status":200}' % listed

    def _with_odd_list(self) -> bytes:
        """Rows that are missing, twice, against each other, in another order, or in another data centre."""
        chance, rows = self._chance, self._rows()
        match chance.randrange(6):
            case 0:
                rows = []
            case 1:
                rows = [row for row in rows if chance.random() < 0.5]
            case 2:
                rows += chance.choices(rows, k=2)
            case 3:
                offer = chance.choice(self._offers)
                offer.restock(chance)
                rows.append(offer.row())
            case 4:
                chance.shuffle(rows)
            case _:
                rows = [row.replace(b'"aidcId":1', b'"aidcId":3') for row in rows]
        return _enveloped(rows)

    def _mutated(self) -> bytes:
        whole = self._with_bad_rows() if self._chance.random() < 0.3 else self._good()
        return mutated(self._chance, whole, self._body)


def _enveloped(rows: list[bytes], status: bytes = b"200", message: bytes = b'"OK"') -> bytes:
    return b'{"status":%b,"message":%b,"data":[%b]}' % (status, message, b",".join(rows))
