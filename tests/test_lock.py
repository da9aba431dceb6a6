"""The locks pin everything, by hash, and name no registry."""

import re

import pytest

from tests.tools import lock


@pytest.mark.parametrize("name", lock.LOCKS)
def test_a_lock_pins_every_package_by_hash_and_names_no_registry(name: str) -> None:
    text = (lock.ROOT / name).read_text()
    packages = re.findall(r"^[a-z0-9][^ ]*==[^ ]+", text, re.MULTILINE)
    assert packages
    assert len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) == len(packages)
    assert text.count("--hash=sha256:") >= len(packages)
    assert "://" not in text
    assert "index" not in text


@pytest.mark.parametrize("name", lock.LOCKS)
def test_a_lock_belongs_to_the_project_file(name: str) -> None:
    assert lock.digest_in(lock.ROOT / name) == lock.digest(lock.inputs()[name])


def test_a_changed_requirement_makes_a_lock_stale() -> None:
    assert lock.digest(["httpx>=1"]) != lock.digest(["httpx>=2"])
