"""What was measured, beside what is aimed at, as one table and as JSON."""

import json
import os
import platform
import sqlite3
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

Details = dict[str, float | int | str]


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` at most `aim` is well; `bare` is what the bare script took in the same run. None: not there."""

    name: str
    value: float | None
    aim: float
    unit: str
    bare: float | None = None
    details: Details = field(default_factory=dict)

    @property
    def is_met(self) -> bool | None:
        return None if self.value is None else self.value <= self.aim

    @property
    def verdict(self) -> str:
        return {None: "not there yet", True: "met", False: "MISSED"}[self.is_met]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest one measured, at least as large as that share of all."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]


def as_json(figures: Sequence[Figure], *, quick: bool, seconds: float) -> str:
    rows = [
        {
            "name": figure.name,
            "value": _rounded(figure.value),
            "unit": figure.unit,
            "aim": figure.aim,
            "bare": _rounded(figure.bare),
            "verdict": figure.verdict,
            "details": figure.details,
        }
        for figure in figures
    ]
    return json.dumps(
        {"machine": _machine(), "quick": quick, "seconds": round(seconds), "figures": rows}, indent=1
    )


def table(figures: Sequence[Figure]) -> Table:
    made = Table(show_lines=False)
    made.add_column("what")
    for heading in ("measured", "aim", "bare script"):
        made.add_column(heading, justify="right", no_wrap=True)
    made.add_column("")
    made.add_column("more", overflow="fold")
    colours = {None: "yellow", True: "green", False: "red"}
    for figure in figures:
        made.add_row(
            figure.name,
            _with_unit(figure.value, figure.unit),
            f"<= {_with_unit(figure.aim, figure.unit)}",
            _with_unit(figure.bare, figure.unit),
            f"[{colours[figure.is_met]}]{figure.verdict}[/]",
            ", ".join(f"{name} {_plain(value)}" for name, value in figure.details.items()),
        )
    return made


def write_evidence(figures: Sequence[Figure], folder: Path, *, quick: bool, seconds: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(as_json(figures, quick=quick, seconds=seconds) + "\n")
    machine = ", ".join(f"{name} {value}" for name, value in _machine().items())
    lines = [
        "# What `make bench` measured",
        "",
        f"Machine: {machine}. {seconds:.0f} s in all.",
        "The bare script is `tests/bench/bare.py`: it fetches, decodes, commits durably and posts.",
        "",
        "| what | measured | aim | bare script | | more |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for figure in figures:
        cells = (
            *(
                figure.name,
                _with_unit(figure.value, figure.unit),
                f"<= {_with_unit(figure.aim, figure.unit)}",
            ),
            *(_with_unit(figure.bare, figure.unit), figure.verdict),
            ", ".join(f"{name} {_plain(value)}" for name, value in figure.details.items()),
        )
        lines.append(f"| {' | '.join(cells)} |")
    (folder / "bench.md").write_text("\n".join(lines) + "\n")


def print_table(figures: Sequence[Figure]) -> None:
    console = Console(width=None if os.isatty(1) else 160)
    console.print(table(figures))


def _machine() -> dict[str, str | int]:
    model = platform.machine()
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.exists():
        names = [
            line.partition(":")[2].strip()
            for line in cpu_info.read_text().splitlines()
            if "model name" in line
        ]
        model = names[0] if names else model
    return {
        "cpu": model,
        "cores": os.cpu_count() or 0,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load of the last 15 minutes": f"{os.getloadavg()[2]:.1f}",
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _with_unit(value: float | None, unit: str) -> str:
    return "" if value is None else f"{_plain(value)} {unit}".strip()


def _plain(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
