"""Says when a test cannot run here. With REQUIRE_ALL=1, as in CI, a missing tool fails the test."""

import os
import shutil
import socket
from typing import Final, NoReturn

import pytest

ALL_REQUIRED: Final = os.environ.get("REQUIRE_ALL") == "1"


def require(*tools: str) -> None:
    """The caller needs these programs on the PATH."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        _cannot_run(f"needs {', '.join(missing)}")


def require_root() -> None:
    """The caller mounts file systems or makes namespaces."""
    if os.geteuid() != 0:
        _cannot_run("needs root")


def require_name(name: str) -> None:
    """The caller uses this host name. A bare machine without /etc/hosts does not even know `localhost`."""
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        _cannot_run(f"needs the name {name} to be resolved")


def require_that(is_there: bool, what: str) -> None:
    """The caller needs something that is neither program nor name, such as a kernel's ability."""
    if not is_there:
        _cannot_run(f"needs {what}")


def require_patience(why: str) -> None:
    """The caller takes minutes, and so runs only with REQUIRE_ALL=1."""
    if not ALL_REQUIRED:
        pytest.skip(f"{why}: set REQUIRE_ALL=1 to run it")


def _cannot_run(reason: str) -> NoReturn:
    if ALL_REQUIRED:
        pytest.fail(f"{reason}, and REQUIRE_ALL=1 allows no skipping", pytrace=False)
    pytest.skip(reason)
