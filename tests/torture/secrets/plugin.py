"""A plugin of pytest that searches what a test logged, printed or left in files for the word of all canaries.

`python -m pytest -p tests.torture.secrets.plugin --log-level=DEBUG`; what is found goes to the file that
SEARCH_RESULT names, as JSON. All secrets of the tests hold the word; their configurations are left out.
"""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

WORD: Final = b"canary"
LARGEST: Final = 64 * 1024 * 1024
AROUND: Final = 80
WHERE_SECRETS_BELONG: Final = frozenset({".toml", ".pem", ".key", ".url", ".py", ".pyc", ".service"})
"""Configurations, credentials and the tests' own programs: there the tests put them."""

CREDENTIALS: Final = frozenset({"key", "alaya-api-key"})
"""Files that hold a secret and nothing else, as `file` and `credential` in a configuration name them."""


class Search(logging.Handler):
    """Listens at the root, as the program's own handler does.

    Not at what pytest shows of the log: it listens to loggers as well that let nothing out of themselves.
    """

    def __init__(self, result: Path) -> None:
        super().__init__(logging.DEBUG)
        self._result = result
        self._test = "before the first test"
        self.tests = self.size = 0
        self.hits: dict[str, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        fields = getattr(record, "fields", "")
        self.look(f"{self._test}: log of {record.name}", f"{self.format(record)} {fields}".encode())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._test = item.nodeid
        root = logging.getLogger()
        root.addHandler(self)
        try:
            return (yield)
        finally:
            root.removeHandler(self)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.tests += report.when == "call"
        for name, text in report.sections:
            if "log" not in name:
                self.look(f"{report.nodeid}: {name}", text.encode("utf-8", "replace"))

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        for file in _files(folder) if folder is not None else ():
            self.look(f"{item.nodeid}: file {file.name}", file.read_bytes())

    def pytest_sessionfinish(self) -> None:
        found = {"tests": self.tests, "size": self.size, "hits": list(self.hits)}
        self._result.write_text(json.dumps(found), "utf-8")

    def look(self, place: str, data: bytes) -> None:
        self.size += len(data)
        at = data.lower().find(WORD)
        if at >= 0:
            shown = data[max(at - AROUND, 0) : at + AROUND].decode("utf-8", "replace")
            self.hits[f"{place}: {shown}"] = None


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        is_plain = file.is_file() and not file.is_symlink() and file.stat().st_size <= LARGEST
        if is_plain and file.suffix not in WHERE_SECRETS_BELONG and file.name not in CREDENTIALS:
            yield file


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Search(Path(os.environ["SEARCH_RESULT"])), "search")
