"""Find the particles of annotated images in several processes, before they are judged one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from particleforge.compute import Workers
from particleforge.errors import UserError
from particleforge.step import Progress, Step
from particleforge.store.files import DiskError, claim_name
from particleforge.workflows._candidates import DetectorCandidate
from particleforge.workflows._cases import Case, Truth
from particleforge.workflows._processes import each_image


@dataclass(frozen=True)
class Ahead:
    """Finds the particles of a file of images for every detector, which keeps them in files, in any process.

    Parameters
    ----------
    detectors
        The detectors.
    cases
        Dataset and file by the text that identifies both.
    """

    detectors: Sequence[DetectorCandidate]
    cases: Mapping[str, tuple[str, Case]]

    def __call__(self, name: str) -> None:
        """Find what can be found; what is wrong with an image is stated when it is judged.

        Raises
        ------
        DiskError
            If the disk is full or not writable.
        """
        dataset, case = self.cases[name]
        with suppress(UserError):
            for truth in case.read():
                claim_name(truth.name, set())
                for one in self.detectors:
                    _find(one, dataset, truth)


def _find(detector: DetectorCandidate, dataset: str, truth: Truth) -> None:
    try:
        detector.find(dataset, truth)
    except DiskError:
        raise
    except Exception:  # noqa: BLE001 - the same error is reported when the image is judged
        return


def place_of(dataset: str, case: Case) -> str:
    """Name a file of images in a dataset."""
    return f"{dataset}: {case.name}"


def find_ahead(
    detectors: Sequence[DetectorCandidate], datasets: Mapping[str, Sequence[Case]], where: Workers, out: Path
) -> Step[dict[str, UserError]]:
    """Find all particles in other processes.

    Returns
    -------
    dict
        Why processes died on a file, by `place_of` it; it must not be searched again.
    """
    named = {place_of(dataset, case): (dataset, case) for dataset, cases in datasets.items() for case in cases}
    lost: dict[str, UserError] = {}
    ahead = Ahead(detectors, named)
    with closing(each_image(ahead, list(named), where, lambda _: (), 0, out)) as outcomes:
        for done, outcome in enumerate(outcomes):
            if isinstance(outcome, str):
                yield Progress(done, len(named), outcome)
                continue
            name, result = outcome
            if isinstance(result, UserError):
                lost[name] = result
            yield Progress(done, len(named), name)
    return lost
