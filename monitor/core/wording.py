"""Times, durations, counts and upstream text as people read them. Pure."""

import re
import unicodedata
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from monitor.core.decision import Facts
from monitor.core.product import NO_GPU
from monitor.core.words import Language, label

TEXT_CAP: Final = 120
_HIDDEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_UNITS: Final = ((86_400, ("d", "天")), (3_600, ("h", "小时")), (60, ("min", "分钟")), (1, ("s", "秒")))


def shown(text: str, cap: int = TEXT_CAP) -> str:
    """Upstream text made harmless to read: one line, no control, bidi or zero-width characters, capped."""
    visible = "".join(" " if _breaks(c) else c for c in text[: 4 * cap] if _breaks(c) or not _hidden(c))
    line = " ".join(visible.split())
    return line if len(line) <= cap else line[: cap - 1] + "…"


def clock_text(moment: datetime, zone: tzinfo, today: datetime | None = None) -> str:
    """`10:02:03`, with the date when it is not that of `today`."""
    local = moment.astimezone(zone)
    same_day = today is not None and local.date() == today.astimezone(zone).date()
    return local.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M:%S")


def window_text(start: datetime, end: datetime, zone: tzinfo) -> str:
    """`10:02:03-10:02:41`, with dates when they differ."""
    first = clock_text(start, zone, end)
    return f"{first}-{clock_text(end, zone, end)}"


def duration_text(duration: timedelta, language: Language) -> str:
    """The two largest units: `2 h 10 min`, `38 s`."""
    seconds = max(round(duration.total_seconds()), 0)
    parts: list[str] = []
    for size, names in _UNITS:
        count, seconds = divmod(seconds, size)
        if count or (size == 1 and not parts):
            parts.append(f"{count} {names[0] if language is Language.EN else names[1]}")
        if len(parts) == 2 or (parts and not count):
            break
    return " ".join(parts)


def number_text(number: Decimal) -> str:
    """Plain digits, without trailing zeros after the point."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def nodes_text(count: int, language: Language) -> str:
    return label("node" if count == 1 else "nodes", language, count)


def short_gpu(name: str) -> str:
    """`NVIDIA-H800A-NV-80G` is known as H800A, and a bare number by the word before it: RTX 4090."""
    parts = [part for part in re.split(r"[-\s_/]+", shown(name, 60)) if part]
    number = next((n for n, part in enumerate(parts) if any(c.isdigit() for c in part)), None)
    if number is None:
        return shown(name, 60)
    return " ".join(parts[number - 1 : number + 1]) if parts[number].isdigit() and number else parts[number]


def size_text(facts: Facts, language: Language) -> str:
    """`× 8 H800A`, or that there is no GPU."""
    if facts.gpu_name == NO_GPU or facts.gpu_count == 0:
        return "· " + label("no_gpu", language)
    if facts.gpu_name is None:
        return ""
    if facts.gpu_count is None:
        return "· " + short_gpu(facts.gpu_name)
    return label("times_gpus", language, facts.gpu_count, short_gpu(facts.gpu_name))


def size_alone(facts: Facts, language: Language) -> str:
    """`8 × H800A`, where no count of nodes stands before it."""
    if facts.gpu_name in (None, NO_GPU) or not facts.gpu_count:
        return size_text(facts, language).removeprefix("· ")
    return label("gpus_each", language, facts.gpu_count, short_gpu(str(facts.gpu_name)))


def _breaks(character: str) -> bool:
    return character in "\r\n\t\v\f\x85\u2028\u2029"


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN
