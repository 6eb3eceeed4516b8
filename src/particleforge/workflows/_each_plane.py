"""Measure images plane by plane."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from particleforge.errors import UserError
from particleforge.measurement.measured import Measured
from particleforge.measurement.results import Measurement, Results
from particleforge.step import Progress, Step
from particleforge.store.planes import Planes
from particleforge.store.source import Plane


@dataclass(frozen=True)
class Found:
    """Particles of a plane before they are measured.

    Parameters
    ----------
    bare
        Labels, image and pixel size.
    scores
        Score by label; None where nothing was detected here.
    finding
        Plain data about the detection.
    remarks
        Sentences on the image that a person should know.
    """

    bare: Measured
    scores: Mapping[int, float] | None = None
    finding: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def measure_each(results: Results, planes: Planes, find: Callable[[Plane], Found], doing: str) -> Step[Measurement]:
    """Measure and write the planes that are not done yet; one that cannot be measured does not stop the run."""
    total = len(planes)
    yield Progress(0, total, doing)
    for done, name in enumerate(planes.names, start=1):
        if name in results.measured:
            continue
        try:
            found = find(planes.get(name))
            measured = results.measure(found.bare, found.scores)
        except UserError as error:
            results.fail(name, error)
            yield Progress(done, total, f"{name}: not measured. {error.message}")
            continue
        results.write(measured, found.finding, found.remarks)
        certainty = found.finding.get("certainty")
        sure = "" if certainty is None else f", certainty {certainty:.2f}"
        yield Progress(done, total, f"{name}: {len(measured.table)} particles{sure}", measured.labels)
    return results.finish()
