"""One arena for all threads. Asked of the C library, in a process of its own: the choice is for good."""

import os
import subprocess
import sys
from typing import Final

import pytest

THREADS: Final = 4
COUNT: Final = """
import ctypes, sys, threading
from monitor.daemon.allocator import share_one_arena

if sys.argv[1] == "shared":
    share_one_arena()
together = threading.Barrier({threads} + 1)

def work():
    held = bytes(100_000)
    together.wait()
    together.wait()

threads = [threading.Thread(target=work) for _ in range({threads})]
for thread in threads:
    thread.start()
together.wait()
library = ctypes.CDLL(None)
library.fdopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(library.fdopen(1, b"w"))
library.malloc_info(0, stream)
library.fflush(stream)
together.wait()
"""


def arenas(how: str) -> int:
    """Those that the C library has while threads hold memory."""
    script = COUNT.format(threads=THREADS)
    command = [sys.executable, "-c", script, how]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return said.count("<heap nr=")


@pytest.mark.skipif("CS_GNU_LIBC_VERSION" not in os.confstr_names, reason="only the GNU C library has arenas")
def test_threads_share_one_arena() -> None:
    assert arenas("its own") > 1, "this test can prove nothing here"
    assert arenas("shared") == 1
