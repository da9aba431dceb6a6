"""docs/database.md: its queries run, and it knows every table and column."""

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.store.schema import metadata
from tests.cli.calling import ROOT
from tests.cli.stock import INTENTS, stock, stocked, train
from tests.cli.test_alerts import notice
from tests.cli.test_status import REVOKED, send
from tests.store.ground import H800, TIMEOUT

TEXT = (ROOT / "docs" / "database.md").read_text("utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_runs_and_finds_something(tmp_path: Path, query: str) -> None:
    dearer = stock(TRAIN_1=train(4, None, replace(H800, price=Decimal(25))))
    answers = (stock(TRAIN_1=0), stock(TRAIN_1=3), TIMEOUT, dearer)
    with stocked(tmp_path, *answers) as monitor:
        notice(monitor, *INTENTS)
        send(monitor, "mail", REVOKED)
        assert monitor.rows(query.strip().rstrip(";"))


def test_there_are_queries_to_run() -> None:
    assert len(QUERIES) == TEXT.count("```sql") == 7


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_table_and_column_is_named(table: object) -> None:
    name = table.name  # type: ignore[attr-defined]
    (row,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |")]
    columns = {column.name for column in table.columns}  # type: ignore[attr-defined]
    assert columns <= set(re.findall(r"`(\w+)`", row))


def test_every_column_of_the_view_is_named(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=1)) as monitor:
        columns = monitor.rows("SELECT name FROM pragma_table_info('observation')")
    section = TEXT.partition("## The view")[2].partition("## The tables")[0]
    assert {column for (column,) in columns} <= set(re.findall(r"`(\w+)`", section))
