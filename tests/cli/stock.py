"""A folder with a database that holds a history up to now, and a configuration beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.core.answer import Failed, Listing
from monitor.core.decision import DeliveryIntent
from monitor.core.product import Attributes, Invalid, Seen
from monitor.store.revision import HEAD
from tests.store.ground import H800, Monitor, listing, new_store, seen

TICK = timedelta(seconds=15)
INTENTS = (DeliveryIntent("slack"), DeliveryIntent("mail"))
CONFIG = """\
[[source]]
name = "alaya"
api_key = "not-used"
[monitor]
timezone = "Asia/Shanghai"
price_units = { 11 = "CNY/h" }
[channels.slack]
url = "json://127.0.0.1:9/"
[channels.mail]
url = "json://127.0.0.1:9/"
[[watch]]
name = "trainers"
match = { product_code = "PRD-TRAIN-*" }
"""


@contextmanager
def stocked(folder: Path, *answers: Listing | Failed, until: datetime | None = None) -> Iterator[Monitor]:
    """The answers are those of polls every 15 s, the last of them just now (or at `until`)."""
    file = folder / "monitor.toml"
    file.touch(mode=0o600)
    file.write_text(CONFIG, encoding="utf-8")
    now = until or datetime.now(UTC)
    with new_store(folder) as engine:
        monitor = Monitor(engine, now=now - len(answers) * TICK)
        monitor.write(_sign)
        for answer in answers:
            monitor.poll(answer)
        yield monitor


def stock(**left: int | Seen | Invalid | None) -> Listing:
    """`TRAIN_1=3`: three nodes of PRD-TRAIN-1 are left; None: it is not listed."""
    rows: dict[str, Seen | Invalid] = {
        f"PRD-{name.replace('_', '-')}": train(count) if isinstance(count, int) else count
        for name, count in left.items()
        if count is not None
    }
    return listing(rows)


def train(remaining: int, stock_error: str | None = None, attributes: Attributes = H800) -> Seen:
    return seen(remaining, stock_error, attributes)


def _sign(connection: object) -> None:
    """As the migrations do: otherwise no verb takes it for ours."""
    execute = connection.exec_driver_sql  # type: ignore[attr-defined]
    execute("CREATE TABLE alembic_version (version_num TEXT NOT NULL PRIMARY KEY)")
    execute("INSERT INTO alembic_version VALUES (?)", (HEAD,))
