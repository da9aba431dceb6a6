"""What a product cost when it opened."""

from decimal import Decimal

from monitor.core.price import Changed, Price, PriceLog, PriceRange, ranges

LOG = PriceLog(
    Decimal("2.5"),
    11,
    amounts=(Changed(100, None), Changed(200, "2"), Changed(300, "3")),
    units=(Changed(250, "12"),),
)


def test_a_price_is_what_it_was_before_the_next_change() -> None:
    told = [LOG.at(moment) for moment in (50, 100, 199, 200, 249, 250, 300, 999)]
    two, three = Decimal(2), Decimal(3)
    assert told == [
        None,
        Price(two, 12),
        Price(two, 12),
        Price(three, 12),
        Price(three, 12),
        Price(three, 11),
        Price(Decimal("2.5"), 11),
        Price(Decimal("2.5"), 11),
    ]


def test_a_price_that_was_never_known_is_none_and_a_unit_may_be_unknown() -> None:
    assert PriceLog(None, 11).at(5) is None
    assert PriceLog(Decimal(1), None).at(5) == Price(Decimal(1), None)
    assert PriceLog(Decimal(1), 11, units=(Changed(9, None),)).at(5) == Price(Decimal(1), None)


def test_amounts_of_different_units_are_not_compared() -> None:
    prices = [Price(Decimal(3), 11), None, Price(Decimal(90), 12), Price(Decimal(2), 11)]
    assert ranges(prices) == (
        PriceRange(11, Decimal(2), Decimal(3)),
        PriceRange(12, Decimal(90), Decimal(90)),
    )
