"""What `monitor wait` hands on: the product as JSON, as one field, or to the command that it becomes."""

import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NoReturn

import click

from monitor.cli.output import plain, upstream
from monitor.core.errors import MonitorError
from monitor.core.matching import value_of
from monitor.core.product import Attributes, ProductKey, Seen
from monitor.core.waiting import Found
from monitor.core.wording import number_text

DERIVED: Final = ("total_gpus", "price_per_gpu")
_FIELD: Final = re.compile(r"(?<!\$)\{([A-Za-z_]\w*)\}", re.ASCII)


def told(found: Found, rule: str, price_units: Mapping[int, str]) -> dict[str, Any]:
    """The product code first, then where it is, what it is, and what is left of it."""
    key, seen = found.key, found.seen
    derived = {name: value_of(name, key, seen) for name in DERIVED}
    return {
        "product_code": key.product_code,
        "source": key.source,
        "aidc_id": key.aidc_id,
        **{name: getattr(seen.attributes, name) for name in Attributes.__slots__},
        "price_label": price_units.get(seen.attributes.price_unit or 0),
        "remaining": seen.remaining,
        "stock_error": seen.stock_error,
        **{name: value if isinstance(value, Decimal) else None for name, value in derived.items()},
        "rule": rule,
        "seen_at": found.seen_at,
    }


FIELDS: Final = tuple(told(Found(ProductKey("", 0, ""), Seen(0), datetime.fromtimestamp(0, UTC)), "", {}))


def check_field(name: str | None) -> None:
    """Raises UsageError for what is no field."""
    if name is not None and name not in FIELDS:
        from monitor.config.suggesting import did_you_mean

        meant = did_you_mean(name, FIELDS) or f"; the fields are {', '.join(FIELDS)}"
        raise click.UsageError(f"there is no field {name!r}{meant}")


def check_command(command: Sequence[str]) -> None:
    """Raises UsageError now for what would go wrong after days of waiting."""
    for word in command:
        for name in _FIELD.findall(word):
            check_field(name)
    if command and not _FIELD.search(command[0]) and shutil.which(command[0]) is None:
        raise click.UsageError(f"there is no command {command[0]!r} that this user can run")


def field_text(value: object) -> str:
    """Plain, on one line; empty when it is not known."""
    match value:
        case None:
            return ""
        case str():
            return upstream(value)
        case Decimal():
            return number_text(value)
        case _:
            return str(plain(value))


def become(command: Sequence[str], product: Mapping[str, Any]) -> NoReturn:
    """The command takes the place of this process: its signals, output and exit code are its own."""
    texts = {name: field_text(value) for name, value in product.items()}
    words = [_FIELD.sub(lambda found: texts[found[1]], word) for word in command]
    environ = {**os.environ, **{f"MONITOR_{name.upper()}": text for name, text in texts.items()}}
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(plain(product), ensure_ascii=False).encode(errors="replace") + b"\n")
        file.seek(0)
        os.dup2(file.fileno(), 0)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it; a command does not expect that
    try:
        os.execvpe(words[0], words, environ)  # noqa: S606 - the user's own words, and no shell
    except OSError as error:
        raise MonitorError(f"cannot run {words[0]}: {error.strerror}") from error
