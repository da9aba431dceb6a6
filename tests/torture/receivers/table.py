"""Plays the whole table of cases at once: one daemon, a channel, a rule and a product for each case."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.acceptance.daemon import Daemon
from tests.torture.receivers import specials
from tests.torture.receivers.cases import Case, Fate
from tests.torture.receivers.judge import Delivery, audit, judge
from tests.torture.receivers.scene import Scene
from tests.torture.receivers.tally import Tally

PATIENCE_S: Final = 150.0
OPS: Final = "ops"
_ENDS: Final = {Fate.REFUSED: "failed", Fate.WAITS: "retry"}


def play(folder: Path, cases: Sequence[Case], patience_s: float = PATIENCE_S) -> Tally:
    """From the restock to the last word of every receiver; then all is sold out, and every one is well."""
    with Scene.built(folder) as scene:
        scene.notify = [OPS]
        scene.add_channel(OPS, "json")
        for case in cases:
            scene.add_channel(case.name, case.kind, case.replies)
            scene.add_watch(case.name, code_of(case), case.name)
        more = specials.set_up(scene)
        scene.stock(0, *(code for code, _ in scene.watches.values()))
        scene.configure()
        daemon = scene.start()
        scene.stock(3, *map(code_of, cases), *more.codes)
        tally = Tally(list(more.play(daemon)))
        _wait(scene, cases, patience_s)
        tally += _judged(scene, cases)
        _sell_out(scene, daemon, cases, tally)
        return tally


def code_of(case: Case) -> str:
    return f"PRD-{case.name}"


def _wait(scene: Scene, cases: Sequence[Case], patience_s: float) -> None:
    """For what should be; what is not by then is what the judge will tell."""
    wanted = {case.name: _ENDS.get(case.fate, "sent") for case in cases}
    scene.patiently(lambda: wanted.items() <= _states(scene, "fired").items(), patience_s)


def _states(scene: Scene, edge: str) -> dict[str, str]:
    return {
        delivery.channel: delivery.state
        for delivery in scene.deliveries()
        if delivery.edge == edge and (delivery.state != "retry" or delivery.attempts)
    }


def _judged(scene: Scene, cases: Sequence[Case]) -> Tally:
    deliveries = {delivery.channel: delivery for delivery in scene.deliveries() if delivery.edge == "fired"}
    tally = Tally()
    for case in cases:
        visits = scene.visits(case.name)
        tally.add(case, visits)
        if case.name not in deliveries:
            tally.violations.append(f"{case.name}: the restock made no delivery")
        else:
            tally.violations += judge(case, deliveries[case.name], visits)
    return tally


def _sell_out(scene: Scene, daemon: Daemon, cases: Sequence[Case], tally: Tally) -> None:
    """The trouble is over: each channel tells of the end, once, with no hand laid on it."""
    waiting = {case.name for case in cases if case.fate is Fate.WAITS}
    scene.stock(0, *(code for code, _ in scene.watches.values()))
    names = {case.name for case in cases if case.heals} - waiting
    scene.patiently(lambda: names <= {n for n, s in _states(scene, "resolved").items() if s == "sent"}, 60)
    tally.violations += _not_well_again(scene.deliveries(), names)
    if (code := daemon.stop(within_s=30)) != 0:
        tally.violations.append(f"the daemon ended with {code}")
    deliveries = scene.deliveries()
    tally.violations += audit(deliveries, scene.visits(*scene.channels), scene.words(OPS), waiting)
    tally.violations += [f"a request that is for no channel: {stranger}" for stranger in scene.town.strangers]
    tally.count("deliveries compared", len(deliveries))
    tally.count("messages accepted", sum(visit.taken for visit in scene.town.visits))


def _not_well_again(deliveries: Sequence[Delivery], names: set[str]) -> Iterator[str]:
    ends = {delivery.channel: delivery for delivery in deliveries if delivery.edge == "resolved"}
    for name in sorted(names):
        if name not in ends or (ends[name].state, ends[name].attempts) != ("sent", 1):
            yield f"{name}: the trouble was over, but SOLD OUT is {ends.get(name)}"
