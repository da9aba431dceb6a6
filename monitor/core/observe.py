"""From what a poll observed to the products and spans that change. Pure."""

from dataclasses import fields, replace
from decimal import Decimal

from monitor.core.assemble import Observed
from monitor.core.decision import AttributeChange, SpanStart
from monitor.core.draft import Draft
from monitor.core.product import (
    UNKNOWN_ATTRIBUTES,
    Absent,
    Attributes,
    Invalid,
    Observation,
    ProductKey,
    Seen,
    is_available,
    is_shown_but_blocked,
    known_from,
)
from monitor.core.world import Product

_FIELDS = tuple(field.name for field in fields(Attributes))


def observe(draft: Draft, observed: Observed) -> None:
    """Note every product that is not what it was; an unchanged one costs one look-up."""
    known = draft.world.products.get(draft.feed, {})
    for key, listed in observed.listed.items():
        product = known.get(key)
        if product is None:
            _first_seen(draft, key, listed)
        elif product.listed is not listed:
            _listed_anew(draft, product, listed)
    for key, unlisted in observed.unlisted.items():
        if known[key].current != unlisted:
            _change(draft, known[key], unlisted, None)


def _first_seen(draft: Draft, key: ProductKey, listed: Seen | Invalid) -> None:
    product = Product(key, listed, None, UNKNOWN_ATTRIBUTES)
    attributes = listed.attributes if isinstance(listed, Seen) else UNKNOWN_ATTRIBUTES
    changed = _timed(draft, replace(product, attributes=attributes, listed=listed), listed)
    draft.decision.spans.append(SpanStart(key, listed))
    draft.changes.products[key] = changed


def _listed_anew(draft: Draft, product: Product, listed: Seen | Invalid) -> None:
    """The row is another object than last time; what it says may still be the same."""
    if isinstance(listed, Invalid):
        _change(draft, product, listed, listed)
        return
    attributes = listed.attributes.over(product.attributes)
    seen = listed if listed.attributes is attributes else replace(listed, attributes=attributes)
    for name in _FIELDS if attributes is not product.attributes else ():
        old, new = getattr(product.attributes, name), getattr(attributes, name)
        if old != new:
            draft.decision.attributes.append(
                AttributeChange(product.key, name, attribute_text(old), attribute_text(new))
            )
    _change(draft, replace(product, attributes=attributes), seen, listed)


def _change(draft: Draft, product: Product, now_is: Observation, listed: Seen | Invalid | None) -> None:
    before = draft.world.products[draft.feed][product.key]
    if _span_differs(before.current, now_is):
        draft.decision.spans.append(SpanStart(product.key, now_is))
    draft.changes.products[product.key] = _timed(draft, replace(product, listed=listed), now_is)


def _span_differs(before: Observation, after: Observation) -> bool:
    """A span keeps stock and stock error; attributes have their own rows, and absence has no degrees."""
    if isinstance(before, Seen) and isinstance(after, Seen):
        return (before.remaining, before.stock_error) != (after.remaining, after.stock_error)
    if isinstance(before, Absent) and isinstance(after, Absent):
        return False
    return before != after


def _timed(draft: Draft, product: Product, now_is: Observation) -> Product:
    """Keep the times since when it is unknown or blocked, and when it was last seen to leave."""
    known = known_from(now_is)
    if known is None:  # a product that was blocked may well be so still
        return replace(product, current=now_is, unknown_since=product.unknown_since or draft.now)
    return replace(
        product,
        current=now_is,
        last_known=known,
        left_at=draft.now if _leaves(product.last_known, known) else product.left_at,
        unknown_since=None,
        blocked_since=(product.blocked_since or draft.now) if is_shown_but_blocked(known) else None,
    )


def _leaves(before: Seen | Absent | None, now_is: Seen | Absent) -> bool:
    return _is_there(before) and not _is_there(now_is)


def _is_there(known: Seen | Absent | None) -> bool:
    return isinstance(known, Seen) and is_available(known)


def attribute_text(value: str | int | Decimal | None) -> str | None:
    """As the database keeps it: decimal numbers as plain text, never in exponent form."""
    if value is None:
        return None
    return format(value, "f") if isinstance(value, Decimal) else str(value)
