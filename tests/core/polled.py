"""Polls of one product in a row, and the spans and holes that a database keeps of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from monitor.core.product import Absent, Observation
from monitor.core.timeline import Stretch
from monitor.core.window import Span
from tests.core.builders import START

TICK = timedelta(seconds=15)

Answer = Observation | None
"""None: the poll failed."""


def at(poll: float) -> datetime:
    return START + poll * TICK


def spans_of(answers: Sequence[Answer]) -> list[Span]:
    """As the store tells them: an absence is sure when another poll saw it, too."""
    answered = [(index, answer) for index, answer in enumerate(answers) if answer is not None]
    runs = [list(run) for _, run in groupby(answered, key=lambda poll: poll[1])]
    spans = []
    for number, run in enumerate(runs):
        first, observation = run[0]
        before = runs[number - 1][-1][0] if number else None
        later = runs[number + 1][0][0] if number + 1 < len(runs) else None
        seen = Absent(sure=len(run) > 1) if isinstance(observation, Absent) else observation
        unseen_from = None if before is None else at(before)
        until_at = None if later is None else at(later)
        spans.append(Span(seen, first, at(first), unseen_from, at(run[-1][0]), until_at))
    return spans


def holes_of(answers: Sequence[Answer]) -> list[Stretch]:
    """From the first poll that failed to the next answer, or to the poll that would come next."""
    holes = []
    for failed, run in groupby(range(len(answers)), key=lambda index: answers[index] is None):
        indexes = list(run)
        if failed:
            answered = at(indexes[0] - 1) if indexes[0] else None
            holes.append(Stretch(at(indexes[0]), at(indexes[-1] + 1), answered))
    return holes
