"""The `observation` view: what every stored poll saw, told again from the spans as if all had been kept.

A database gets this text when it is created or upgraded: a change here needs a new revision in migrations/.
"""

from typing import Final

# The characters that str.strip() takes away, so that the view and core/product.py agree on what is blank.
BLANKS: Final = ", ".join(str(code) for code in range(0x3001) if chr(code).isspace())


def _as_of(field: str) -> str:
    """Joins the first change of `field` after the poll: what it was before that is what the poll saw."""
    return f"""
LEFT JOIN product_change AS {field}_change
    ON {field}_change.product_id = product.id AND {field}_change.field = '{field}'
    AND {field}_change.poll_id = (
        SELECT min(later.poll_id) FROM product_change AS later
        WHERE later.product_id = product.id AND later.field = '{field}' AND later.poll_id > poll.id
    )"""


# The span is looked up as the last one that began, not by comparing both ends: a product may have many.
CREATE_VIEW: Final = f"""CREATE VIEW observation AS
SELECT
    poll.id AS poll_id,
    poll.at AS at,
    source.name AS source,
    product.aidc_id AS aidc_id,
    product.product_code AS product_code,
    CASE WHEN name_change.poll_id IS NULL THEN product.name ELSE name_change.old END AS name,
    snapshot.remaining_count AS remaining_count,
    snapshot.stock_error AS stock_error,
    CASE WHEN snapshot.kind = 'valid' THEN
        snapshot.remaining_count > 0 AND trim(coalesce(snapshot.stock_error, ''), char({BLANKS})) = ''
    END AS available,
    snapshot.reason AS invalid_reason,
    CASE WHEN price_change.poll_id IS NULL THEN product.price ELSE price_change.old END AS price,
    CASE
        WHEN price_unit_change.poll_id IS NULL THEN product.price_unit
        ELSE CAST(price_unit_change.old AS INTEGER)
    END AS price_unit
FROM poll
JOIN source ON source.id = poll.source_id
JOIN product
    ON product.source_id = poll.source_id AND (poll.aidc_id IS NULL OR poll.aidc_id = product.aidc_id)
JOIN snapshot
    ON snapshot.product_id = product.id
    AND snapshot.first_poll_id = (
        SELECT max(begun.first_poll_id) FROM snapshot AS begun
        WHERE begun.product_id = product.id AND begun.first_poll_id <= poll.id
    )
    AND (snapshot.until_poll_id IS NULL OR snapshot.until_poll_id > poll.id){_as_of("name")}{_as_of("price")}{
    _as_of("price_unit")
}
WHERE poll.outcome = 'ok' AND snapshot.kind <> 'absent'"""

DROP_VIEW: Final = "DROP VIEW IF EXISTS observation"
