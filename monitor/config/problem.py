"""A problem of the file and how it is written out. Pure."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.config.positions import Place, line_of, lines_of


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong (the rest of a sentence), and the way to the value it is about."""

    place: Place
    sentence: str


def written(problems: Iterable[Problem], file_name: str, text: str) -> tuple[str, ...]:
    """`monitor.toml:14: watch[1].match.gpu_cuont: unknown key`, in the order of the lines."""
    found = list(dict.fromkeys(problems))
    lines = _lines(text) if found else {}
    located = [(line_of(lines, problem.place), problem) for problem in found]
    located.sort(key=lambda pair: pair[0] or 0)
    return tuple(
        f"{file_name}{f':{line}' if line else ''}: {path_text(problem.place)}: {problem.sentence}"
        for line, problem in located
    )


def _lines(text: str) -> dict[Place, int]:
    try:
        return lines_of(text)
    except RecursionError:
        return {}


def path_text(place: Place) -> str:
    """The way to a value as people count: the first watch is `watch[1]`."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += ("." if text else "") + _key_text(part)
    return text


def _key_text(key: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", key):
        return key
    return json.dumps(key if len(key) <= 80 else key[:79] + "…", ensure_ascii=False)
