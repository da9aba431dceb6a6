"""Writes the hash-locked requirements, or (--check) tells whether they belong to today's pyproject.toml.

The first line of each lock holds a digest of what it was made from: checking needs no network.
Lock files hold names, versions and hashes, and no address of any registry.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-build.txt")
EDITABLE_INSTALL = "editables"
OPTIONS = ("--generate-hashes", "--universal", "--python-version", "3.11", "--no-header", "--no-annotate")


def main(arguments: Sequence[str]) -> int:
    """0 when the locks are (now) up to date."""
    wanted = inputs()
    if "--check" in arguments:
        stale = [name for name in LOCKS if digest_in(ROOT / name) != digest(wanted[name])]
        for name in stale:
            print(f"{name} does not belong to pyproject.toml: run `make lock`", file=sys.stderr)
        return 1 if stale else 0
    for name in LOCKS:
        write(name, wanted[name])
        print(f"{name} written")
    return 0


def inputs() -> dict[str, list[str]]:
    """Lock file to the requirements that it pins."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run: list[str] = project["project"]["dependencies"]
    dev: list[str] = project["dependency-groups"]["dev"]
    build: list[str] = project["build-system"]["requires"]
    return dict(zip(LOCKS, (run, [*run, *dev], [*build, EDITABLE_INSTALL]), strict=True))


def digest(requirements: Iterable[str]) -> str:
    return hashlib.sha256(json.dumps(sorted(requirements)).encode()).hexdigest()


def digest_in(lock: Path) -> str | None:
    """The digest that a lock was made from; None when it was not made by us."""
    first, _, _ = lock.read_text().partition("\n") if lock.is_file() else ("", "", "")
    return first.removeprefix("# made from ") if first.startswith("# made from ") else None


def write(name: str, requirements: Sequence[str]) -> None:
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "in.txt"), Path(folder, "out.txt")
        source.write_text("\n".join(requirements) + "\n")
        same_versions = [] if name == LOCKS[0] else ["--constraint", str(ROOT / LOCKS[0])]
        files = ["-o", str(target), str(source)]
        command = ["uv", "pip", "compile", *OPTIONS, *same_versions, "--quiet", *files]
        subprocess.run(command, check=True)
        (ROOT / name).write_text(f"# made from {digest(requirements)}\n{target.read_text()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
