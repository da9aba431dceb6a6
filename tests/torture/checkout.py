"""A copy of this checkout in which anything may be done to the source."""

import shutil
import subprocess
from pathlib import Path

from tests.torture.report import CHECKOUT


def copy_checkout(to: Path) -> Path:
    """What git knows, as it stands now, and nothing that was built from it."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, check=True, capture_output=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (CHECKOUT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, to / name)
    return to
