"""How times, numbers, names and upstream text are written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from monitor.core.decision import Cause, TransitionKind
from monitor.core.product import NO_GPU
from monitor.core.wording import (
    clock_text,
    duration_text,
    number_text,
    short_gpu,
    shown,
    size_alone,
    size_text,
)
from monitor.core.words import Language, below_your_need, headline
from tests.core.test_message import FACTS

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nb\tc\u2028d", "a b c d"),
        ("a\x00\x1b\u202e\u200bb", "ab"),
        ("  a   b ", "a b"),
        ("12345678", "12345678"),
        ("123456789", "1234567…"),
        (" " * 33 + "a", ""),
        ("\u200b" * 31 + "a", "a"),
        ("\u200b" * 32 + "a", ""),
    ],
)
def test_upstream_text_becomes_one_short_line(text: str, line: str) -> None:
    assert shown(text, 8) == line


def test_a_day_is_a_day_where_the_reader_is() -> None:
    noon = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
    assert clock_text(noon, SHANGHAI, noon + timedelta(hours=11)) == "12:00:00"
    assert clock_text(noon, SHANGHAI, noon + timedelta(hours=12)) == "2026-03-01 12:00:00"
    assert clock_text(noon, SHANGHAI, noon - timedelta(hours=13)) == "2026-03-01 12:00:00"
    assert clock_text(noon, SHANGHAI) == "2026-03-01 12:00:00"


@pytest.mark.parametrize(
    ("seconds", "text"), [(90_061, "1 d 1 h"), (3_661, "1 h 1 min"), (61, "1 min 1 s"), (3_601, "1 h")]
)
def test_a_duration_has_two_units_at_most(seconds: int, text: str) -> None:
    assert duration_text(timedelta(seconds=seconds), Language.EN) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("12.50", "12.5"),
        ("100", "100"),
        ("3.00", "3"),
        ("1E+3", "1000"),
        ("0.10", "0.1"),
        ("1E-7", "0.0000001"),
    ],
)
def test_a_number_is_written_plainly(number: str, text: str) -> None:
    assert number_text(Decimal(number)) == text


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("NVIDIA-H800A-NV-80G", "H800A"),
        ("NVIDIA GeForce RTX 4090 24 GB", "RTX 4090"),
        ("4090 D", "4090"),
        ("Ascend", "Ascend"),
        ("A" * 59 + "B", "A" * 59 + "B"),
        ("A" * 60 + "B", "A" * 59 + "…"),
        ("A" * 58 + "-123", "A" * 58 + "-…"),
    ],
)
def test_a_gpu_goes_by_the_name_that_people_use(name: str, short: str) -> None:
    assert short_gpu(name) == short


@pytest.mark.parametrize(
    ("name", "count", "beside", "alone"),
    [
        ("NVIDIA-H800A", 8, "× 8 H800A", "8 × H800A"),
        ("NVIDIA-H800A", 1, "× 1 H800A", "1 × H800A"),
        ("NVIDIA-H800A", 0, "· no GPU", "no GPU"),
        ("NVIDIA-H800A", None, "· H800A", "H800A"),
        (NO_GPU, 8, "· no GPU", "no GPU"),
        (NO_GPU, None, "· no GPU", "no GPU"),
        (None, 8, "", ""),
    ],
)
def test_a_size_says_what_is_known_of_the_gpus(
    name: str | None, count: int | None, beside: str, alone: str
) -> None:
    facts = replace(FACTS, gpu_name=name, gpu_count=count)
    assert (size_text(facts, Language.EN), size_alone(facts, Language.EN)) == (beside, alone)


def test_what_is_not_known_of_the_rest_counts_as_none_left() -> None:
    nodes = replace(FACTS, remaining=None, wanted="4")
    assert below_your_need(nodes, Language.EN) == "0 left, rule wants 4"
    gpus = replace(FACTS, gpu_count=None, wanted="32", wants_gpus=True)
    assert below_your_need(gpus, Language.EN) == "0 GPUs left, rule wants 32"


@pytest.mark.parametrize(
    ("kind", "cause", "words"),
    [
        (TransitionKind.FIRED, Cause.REMINDER, "NOW MATCHES"),
        (TransitionKind.RESOLVED, Cause.FIRST_SIGHT, "NO LONGER MATCHES"),
        (TransitionKind.REPEATED, Cause.STOCK, "STILL IN STOCK"),
    ],
)
def test_a_cause_that_a_kind_does_not_know_has_words_too(
    kind: TransitionKind, cause: Cause, words: str
) -> None:
    assert headline(kind, cause, Language.EN) == words
