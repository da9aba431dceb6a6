"""A process that makes images of cuts and has the judge open them, in the release that it is started in.

`python -m tests.torture.powercut.worker JOB`, JOB being a pickled `Job`; it leaves a pickled `Share`.
"""

import hashlib
import logging
import pickle
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.torture.powercut.disk import Disk, Image
from tests.torture.powercut.fates import Scheme, schemes
from tests.torture.powercut.judge import Cut, Finding, Judge
from tests.torture.powercut.operations import Acknowledged, Told
from tests.torture.powercut.share import MOST_KEPT, Job, Share
from tests.torture.powercut.truth import Expected


def work(job: Job) -> Share:
    share = Share()
    judge = Judge(job.recording.truth, job.scratch)
    seen: set[tuple[bytes, int, int]] = set()
    for number, cut, disk in _cuts(job):
        for scheme, image in _images(disk, job, number):
            share.replays += 1
            digest = _digest_of(image)
            if (digest, cut.state, cut.told) in seen:
                continue
            seen.add((digest, cut.state, cut.told))
            share.images.add(digest)
            if scheme.is_torn:
                share.torn.add(digest)
            if scheme.is_reordered:
                share.reordered.add(digest)
            found = judge.findings(image, cut)
            if found:
                if len(share.violations) < MOST_KEPT:
                    _keep(image, job.result.parent / f"violation {number} {scheme.name}")
                _note(share, found, f"seed {job.seed}, cut after operation {number}, {scheme.name}")
    return share


def _cuts(job: Job) -> Iterator[tuple[int, Cut, Disk]]:
    """Walks through all operations, and stops at the cuts."""
    disk, expected, state, told = Disk(), Expected(), 0, 0
    wanted = set(job.cuts)
    for number, operation in enumerate(job.recording.operations, start=1):
        disk.follow(operation)
        if isinstance(operation, Acknowledged):
            state = operation.number
        elif isinstance(operation, Told):
            told = operation.number
            expected.learn(job.recording.truth.told[told])
        if number in wanted:
            yield number, Cut(state, told, expected), disk


def _images(disk: Disk, job: Job, number: int) -> Iterator[tuple[Scheme, Image]]:
    for scheme in schemes(disk.pending, job.drawn, Random(f"{job.seed}/{number}")):
        yield scheme, disk.image(scheme.fates)


def _digest_of(image: Image) -> bytes:
    said = hashlib.blake2b(digest_size=12)
    for name in sorted(image):
        said.update(f"{name} {len(image[name])} ".encode())
        said.update(image[name])
    return said.digest()


def _note(share: Share, found: list[Finding], where: str) -> None:
    share.findings.update({finding.kind for finding in found})
    share.complain(f"{where}: " + "; ".join(f"{one.kind}: {one.sentence}" for one in found[:3]))


def _keep(image: Image, folder: Path) -> None:
    """For whoever wants to see it."""
    folder.mkdir(exist_ok=True)
    for name, content in image.items():
        (folder / name).write_bytes(content)


def main(file: str) -> None:
    logging.disable()
    job: Job = pickle.loads(Path(file).read_bytes())
    job.scratch.mkdir(parents=True)
    try:
        job.result.write_bytes(pickle.dumps(work(job)))
    finally:
        shutil.rmtree(job.scratch, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
