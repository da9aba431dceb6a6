"""Did anything grow in a soak that must not? Pure: samples in, sentences about violations out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from tests.torture.soak.samples import Sample

LARGEST_GROWTH_KIB: Final = 1024
MOST_LINES_WHILE_DOWN: Final = 10
LARGEST_LOG_BYTES: Final = 4 * 1024 * 1024
SEND_THREADS: Final = 5
"""Of one channel at once: four that were given up, and the one that sends."""
SPARE_DESCRIPTORS: Final = 12
"""For connections in use when a sample is taken: one a sending thread, and the provider's two ends."""
LEAST_QUARTER_H: Final = 12
LEAST_DAYS_H: Final = 48
LEAST_POLLS_AN_HOUR: Final = 30
MOST_SPEED_UP: Final = 1.5
"""Days differ; one that grew with the square of time would be at 3."""
WARM_UP_SHARE: Final = 0.25
PAGE_CACHE_KIB: Final = 2000
PAGE_CACHE_WEIGHT: Final = 1.15
"""SQLite keeps so much of the file in memory; a page costs a little more than its size (measured)."""


@dataclass(frozen=True, slots=True)
class Hour:
    """`lines`: the daemon's log lines by level. `is_down`: the provider gave no answer in all of the hour."""

    sample: Sample
    lines: Mapping[str, int] = field(default_factory=dict)
    is_down: bool = False

    @property
    def line_count(self) -> int:
        return sum(self.lines.values())


def growth(hours: Sequence[Hour]) -> float:
    """KiB of memory that a run gains: the Theil-Sen slope after the warm-up times the whole run's length.

    That slope is the median of those between any two samples: a few high samples do not move it. The page
    cache does not count: it grows with the database, but to its limit only.
    """
    points = [(hour.sample.hour, _without_page_cache(hour.sample)) for hour in warm(hours)]
    slopes = [
        (later - earlier) / (at - since)
        for number, (since, earlier) in enumerate(points)
        for at, later in points[number + 1 :]
    ]
    return median(slopes) * len(hours) if slopes else 0.0


def warm(hours: Sequence[Hour]) -> Sequence[Hour]:
    """Without the first quarter, in which everything happens for the first time."""
    return hours[int(len(hours) * WARM_UP_SHARE) :]


def _without_page_cache(sample: Sample) -> float:
    return sample.memory_kib - PAGE_CACHE_WEIGHT * min(sample.database_bytes / 1024, PAGE_CACHE_KIB)


def judged(hours: Sequence[Hour], channels: int) -> list[str]:
    return [
        *_memory(hours),
        *_rests("descriptors", [hour.sample.descriptors for hour in warm(hours)], SPARE_DESCRIPTORS),
        *_rests("threads", [hour.sample.threads for hour in warm(hours)], SEND_THREADS * channels),
        *_log_of_the_database(hours),
        *_database(hours),
        *_lines(hours),
        *_owed(hours),
    ]


def _memory(hours: Sequence[Hour]) -> list[str]:
    grown = growth(hours)
    if grown <= LARGEST_GROWTH_KIB:
        return []
    return [f"memory grew by {grown:.0f} KiB, {LARGEST_GROWTH_KIB} are allowed"]


def _rests(what: str, counts: Sequence[int], spare: int) -> list[str]:
    """In the last quarter there are usually as many as in the first one, and never many more.

    A run of a few hours may have been without a connection in one of them.
    """
    quarter = max(len(counts) // 4, 1)
    first, last, most = median(counts[:quarter]), median(counts[-quarter:]), max(counts)
    found = [f"{what} grew from {first:g} to {last:g}"] if last > first and quarter >= LEAST_QUARTER_H else []
    return found + ([f"once there were {most} {what}"] if most > first + spare else [])


def _log_of_the_database(hours: Sequence[Hour]) -> list[str]:
    largest = max(hours, key=lambda hour: hour.sample.log_bytes).sample
    if largest.log_bytes <= LARGEST_LOG_BYTES:
        return []
    return [f"the database's log was {largest.log_bytes} bytes long in hour {largest.hour}"]


def _database(hours: Sequence[Hour]) -> list[str]:
    """It may grow with what happens, but not ever faster: the second half gains what the first did."""
    sizes = [hour.sample.database_bytes for hour in hours]
    early, late = sizes[len(sizes) // 2] - sizes[0], sizes[-1] - sizes[len(sizes) // 2]
    if late <= early * MOST_SPEED_UP:
        return []
    return [f"the database grew by {early} bytes in the first half, by {late} in the second"]


def _lines(hours: Sequence[Hour]) -> list[str]:
    return [
        f"{hour.line_count} log lines in hour {hour.sample.hour}, in all of which the provider was down"
        for hour in hours
        if hour.is_down and hour.line_count > MOST_LINES_WHILE_DOWN
    ]


def _owed(hours: Sequence[Hour]) -> list[str]:
    """What a run of days has to have met, or it proves nothing of it."""
    if len(hours) < LEAST_DAYS_H:
        return []
    found = [] if any(hour.is_down for hour in hours) else ["in no hour the provider was down throughout"]
    polls = hours[-1].sample.polls / len(hours)
    return found + ([f"only {polls:.0f} polls an hour"] if polls < LEAST_POLLS_AN_HOUR else [])
