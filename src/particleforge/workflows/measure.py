"""Find particles with a trained detector and measure them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from particleforge.burnt_in import marks
from particleforge.errors import UserError
from particleforge.measurement.measured import Measured
from particleforge.measurement.results import Measurement, Results
from particleforge.micrograph import Micrograph
from particleforge.models.opening import open_model
from particleforge.params import Params
from particleforge.step import Progress, Step, run, stepwise
from particleforge.store.files import new_folder
from particleforge.store.image_files import image_paths, image_stem
from particleforge.store.labels import write_labels
from particleforge.store.micrographs import read_micrograph
from particleforge.workflows.sizes import SizesParams

if TYPE_CHECKING:
    from particleforge.models.detections import Detections
    from particleforge.models.roles import Detector


class MeasureParams(SizesParams):
    """How to find particles and measure them."""

    options: dict[str, Any] = Field({}, description="Options of the detector, by name; each kind of model has its own.")


@stepwise
def measure(
    model: Path | str | Detector[Any], images: Path | str, out: Path | str, params: MeasureParams = MeasureParams()
) -> Step[Measurement]:
    """Find all particles of some images; write labels, a particle table, a summary and figures.

    Parameters
    ----------
    model
        A detector, its folder, or the name of a bundled one. ``base`` has never seen a real image and needs no
        annotation.
    images
        An image or a folder of images.
    out
        A folder that is not there yet, or holds an interrupted run of the same inputs, which is continued; see
        `Results` for what it holds.
    params
        Pixel size, rules and options of the detector.

    Raises
    ------
    UserError
        If the model or none of the images can be read, or `out` holds something else. A single image that cannot be
        measured does not end the run; it stands under ``failed`` in the summary.
    """
    out, paths = Path(out), image_paths(Path(images))
    find = _finder(model, params)
    source = {"model": str(model) if isinstance(model, (str, Path)) else None, "images": str(images)}
    provenance = {"command": "measure", "params": params.model_dump(mode="json"), "source": source}
    provenance |= {"model": dict(find.detector.provenance)}
    results = Results(out, provenance, params, params.precision, params.reports)
    yield Progress(0, len(paths), "Finding particles")
    for done, path in enumerate(paths, start=1):
        if image_stem(path) not in results.measured:
            yield Progress(done, len(paths), *_measure(results, find, path))
    return results.finish()


def _measure(results: Results, find: _Finder, path: Path) -> tuple[str, npt.NDArray[np.uint32] | None]:
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


@stepwise
def predict(
    model: Path | str | Detector[Any], images: Path | str, out: Path | str, params: MeasureParams = MeasureParams()
) -> Step[list[Path]]:
    """Find all particles of some images; write label images ``NAME.tif`` only.

    Parameters and errors are those of `measure`.
    """
    out, paths = Path(out), image_paths(Path(images))
    find = _finder(model, params)
    new_folder(out)
    written: list[Path] = []
    yield Progress(0, len(paths), "Finding particles")
    for path in paths:
        micrograph, found = find(path)
        written.append(out / f"{micrograph.name}.tif")
        write_labels(written[-1], found.labels)
        yield Progress(len(written), len(paths), f"{micrograph.name}: {len(found)} particles", found.labels)
    return written


@dataclass(frozen=True)
class _Finder:
    """Finds the particles of image files, those in burnt-in bars left out unless they are to be kept."""

    detector: Detector[Any]
    options: Params
    params: MeasureParams

    def __call__(self, path: Path) -> tuple[Micrograph, Detections]:
        micrograph = replace(read_micrograph(path), name=image_stem(path))
        if self.params.pixel_size_nm is not None:
            micrograph = micrograph.with_pixel_size(self.params.pixel_size_nm)
        if self.params.burnt_in == "keep":
            return micrograph, run(self.detector.detect(micrograph, self.options))
        first, stop = self.params.rows(micrograph.grey) or (0, len(micrograph.grey))
        picture = replace(micrograph, pixels=micrograph.grey[first:stop], axes="YX")
        found = run(self.detector.detect(picture, self.options)).moved(first, micrograph.shape)
        return micrograph, found.outside(marks(micrograph.grey))


def _finder(model: Path | str | Detector[Any], params: MeasureParams) -> _Finder:
    detector = open_model(model, "detector")
    return _Finder(detector, detector.Options.parse(params.options), params)
