"""The judge finds what a power cut must not do: each test gives it a false history or a broken image."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.builders import execute
from tests.torture.powercut.disk import KEPT, Disk, Image
from tests.torture.powercut.judge import Cut, Judge
from tests.torture.powercut.recording import Recording, marks
from tests.torture.powercut.truth import Expected


@pytest.fixture(scope="module")
def image(recording: Recording) -> Image:
    """What lies on the disk when the first two acts are over: the daemon has stopped, and lost nothing."""
    disk = Disk()
    for operation in recording.operations[: recording.acts[1].end]:
        disk.follow(operation)
    return disk.image([KEPT] * len(disk.pending))


@pytest.fixture
def cut(recording: Recording) -> Cut:
    state, told = marks(recording.operations[: recording.acts[1].end])
    return Cut(state, told, recording.truth.expected_after(told))


@pytest.fixture
def judge(recording: Recording, tmp_path: Path) -> Judge:
    return Judge(recording.truth, tmp_path / "scratch")


def kinds(judge: Judge, image: Image, cut: Cut) -> set[str]:
    return {finding.kind for finding in judge.findings(image, cut)}


def changed(image: Image, folder: Path, *statements: str) -> Image:
    """The same image, but somebody wrote into its database."""
    file = folder / "changed.db"
    file.write_bytes(image["monitor.db"])
    execute(file, *statements, "PRAGMA wal_checkpoint(TRUNCATE)")
    return image | {"monitor.db": file.read_bytes()}


def test_nothing_is_found_when_nothing_was_lost(judge: Judge, image: Image, cut: Cut) -> None:
    assert judge.findings(image, cut) == []


def test_a_state_before_the_acknowledged_one_is_a_loss(
    recording: Recording, image: Image, cut: Cut, judge: Judge
) -> None:
    later = next(state for state in range(cut.state + 1, 999) if _differs(recording, state, cut.state))
    assert kinds(judge, image, Cut(later, 0, Expected())) == {"lost"}


def test_the_commit_under_way_may_be_there(
    recording: Recording, image: Image, cut: Cut, judge: Judge
) -> None:
    assert judge.findings(image, Cut(cut.state - 1, 0, Expected())) == []


def test_a_state_that_no_commit_made_is_found(image: Image, cut: Cut, judge: Judge, tmp_path: Path) -> None:
    half = changed(image, tmp_path, "DELETE FROM attempt WHERE id = (SELECT max(id) FROM attempt)")
    assert kinds(judge, half, cut) == {"half"}


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM poll WHERE id = (SELECT max(id) FROM poll)",
        "DELETE FROM transition WHERE id = (SELECT max(id) FROM transition)",
        "UPDATE snapshot SET remaining_count = remaining_count + 1 WHERE until_poll_id IS NULL",
        "UPDATE delivery SET attempts = 0, claimed_at = NULL, possible_repeat = 0",
        "UPDATE delivery SET state = 'retry', next_at = 0 WHERE state = 'sent'",
    ],
)
def test_what_a_caller_was_told_must_be_there(
    image: Image, cut: Cut, judge: Judge, tmp_path: Path, statement: str
) -> None:
    lost = changed(image, tmp_path, "PRAGMA foreign_keys=ON", statement)
    assert kinds(judge, lost, cut) >= {"half", "lost"}


def test_a_database_that_does_not_open_is_found(image: Image, cut: Cut, judge: Judge) -> None:
    assert kinds(judge, image | {"monitor.db": b"rubbish" * 2000}, cut) == {"refused"}


def test_a_database_that_is_gone_is_a_loss(image: Image, cut: Cut, judge: Judge) -> None:
    assert kinds(judge, image | {"monitor.db": b""}, cut) == {"lost"}


def test_a_page_that_is_torn_is_found(image: Image, cut: Cut, judge: Judge) -> None:
    torn = bytearray(image["monitor.db"])
    torn[-4096:-2048] = bytes(2048)
    assert kinds(judge, image | {"monitor.db": bytes(torn)}, cut) & {"corrupt", "refused"}


def test_an_index_that_lacks_a_row_is_found(image: Image, cut: Cut, judge: Judge, tmp_path: Path) -> None:
    broken = changed(
        image,
        tmp_path,
        "PRAGMA writable_schema=ON",
        "UPDATE sqlite_master SET sql = 'CREATE INDEX ix_transition_at ON transition (id)'"
        " WHERE name = 'ix_transition_at'",
    )
    assert "corrupt" in kinds(judge, broken, cut)


@pytest.mark.parametrize("copy", [b"", b"rubbish" * 2000, None])
def test_a_backup_that_is_not_whole_or_not_there_is_found(
    image: Image, cut: Cut, judge: Judge, copy: bytes | None
) -> None:
    without = {name: content for name, content in image.items() if name != "copy.db"}
    assert kinds(judge, without if copy is None else without | {"copy.db": copy}, cut) == {"backup"}


def test_a_backup_of_another_moment_is_found(image: Image, cut: Cut, judge: Judge) -> None:
    assert kinds(judge, image | {"copy.db": image["monitor.db"]}, cut) == {"backup"}


def test_an_upgrade_without_a_backup_is_found(image: Image, cut: Cut, judge: Judge) -> None:
    upgraded = replace(cut, expected=replace(cut.expected, upgraded_from="the old one"))
    assert kinds(judge, image, upgraded) == {"backup"}


def _differs(recording: Recording, one: int, other: int) -> bool:
    """Also from what would be allowed beside it."""
    states = recording.truth.states
    return states[other] not in {states[one], states[one + 1]}
