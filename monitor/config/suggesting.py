"""Finds what a person probably meant. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean gpu_count?`, or nothing when no known word is near."""
    by_shape = {_shape(name): name for name in sorted(known, reverse=True)}
    near = get_close_matches(_shape(word[:100]), by_shape, n=1, cutoff=0.6)
    return f"; did you mean {by_shape[near[0]]}?" if near else ""


def _shape(word: str) -> str:
    # gpuCount and gpu-count are gpu_count in another notation.
    return word.lower().replace("-", "").replace("_", "")
