"""The tables of `monitor forecast`, and its line in `monitor stats`."""

from collections.abc import Sequence
from datetime import timedelta

from monitor.cli.forecasting import Foretold
from monitor.cli.output import (
    Cell,
    Table,
    careful,
    faint,
    good,
    print_line,
    print_table,
    right,
    size_of,
    span,
    strong,
    upstream,
)
from monitor.core.forecast import LEAST_OBSERVED, LEAST_WINDOWS, Forecast, Outcome, Trialled

_DAY = timedelta(days=1)


def print_forecasts(found: Sequence[Foretold]) -> None:
    if not found:
        print_line(faint("no product is known yet that a rule watches"))
        return
    for one in found:
        key = one.key
        name = [upstream(one.attributes.name)] if one.attributes.name else []
        what = " · ".join([*name, key.source, f"AIDC {key.aidc_id}", size_of(one.attributes)])
        print_line(strong(upstream(key.product_code)), what)
        _print_one(one.forecast, is_open=one.is_open)
        print_line()
    print_line(faint("usual: how often it opened that soon, of all hours in which it was out"))
    print_line(faint("gain: nearer to what came than the usual by at least this (97.5 %); above 0 it speaks"))


def forecast_line(told: Forecast) -> str:
    """In one line, for a person: what it says, else why it says nothing."""
    if not told.outcomes:
        return _too_little(told)
    return ", ".join(f"within {_horizon(outcome)} {_in_words(outcome)}" for outcome in told.outcomes)


def _print_one(told: Forecast, *, is_open: bool) -> None:
    if not told.outcomes:
        print_line(faint(_too_little(told)))
        return
    if not told.is_out:
        print_line(good("in stock now") if is_open else careful("not known now"))
    table = Table(
        "opens within",
        right("chance"),
        right("usual"),
        right("tested"),
        right("cut"),
        right("skill"),
        right("gain"),
    )
    for outcome in told.outcomes:
        table.row(*_row(outcome, is_out=told.is_out))
    print_table(table)
    for outcome in told.outcomes:
        if outcome.test is not None and outcome.speaks:
            _print_calibration(outcome, outcome.test)
    print_line(faint(f"learnt from {told.windows} openings in {_days(told.observed)} days that were watched"))


def _row(outcome: Outcome, *, is_out: bool) -> tuple[Cell, ...]:
    usual = "—" if outcome.usual is None else percent(outcome.usual)
    chance: Cell = faint("the usual") if is_out else "—"
    if outcome.chance is not None:
        chance = strong(percent(outcome.chance))
    test = outcome.test
    if test is None:
        return _horizon(outcome), chance, usual, "—", "—", "—", "—"
    gain = "—" if test.gain_at_least is None else f"{test.gain_at_least:+.4f}"
    return _horizon(outcome), chance, usual, f"{test.count:,}", f"{test.cut:,}", f"{test.skill:+.2f}", gain


def _print_calibration(outcome: Outcome, test: Trialled) -> None:
    table = Table(
        f"within {_horizon(outcome)}, said", right("times"), right("on average"), right("it opened")
    )
    for band in test.bands:
        between = f"{percent(band.low)} to {percent(band.high)}"
        table.row(between, f"{band.count:,}", percent(band.said), percent(band.came))
    print_table(table)


def _too_little(told: Forecast) -> str:
    return (
        f"not enough data: {told.windows} of {LEAST_WINDOWS} openings,"
        f" {_days(told.observed)} of {LEAST_OBSERVED.days} days that were watched"
    )


def _in_words(outcome: Outcome) -> str:
    usual = "—" if outcome.usual is None else percent(outcome.usual)
    return f"usually {usual}" if outcome.chance is None else f"{percent(outcome.chance)} (usually {usual})"


def _horizon(outcome: Outcome) -> str:
    return span(outcome.horizon)


def percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _days(observed: timedelta) -> str:
    return f"{observed / _DAY:.0f}" if observed >= 10 * _DAY else f"{observed / _DAY:.1f}"
