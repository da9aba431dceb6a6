"""A factor in monitor.toml: what is understood, and what is said of the rest."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.factor import factor, factor_text
from tests.config.samples import watch
from tests.config.test_settings import rule_of


@pytest.mark.parametrize(
    ("text", "times"), [("x2", "2"), ("x1.5", "1.5"), ("x1000", "1000"), ("x1.001", "1.001")]
)
def test_a_factor_is_an_x_and_a_number(text: str, times: str) -> None:
    assert factor(text) == Decimal(times)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2x", 'must be a factor in quotes, like "x2" or "x1.5"; did you mean "x2"?'),
        ("X 3", 'did you mean "x3"?'),
        ("×2", 'did you mean "x2"?'),
        (2, 'did you mean "x2"?'),
        (1.5, 'did you mean "x1.5"?'),
        ("double", 'like "x2" or "x1.5"'),
        (True, 'like "x2" or "x1.5"'),
        ("x２", 'like "x2" or "x1.5"'),
        ("x2\n", 'did you mean "x2"?'),
        ("x1", "must be more than x1, and at most x1000"),
        ("x0.5", "must be more than x1"),
        ("x1001", "at most x1000"),
    ],
)
def test_what_is_no_factor_is_told_with_what_to_write(value: object, told: str) -> None:
    with pytest.raises(ValueError) as caught:
        factor(value)
    assert told in str(caught.value)


@given(st.decimals(min_value="1.001", max_value=1000, places=3))
def test_a_factor_is_written_as_it_is_read(times: Decimal) -> None:
    assert factor(factor_text(times)) == times


def test_a_watch_says_when_more_is_worth_a_message_or_never() -> None:
    assert rule_of(watch("match = {}")).more_at is None
    assert rule_of(watch('match = {}\nmore_at = "x1.5"')).more_at == Decimal("1.5")
    assert rule_of(watch('match = {}\n[defaults]\nmore_at = "x2"\n')).more_at == Decimal(2)
    assert rule_of(watch('match = {}\nmore_at = "never"\n[defaults]\nmore_at = "x2"\n')).more_at is None
