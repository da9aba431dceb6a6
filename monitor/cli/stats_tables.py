"""The tables and heat maps of `monitor stats`."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.text import Text

from monitor.cli.chart import Glyphs
from monitor.cli.heat_map import heat_map, hour_labels
from monitor.cli.output import (
    Table,
    faint,
    percent,
    print_line,
    print_table,
    right,
    size_of,
    strong,
    upstream,
    when,
)
from monitor.cli.stats_read import Figures, ProductFigures, RuleFigures
from monitor.cli.stats_text import (
    median_of,
    nodes_text,
    observed_text,
    odds_cell,
    odds_texts,
    prices_text,
    quantile_cell,
    seen_share_text,
    windows_text,
)
from monitor.cli.stored import Place
from monitor.core.odds import MEDIAN
from monitor.core.price import PriceRange
from monitor.core.ranks import needed
from monitor.core.stats import HourOfWeek, Statistics

TOLD_OF: Final = 1
"""The odds in the summary: those of two minutes."""

_PARTS: Final = {0.25: "a quarter", 0.5: "half", 0.75: "three quarters", 0.9: "nine in ten"}
_HEIGHTS: Final = ("dim", "green", "green", "green", "green", "bold green", "bold green", "bold green")


def print_summary(figures: Figures) -> None:
    """A line for every rule, and for every product that had a window."""
    if figures.rules:
        _print_lines("rule", [(rule.name, rule.statistics) for rule in figures.rules])
        print_line()
    seen = [product for product in figures.products if product.statistics.windows]
    _print_lines("product", list(zip(_names(seen), (product.statistics for product in seen), strict=True)))
    quiet = len(figures.products) - len(seen)
    if quiet:
        print_line(faint(f"{quiet} more that {'was' if quiet == 1 else 'were'} never in stock in that time"))
    print_line(faint("in brackets: with 95 % between these; `monitor stats PRODUCT` tells more"))


def print_details(place: Place, figures: Figures, now: datetime, glyphs: Glyphs) -> None:
    """One rule with a line for each of its products, or each product in full."""
    if figures.rules:
        (rule,) = figures.rules
        _print_rule(place, rule, now, glyphs)
        if rule.products:
            print_summary(Figures(figures.products, ()))
        return
    for product in figures.products:
        key = product.key
        name = [upstream(product.attributes.name)] if product.attributes.name else []
        what = " · ".join([*name, key.source, f"AIDC {key.aidc_id}", size_of(product.attributes)])
        print_line(strong(upstream(key.product_code)), what)
        _print_statistics(place, product.statistics, product.prices, now, glyphs)


def _print_rule(place: Place, rule: RuleFigures, now: datetime, glyphs: Glyphs) -> None:
    count = len(rule.products)
    print_line(strong(f"rule {rule.name}"), f"· {count} product{'' if count == 1 else 's'} taken together")
    if not count:
        print_line(faint("no product that the database knows fits it"))
        return
    print_line(faint("windows are those of each product; in stock is when any of them was"))
    _print_statistics(place, rule.statistics, rule.prices, now, glyphs)


def _print_statistics(
    place: Place, found: Statistics, prices: Sequence[PriceRange], now: datetime, glyphs: Glyphs
) -> None:
    print_line(observed_text(found))
    opened = found.last_opened_at
    last = [] if opened is None else [f"the last opened {when(opened, place.zone, now)}"]
    print_line("; ".join([windows_text(found), *last]))
    if found.windows > found.opening_unseen:
        for line in odds_texts(found.odds):
            print_line(strong(line))
        _print_quantiles(found)
    sentences = (
        seen_share_text(found.seen_share, needed(MEDIAN)),
        nodes_text(found),
        prices_text(prices, place.price_units),
    )
    for sentence in filter(None, sentences):
        print_line(sentence)
    print_line()
    _print_heat_map(found.hours, place.zone.key, glyphs)
    print_line()


def _print_quantiles(found: Statistics) -> None:
    table = Table("", "a window lasts", "from opening to opening")
    for lasts, between in zip(found.lasts, found.between, strict=True):
        table.row(f"{_PARTS[lasts.share]} up to", quantile_cell(lasts), quantile_cell(between))
    print_table(table)
    print_line(faint("in brackets: with 95 % between these"))


def _print_heat_map(hours: Sequence[HourOfWeek], zone: str, glyphs: Glyphs) -> None:
    print_line(faint(hour_labels()))
    for day, cells in heat_map(hours, glyphs):
        drawn = [Text(cell, "dim" if height is None else _HEIGHTS[height]) for cell, height in cells]
        print_line(faint(f"{day} "), Text().join(drawn))
    most = max((hour.share for hour in hours if hour.share is not None), default=0.0)
    tallest = f"{glyphs.levels[-1]} in stock {percent(most)} of that hour  " if most else ""
    print_line(faint(f"{tallest}{glyphs.levels[0]} never  {glyphs.unknown} not watched  ({zone})"))


def _print_lines(heading: str, lines: Sequence[tuple[str, Statistics]]) -> None:
    numbers = (right("in stock"), right("openings"))
    table = Table(heading, *numbers, "half last up to", "half are back within", "outlast 2 min")
    for name, found in lines:
        share = found.available_share
        table.row(
            name,
            "—" if share is None else percent(share),
            str(found.windows - found.opening_unseen),
            quantile_cell(median_of(found.lasts)),
            quantile_cell(median_of(found.between)),
            odds_cell(found.odds[TOLD_OF]),
        )
    print_table(table, empty=f"no {heading} was in stock in that time")


def _names(products: Sequence[ProductFigures]) -> list[str]:
    """The codes, with source and data centre where a code alone would not tell."""
    codes = Counter(product.key.product_code for product in products)
    return [
        upstream(key.product_code if codes[key.product_code] == 1 else "/".join(map(str, key)))
        for key in (product.key for product in products)
    ]
