"""What a name on the command line means: a rule, a product, or one product under one rule. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import click


@dataclass(frozen=True, slots=True)
class Meant:
    """Both None: everything. Both given: that product under that rule only."""

    rule: str | None = None
    product_code: str | None = None

    def __str__(self) -> str:
        if self.rule is None:
            return "everything" if self.product_code is None else f"product {self.product_code}"
        return f"rule {self.rule}" + (f", product {self.product_code}" if self.product_code else "")


def meaning_of(name: str, rules: Sequence[str], codes: Sequence[str], only: str | None = None) -> Meant:
    """`only`: "rule" or "product", where the name is that of both.

    Raises UsageError for a name that is none, with what comes nearest, and for one that is both.
    """
    is_rule, is_code = name in rules and only != "product", name in codes and only != "rule"
    if is_rule and is_code:
        raise click.UsageError(f"{name!r} is a rule and a product: say which, with --rule or --product")
    if is_rule:
        return Meant(rule=name)
    if is_code:
        return Meant(product_code=name)
    for rule in rules:
        if only is None and name.startswith(f"{rule}/") and name.removeprefix(f"{rule}/") in codes:
            return Meant(rule, name.removeprefix(f"{rule}/"))
    kind = only or "rule and no product"
    known = [*(rules if only != "product" else ()), *(codes if only != "rule" else ())]
    raise click.UsageError(f"there is no {kind} {name!r}{nearest_names(name, known)}")


def nearest_names(name: str, known: Iterable[str]) -> str:
    """`; nearest: PRD-TRAIN-1, PRD-TRAIN-2`, or nothing when no name is near."""
    by_letters = {one.casefold(): one for one in known}
    near = get_close_matches(name[:200].casefold(), by_letters, n=3, cutoff=0.5)
    return f"; nearest: {', '.join(by_letters[found] for found in near)}" if near else ""
