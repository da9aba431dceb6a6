"""The cases that need more than a reply: a port that opens, stock that goes, a file that changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.acceptance.daemon import Daemon
from tests.torture.receivers.cases import busy
from tests.torture.receivers.judge import EARLY_S, WINDOW
from tests.torture.receivers.scene import Scene
from tests.torture.receivers.services import yes

SECONDS: Final = 30.0
REFUSED: Final = "n1-refused"
IMPOSTOR: Final = "n1-certificate"
GONE: Final = "n11-gone-before-told"
WOKEN: Final = "n4-success-wakes-retries"
PAUSED: Final = "n3-pause-for-all"
PAUSE_S: Final = 4
NO_CHANNEL: Final = "n12-channel-removed"
NO_RULE: Final = "n12-rule-removed"
GIVEN_UP: Final = "n9-given-up"
LATER: Final = "PRD-later"
BUSY: Final = busy(503, 600)


@dataclass
class Specials:
    scene: Scene
    codes: Sequence[str]

    def play(self, daemon: Daemon) -> Iterator[str]:
        """After the restock. Yields what is broken."""
        daemon.until(lambda: all(map(self.scene.visits, (GONE, WOKEN, PAUSED))), "the first tries")
        self.scene.stock(0, f"PRD-{GONE}")
        self.scene.stock(3, LATER)
        yield from self._gone()
        yield from self._woken()
        yield from self._paused()
        yield from self._removed(daemon)
        yield from self._refused_then_open(daemon)
        yield from self._given_up()

    def _gone(self) -> Iterator[str]:
        """N11: it is sold out while the message about it waits for its second try."""
        if not self.scene.patiently(lambda: WINDOW in "".join(self.scene.words(GONE)), SECONDS):
            yield f"{GONE}: no message tells of the window"
        if len(self.scene.words(GONE)) > 1:
            yield f"{GONE}: got more than one message"

    def _woken(self) -> Iterator[str]:
        """N4: one message waits for ten minutes; the success of another makes it due."""
        if not self.scene.patiently(lambda: f"PRD-{WOKEN}" in "".join(self.scene.words(WOKEN)), SECONDS):
            yield f"{WOKEN}: the waiting message was not sent after a success"
        elif LATER not in self.scene.words(WOKEN)[0]:
            yield f"{WOKEN}: the retry went before the message that was untried"

    def _paused(self) -> Iterator[str]:
        """N3: a 429 is for the whole channel, so what comes later waits with the first."""
        codes = (f"PRD-{PAUSED}", LATER)
        if not self.scene.patiently(
            lambda: all(c in "".join(self.scene.words(PAUSED)) for c in codes), SECONDS
        ):
            yield f"{PAUSED}: not all was told after the pause"
        first, *later = (visit.at_s for visit in self.scene.visits(PAUSED))
        if min(later, default=0.0) < first + PAUSE_S - EARLY_S:
            yield f"{PAUSED}: asked for {PAUSE_S} s of peace, it got a message before"

    def _removed(self, daemon: Daemon) -> Iterator[str]:
        """N12: what they had yet to tell ends, and the log says so."""
        scene = self.scene
        daemon.until(lambda: scene.visits(NO_CHANNEL) and scene.visits(NO_RULE), "both first tries")
        del scene.channels[NO_CHANNEL]
        del scene.watches[NO_CHANNEL], scene.watches[NO_RULE]
        scene.configure()
        daemon.reload()
        daemon.says('"reloaded"')
        ended = {d.channel: (d.state, d.reason) for d in scene.deliveries()}
        for name, reason in ((NO_CHANNEL, "channel removed"), (NO_RULE, "rule removed")):
            if ended[name][0] != "expired" or ended[name][1] not in {"channel removed", "rule removed"}:
                yield f"{name}: should be expired ({reason}), is {ended[name]}"
        if '"deliveries expired"' not in daemon.said:
            yield "n12: the log does not say what expired"

    def _refused_then_open(self, daemon: Daemon) -> Iterator[str]:
        """N1: nobody listens, or a stranger does; when that is over the next retry arrives."""
        scene = self.scene
        tried = f"SELECT count(*) FROM delivery WHERE channel IN ('{REFUSED}', '{IMPOSTOR}') AND attempts > 1"
        daemon.until(lambda: scene.rows(tried) == [(2,)], "two tries at each")
        if scene.visits(REFUSED, IMPOSTOR):
            yield "n1: a message went to a stranger, or through a closed port"
        scene.town.open_all()
        scene.town.show_true_name(f"{IMPOSTOR}.example.org")
        for name in (REFUSED, IMPOSTOR):
            if not scene.patiently(lambda name=name: scene.words(name), SECONDS):  # type: ignore[misc]
                yield f"{name}: nothing arrived after the receiver had come back"

    def _given_up(self) -> Iterator[str]:
        """N9: what could not be told in time is given up; the audit will ask who said so."""
        ended = f"SELECT state FROM delivery WHERE channel = '{GIVEN_UP}'"
        if not self.scene.patiently(lambda: self.scene.rows(ended) == [("expired",)], SECONDS):
            yield f"{GIVEN_UP}: should have been given up after 3 s, is {self.scene.rows(ended)}"
        self.scene.town.doors[GIVEN_UP].usual = yes("lark")


def set_up(scene: Scene) -> Specials:
    for name, kind, replies, port in (
        (REFUSED, "plain", [], scene.town.shut_port()),
        (IMPOSTOR, "json", [], 0),
        (GONE, "slack", [busy(503, 4)], 0),
        (WOKEN, "discord", [BUSY], 0),
        (PAUSED, "slack", [busy(429, PAUSE_S)], 0),
        (NO_CHANNEL, "json", [BUSY], 0),
        (NO_RULE, "tgram", [BUSY], 0),
        (GIVEN_UP, "lark", [], 0),
    ):
        scene.add_channel(name, kind, replies, port)
        scene.add_watch(name, f"PRD-{name}", name)
    scene.town.doors[GIVEN_UP].usual = busy(503)
    scene.options[GIVEN_UP] = 'give_up_after = "3s"'
    scene.town.false_names[f"{IMPOSTOR}.example.org"] = "honest.example.org"
    codes = [f"PRD-{name}" for name in scene.watches]
    scene.add_watch("later", LATER, WOKEN, PAUSED)
    return Specials(scene, [code for code in codes if code.startswith("PRD-n")])
