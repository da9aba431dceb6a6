"""Attributes: one that cannot be read is unknown, and costs nothing else."""

from typing import Any

import pytest

from tests.source.answers import (
    LEFT_OUT,
    raw_row,
    row,
    seen,
)


@pytest.mark.parametrize("none", [None, "-", "", " - ", "  "])
def test_no_gpu_is_said_in_several_ways(none: str | None) -> None:
    assert seen(row(gpuName=none)).attributes.gpu_name == "-"


def test_a_missing_gpu_name_is_unknown() -> None:
    assert seen(row(gpuName=LEFT_OUT)).attributes.gpu_name is None


@pytest.mark.parametrize("name", ["nvidia-h800a", "NVIDIA-Ｈ800", " NVIDIA ", "--", "NVIDІA"])
def test_a_gpu_name_is_kept_as_it_is(name: str) -> None:
    assert seen(row(gpuName=name)).attributes.gpu_name == name


@pytest.mark.parametrize("value", [7, True, [], {}])
def test_a_gpu_name_that_is_no_string_is_unknown(value: Any) -> None:
    assert seen(row(gpuName=value)).attributes.gpu_name is None


@pytest.mark.parametrize(
    ("written", "price"),
    [
        (b'"12.5"', "12.5"),
        (b'"2"', "2"),
        (b'"0.10"', "0.10"),
        (b"12.50", "12.50"),
        (b"2", "2"),
        (b'"0"', "0"),
    ],
)
def test_a_price_is_exact(written: bytes, price: str) -> None:
    assert str(seen(raw_row("price", written)).attributes.price) == price


@pytest.mark.parametrize(
    "price",
    [
        "",
        "12,5",
        "¥12",
        "-1",
        "1e3",
        None,
        " 1",
        "1.",
        ".5",
        "NaN",
        "Infinity",
        "１２",
        -1,
        True,
        [],
        "1" * 16,
        "1_0",
    ],
)
def test_an_unreadable_price_is_unknown(price: Any) -> None:
    assert seen(row(price=price)).attributes.price is None


@pytest.mark.parametrize(("value", "unit"), [(11, 11), ("11", 11), (0, 0)])
def test_a_price_unit_is_a_whole_number_or_its_digits(value: Any, unit: int) -> None:
    assert seen(row(priceUnit=value)).attributes.price_unit == unit


@pytest.mark.parametrize("value", [None, "", "hour", "元/小时", 1.5, -1, True, [], 2**63])
def test_an_unreadable_price_unit_is_unknown(value: Any) -> None:
    assert seen(row(priceUnit=value)).attributes.price_unit is None


HOSTILE_NAMES = [
    "<b>x</b><script>alert(1)</script>",
    "a\r\nb",
    "a\0b",
    "\u202egnp.exe",
    "🚀👩‍👩‍👧",
    "a\u200bb",
    "<!channel>",
    "@everyone",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_is_kept_as_data(name: str) -> None:
    assert seen(row(name=name)).attributes.name == name


def test_a_name_of_100_kilobytes_is_cut() -> None:
    assert seen(row(name="x" * 100_000)).attributes.name == "x" * 500


@pytest.mark.parametrize("name", [LEFT_OUT, None, 7, True, [], {}])
def test_a_missing_or_wrong_name_is_unknown(name: Any) -> None:
    assert seen(row(name=name)).attributes.name is None
