"""A model that keeps every row of every poll, against what the view tells from the spans."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.viewed import empty, poll, product, seen


@dataclass(frozen=True)
class Sight:
    """One product as one poll saw it; kind "absent" when it was not in the list."""

    kind: str
    remaining: int | None = None
    error: str | None = None
    name: str | None = None
    price: str | None = None
    unit: int | None = None


@dataclass
class Known:
    """What the database keeps of a product: the span that is open, and the attributes last seen."""

    product_id: int
    span: tuple[object, ...] | None = None
    attributes: dict[str, object] = field(default_factory=dict)


def sights() -> st.SearchStrategy[Sight]:
    valid = st.builds(
        Sight,
        st.just("valid"),
        st.integers(0, 2),
        st.sampled_from([None, " ", "库存不足"]),
        st.sampled_from([None, "a", "b"]),
        st.sampled_from(["19.9", "20"]),
        st.sampled_from([7, 11]),
    )
    return st.one_of(valid, valid, st.just(Sight("invalid")), st.just(Sight("absent")))


POLLS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([None, 1, 2]), sights(), sights()), min_size=1, max_size=14
)


def attributes_of(sight: Sight, known: Known) -> dict[str, object]:
    new = {"name": sight.name, "price": sight.price, "price_unit": sight.unit}
    return {key: known.attributes.get(key) if value is None else value for key, value in new.items()}


def store_sight(rows: sqlite3.Connection, known: Known, poll_id: int, sight: Sight) -> Sight | None:
    """Writes spans and changes; returns the row that the view shall show."""
    if known.span is None and sight.kind == "absent":
        return None
    attributes = attributes_of(sight, known)
    if known.span is None:
        product(rows, known.product_id, aidc_id=known.product_id)
        known.attributes = attributes
    for key in [key for key in attributes if attributes[key] != known.attributes[key]]:
        old, new = known.attributes[key], attributes[key]
        change = (known.product_id, key, poll_id, None if old is None else str(old), str(new))
        rows.execute("INSERT INTO product_change VALUES (?, ?, ?, ?, ?)", change)
    known.attributes = attributes
    rows.execute(
        "UPDATE product SET name = :name, price = :price, price_unit = :price_unit WHERE id = :id",
        {**attributes, "id": known.product_id},
    )
    span_now = (sight.kind, sight.remaining, sight.error)
    if span_now != known.span:
        rows.execute(
            "UPDATE snapshot SET until_poll_id = ? WHERE product_id = ? AND until_poll_id IS NULL",
            (poll_id, known.product_id),
        )
        rows.execute(
            "INSERT INTO snapshot VALUES (?, ?, NULL, ?, ?, ?)",
            (
                known.product_id,
                poll_id,
                sight.remaining,
                sight.error,
                "bad" if sight.kind == "invalid" else None,
            ),
        )
        known.span = span_now
    if sight.kind == "absent":
        return None
    unit = attributes["price_unit"]
    return replace(
        sight,
        name=_text(attributes["name"]),
        price=_text(attributes["price"]),
        unit=unit if isinstance(unit, int) else None,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@settings(max_examples=150, deadline=None)
@given(polls=POLLS)
def test_the_view_tells_what_every_poll_saw(polls: list[tuple[bool, int | None, Sight, Sight]]) -> None:
    products = {1: Known(1), 2: Known(2)}
    expected: list[tuple[object, ...]] = []
    with closing(empty()) as rows:
        for poll_id, (is_ok, aidc_id, *both) in enumerate(polls, 1):
            poll(rows, poll_id, "ok" if is_ok else "failed", aidc_id)
            for known, sight in zip(products.values(), both, strict=True):
                if not is_ok or aidc_id not in (None, known.product_id):
                    continue
                row = store_sight(rows, known, poll_id, sight)
                if row is not None:
                    told = (row.remaining, row.error, row.name, row.price, row.unit)
                    expected.append((poll_id, f"PRD-{known.product_id}", *told))
        what = "poll_id, product_code, remaining_count, stock_error, name, price, price_unit"
        assert seen(rows, what) == expected
