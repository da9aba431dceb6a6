"""A run is recorded and the power is cut at many places in it: nothing that was acknowledged is lost."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from monitor.store.revision import HEAD
from tests.torture.powercut.conftest import SEED
from tests.torture.powercut.harness import found_in_broken
from tests.torture.powercut.operations import Rename, SyncNames, Truncate, Unlink
from tests.torture.powercut.recording import Recording
from tests.torture.powercut.releases import IMPATIENT, UNSYNCED_COPY
from tests.torture.powercut.replay import Plan, replay
from tests.torture.powercut.share import MOST_KEPT, Job, Share, shared_out
from tests.torture.powercut.worker import work


def test_no_image_lost_a_commit_or_is_corrupt(recording: Recording, tmp_path: Path) -> None:
    share = replay(recording, Plan(SEED, drawn=1, every=20), tmp_path)
    assert share.violations == []
    assert len(share.images) > 200
    assert len(share.torn) > 10
    assert len(share.reordered) > 50


def test_a_program_that_does_not_sync_is_found_out(recording: Recording, tmp_path: Path) -> None:
    found = found_in_broken(tmp_path, SEED, IMPATIENT, *UNSYNCED_COPY, every=14)
    assert found["lost"] > 10
    assert found["backup"] > 10


def test_the_names_of_new_files_must_be_synced_too(recording: Recording, tmp_path: Path) -> None:
    """A disk on which a sync of the folder does nothing loses what was acknowledged."""
    first = recording.acts[0]
    operations = [o for o in recording.operations[: first.end] if not isinstance(o, SyncNames)]
    deaf = replace(recording, operations=operations)
    share = work(Job(deaf, [len(operations)], 0, SEED, tmp_path / "scratch", tmp_path / "unused"))
    assert share.findings["lost"] > 1


def test_a_deleted_file_does_not_come_back_without_its_log(recording: Recording, tmp_path: Path) -> None:
    """An older state would come back with it, and what was told since would be told again."""
    file_gone = recording.operations.index(Unlink("monitor.db"))
    log_gone = recording.operations.index(Unlink("monitor.db-wal"), file_gone)
    cuts = list(range(file_gone, log_gone + 3))
    share = work(Job(recording, cuts, 20, SEED, tmp_path / "scratch", tmp_path / "unused"))
    assert share.violations == []
    assert len(share.images) > 3


def test_violations_beyond_those_that_are_kept_are_counted() -> None:
    share, both = Share(), Share()
    for number in range(MOST_KEPT + 3):
        share.complain(str(number))
    both.add(share)
    both.add(share)
    assert (len(both.violations), both.left_out) == (2 * MOST_KEPT, 6)


def test_the_recorded_run_has_an_upgrade_with_its_backup(recording: Recording) -> None:
    operations = recording.operations[recording.acts[-1].begin :]
    assert any(isinstance(o, Rename) and o.new.startswith(f"monitor.db.backup-{HEAD}-") for o in operations)


def test_the_recorded_run_makes_a_file_larger_and_smaller(recording: Recording) -> None:
    sizes = [o.size for o in recording.operations if isinstance(o, Truncate) and o.size > 0]
    assert any(earlier > later for earlier, later in pairwise(sizes))


def test_every_cut_is_one_worker_s() -> None:
    shares = shared_out(range(1, 1000), 3)
    assert sorted(cut for share in shares for cut in share) == list(range(1, 1000))
    assert min(map(len, shares)) > 300
