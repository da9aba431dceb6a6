"""Runs the state machines of Hypothesis with a seed and a number of examples."""

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.store.ground import new_store
from tests.torture.fuzz.alert_machine import AlertMachine
from tests.torture.fuzz.outbox_machine import OutboxMachine

STEPS: Final = 50


def run_machine(
    machine: Callable[[], RuleBasedStateMachine],
    seed: int,
    examples: int,
    phases: tuple[Phase, ...] = (Phase.generate, Phase.shrink),
) -> None:
    """Raises AssertionError; its notes tell the shortest story that leads to it."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    factory: Any = partial(machine)
    factory._hypothesis_internal_use_seed = seed
    run_state_machine_as_test(factory, settings=chosen)


def run_machines(seed: int, examples: int, folder: Path) -> list[str]:
    """The stories that broke one."""
    with new_store(folder) as engine:
        machines: dict[str, Callable[[], RuleBasedStateMachine]] = {
            "alert machine": AlertMachine,
            "outbox machine": partial(OutboxMachine, engine),
        }
        stories = [_story(name, machine, seed, examples) for name, machine in machines.items()]
    return [story for story in stories if story]


def _story(name: str, machine: Callable[[], RuleBasedStateMachine], seed: int, examples: int) -> str:
    """How it broke, or nothing."""
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            run_machine(machine, seed, examples)
    except Exception as error:
        notes = "\n".join(getattr(error, "__notes__", []))
        return f"{name}, seed {seed}: {type(error).__name__}: {error}\n{notes}{printed.getvalue()}"
    return ""
