"""Programs for tests of commands, and the event that they are told of."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from monitor.core.decision import Cause, Facts, Transition, TransitionKind
from monitor.core.message import compose
from monitor.core.outbox import Item
from monitor.core.product import ProductKey
from monitor.core.style import Style
from monitor.core.words import Language

KEY: Final = ProductKey("default", 1, "PRD-1")
STYLE: Final = Style(Language.EN, UTC, {}, is_data=True)
NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


def script(folder: Path, *lines: str, name: str = "act.sh", first: str = "#!/bin/sh") -> Path:
    file = folder / name
    file.write_text("\n".join([first, *lines, ""]), "utf-8")
    file.chmod(0o755)
    return file


def event_body(name: str | None = "H800 node", **changed: Any) -> str:
    """Of an opening of PRD-1 with three nodes."""
    facts = Facts(*KEY, remaining=3, name=name, gpu_count=8, seen_at=NOON)
    told = Transition("event-1", "h800", KEY, NOON, TransitionKind.FIRED, Cause.STOCK, "event-1", facts, ())
    (message,) = compose([replace(Item(1, told), **changed)], STYLE)
    return message.body


def rehearsal_body() -> str:
    event: Mapping[str, Any] = json.loads(event_body())
    return json.dumps({**event, "rehearsal": True})
