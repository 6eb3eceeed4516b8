"""Judge candidates image by image; no single image ends the run."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from particleforge.compute import Workers
from particleforge.errors import Cancelled, UserError, none_done, printable
from particleforge.quality.metric import Judged, judge
from particleforge.step import Progress, Step, part
from particleforge.store.files import DiskError, claim_name
from particleforge.workflows._ahead import find_ahead, place_of
from particleforge.workflows._candidates import Candidate, DetectorCandidate
from particleforge.workflows._cases import Case, Truth
from particleforge.workflows._one_plane import failure_of

AHEAD = 0.9
"""Share of the time that finding in other processes takes."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class JudgedImage:
    """An image that was judged for a candidate.

    Parameters
    ----------
    judged
        What was found, compared with the truth.
    finding
        Plain data about the detection.
    seconds
        Time that finding took; None where it is not known.
    """

    judged: Judged
    finding: Mapping[str, Any]
    seconds: float | None


@dataclass(frozen=True, eq=False)
class JudgedDataset:
    """What became of the images of a dataset, by candidate and then by name of the image.

    Parameters
    ----------
    images
        Images that were judged.
    failed
        Why others could not be.
    remarks
        What a person should know of the annotation of an image.
    cases
        Files that the images are read from.
    whole
        Names of images in which whole particles are compared, including what others hide.
    """

    images: dict[str, dict[str, JudgedImage]]
    failed: dict[str, dict[str, str]]
    remarks: list[str] = field(default_factory=list)
    cases: dict[str, Case] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)

    @property
    def usable(self) -> list[str]:
        """Candidates for which there is an image at all."""
        return [name for name, images in self.images.items() if images]

    @property
    def common(self) -> dict[str, list[Judged]]:
        """Images that were judged for all usable candidates, by candidate and in the same order."""
        usable = [self.images[name] for name in self.usable]
        names = [name for name in usable[0] if all(name in other for other in usable)] if usable else []
        return {own: [self.images[own][name].judged for name in names] for own in self.usable}


def judge_all(
    candidates: Sequence[Candidate], datasets: Mapping[str, Sequence[Case]], where: Workers, out: Path
) -> Step[dict[str, JudgedDataset]]:
    """Judge every candidate on every image of all datasets.

    Parameters
    ----------
    candidates
        What is judged.
    datasets
        Annotated images by dataset.
    where
        Where detectors find particles.
    out
        Folder in which they keep them.

    Raises
    ------
    UserError
        If no image of a dataset could be judged, or the disk is full or not writable.
    """
    detectors = [one for one in candidates if isinstance(one, DetectorCandidate)]
    if not where.are_others or not detectors:
        return (yield from _judge_all(candidates, datasets, {}))
    lost = yield from part(find_ahead(detectors, datasets, where, out), 0, AHEAD)
    return (yield from part(_judge_all(candidates, datasets, lost), AHEAD, 1))


def _judge_all(
    candidates: Sequence[Candidate], datasets: Mapping[str, Sequence[Case]], lost: Mapping[str, UserError]
) -> Step[dict[str, JudgedDataset]]:
    """Judge in this process, apart from files on which others have died."""
    total, done, results = sum(map(len, datasets.values())), 0, {}
    for dataset, cases in datasets.items():
        names = [one.name for one in candidates]
        found = results[dataset] = JudgedDataset({name: {} for name in names}, {name: {} for name in names})
        taken: set[str] = set()
        for case in cases:
            for line in _judge_case(found, candidates, dataset, case, taken, lost):
                yield Progress(done, total, line)
            done += 1
        if not found.usable:
            raise none_done(next(iter(found.failed.values())), "judged")
    return results


def _judge_case(
    results: JudgedDataset,
    candidates: Sequence[Candidate],
    dataset: str,
    case: Case,
    taken: set[str],
    lost: Mapping[str, UserError],
) -> Iterator[str]:
    """Judge the images of a file; yield a line for each."""
    place = place_of(dataset, case)
    yield place
    try:
        if place in lost:
            raise lost[place]
        for truth in case.read():
            claim_name(truth.name, taken)
            results.cases[truth.name] = case
            results.whole.update([truth.name] if truth.whole else [])
            results.remarks.extend(f"{truth.name}: {remark}" for remark in truth.micrograph.all_remarks)
            for one in candidates:
                yield _judge(results, one, dataset, truth)
    except (DiskError, Cancelled):
        raise
    except Exception as error:  # noqa: BLE001 - the other images go on
        _LOG.debug("%s was not judged", case.name, exc_info=True)
        reason = printable(str(failure_of(error)))
        for failed in results.failed.values():
            failed[case.name] = reason
        yield f"{place} cannot be used. {reason}"


def _judge(results: JudgedDataset, candidate: Candidate, dataset: str, truth: Truth) -> str:
    """Judge one candidate on one image."""
    try:
        found = candidate.find(dataset, truth)
        if found.particles.shape != truth.particles.shape:
            raise UserError("The particles found are of an image of another shape.")
        size = truth.micrograph.square_pixel_size_nm
        expected = found.finding.get("expected_f1")
        judged = judge(truth.particles, found.particles, pixel_size_nm=size, expected=expected, name=truth.name)
    except (DiskError, Cancelled):
        raise
    except Exception as error:  # noqa: BLE001 - the other images go on
        _LOG.debug("%s was not judged for %s", truth.name, candidate.name, exc_info=True)
        results.failed[candidate.name][truth.name] = printable(str(failure_of(error)))
        return f"{dataset}: {truth.name}, {candidate.name}: not judged. {failure_of(error).message}"
    results.images[candidate.name][truth.name] = JudgedImage(judged, found.finding, found.seconds)
    return f"{dataset}: {truth.name}, {candidate.name}: F1 {judged.score.f1:.2f}"
