"""Find all particles in images and measure them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.errors import UserError
from particleforge.measurement.headline import measurement_report
from particleforge.measurement.measured import Measured
from particleforge.measurement.results import Measurement, Results
from particleforge.step import Progress, Step
from particleforge.store.image_files import image_paths, image_stem
from particleforge.verb import verb
from particleforge.workflows._finder import DetectorOptions, Finder
from particleforge.workflows.sizes import SizesParams

if TYPE_CHECKING:
    from particleforge.models.roles import Detector


class MeasureParams(SizesParams):
    """How to find particles and measure them."""

    options: DetectorOptions = Field(
        {}, description="Options of the detector, by name; each kind of detector has its own."
    )


@verb(measurement_report, resumable=True)
def measure(
    model: Path | str | Detector[Any], images: Path | str, out: Path | str, params: MeasureParams = MeasureParams()
) -> Step[Measurement]:
    """Find all particles of some images; write labels, a particle table, a summary and figures.

    Parameters
    ----------
    model : name, folder or detector
        base (the built-in detector, which needs no annotation), another bundled detector such as threshold, or the
        folder of a model, ours or an official StarDist 2D one.
    images
        An image or a folder of images.
    out
        New folder for labels, tables, figures and reports; an interrupted run of the same inputs is continued.
    params
        Pixel size, rules and options of the detector.

    Raises
    ------
    UserError
        If the model or none of the images can be read, or `out` holds something else. A single image that cannot be
        measured does not end the run; it stands under ``failed`` in the summary.
    """
    out, paths = Path(out), image_paths(Path(images))
    find = Finder(model, params.options, params.pixel_size_nm, params.burnt_in == "keep")
    source = {"model": str(model) if isinstance(model, (str, Path)) else None, "images": str(images)}
    provenance = {"command": "measure", "params": params.model_dump(mode="json"), "source": source}
    provenance |= {"model": dict(find.detector.provenance)}
    results = Results(out, provenance, params, params.precision, params.reports)
    yield Progress(0, len(paths), "Finding particles")
    for done, path in enumerate(paths, start=1):
        if image_stem(path) not in results.measured:
            yield Progress(done, len(paths), *_measure(results, find, path))
    return results.finish()


def _measure(results: Results, find: Finder, path: Path) -> tuple[str, npt.NDArray[np.uint32] | None]:
    """Measure one image; what to say of it, and its labels. An image that cannot be measured does not end the run."""
    name = image_stem(path)
    try:
        micrograph, found = find(path)
        bare = Measured(name, labels=found.labels, grey=micrograph.grey, pixel_size_nm=micrograph.square_pixel_size_nm)
        measured = results.measure(bare, dict(enumerate(map(float, found.scores), start=1)))
    except UserError as error:
        results.fail(name, error)
        return f"{name}: not measured. {error.message}", None
    results.write(measured, found.found)
    sure = "" if found.certainty is None else f", certainty {found.certainty:.2f}"
    return f"{name}: {len(measured.table)} particles{sure}", found.labels
