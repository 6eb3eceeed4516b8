"""Find particles with a trained detector and measure them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from particleforge.burnt_in import marks
from particleforge.errors import UserError
from particleforge.measurement.measured import Measured
from particleforge.measurement.results import Measurement, Results
from particleforge.micrograph import Micrograph
from particleforge.step import Progress, Step, stepwise
from particleforge.store.files import new_folder
from particleforge.store.image_files import image_paths, image_stem
from particleforge.store.labels import write_labels
from particleforge.store.micrographs import read_micrograph
from particleforge.workflows.sizes import SizesParams

if TYPE_CHECKING:
    from particleforge.models.stardist.instances import Instances
    from particleforge.models.stardist.model import StarDistModel


class MeasureParams(SizesParams):
    """How to find particles and measure them."""

    prob_thresh: float | None = Field(
        None, gt=0, lt=1, description="Least probability of a particle; empty: the model's own threshold."
    )
    nms_thresh: float | None = Field(
        None, ge=0, le=1, description="Overlap above which the less probable particle goes; empty: the model's own."
    )
    tile_px: int = Field(
        1024, ge=128, le=16384, description="Largest side of what the network sees at once; less needs less memory."
    )


@stepwise
def measure(
    model: Path | str | StarDistModel, images: Path | str, out: Path | str, params: MeasureParams = MeasureParams()
) -> Step[Measurement]:
    """Find all particles of some images; write labels, a particle table, a summary and figures.

    Parameters
    ----------
    model
        A model, or its folder: ours or an official StarDist 2D one. ``base`` is the detector that comes along, which
        has never seen a real image and needs no annotation.
    images
        An image or a folder of images.
    out
        A folder that is not there yet, or holds an interrupted run of the same inputs, which is continued; see
        `Results` for what it holds.
    params
        Pixel size and thresholds.

    Raises
    ------
    UserError
        If the model or none of the images can be read, or `out` holds something else. A single image that cannot be
        measured does not end the run; it stands under ``failed`` in the summary.
    """
    from particleforge.models.stardist.model import StarDistModel

    out, paths = Path(out), image_paths(Path(images))
    detector = _load(model, params)
    folder = None if isinstance(model, StarDistModel) else str(model)
    source = {"model": folder, "images": str(images)}
    provenance = {"command": "measure", "params": params.model_dump(mode="json"), "source": source}
    results = Results(out, provenance | {"model": detector.provenance}, params, params.precision, params.reports)
    yield Progress(0, len(paths), "Finding particles")
    for done, path in enumerate(paths, start=1):
        if image_stem(path) not in results.measured:
            yield Progress(done, len(paths), *_measure(results, detector, path, params))
    return results.finish()


def _measure(
    results: Results, detector: StarDistModel, path: Path, params: MeasureParams
) -> tuple[str, npt.NDArray[np.uint32] | None]:
    """Measure one image; what to say of it, and its labels. An image that cannot be measured does not end the run."""
    name = image_stem(path)
    try:
        micrograph, found = _find(detector, path, params)
        bare = Measured(name, pd.DataFrame(), found.labels, micrograph.grey, micrograph.square_pixel_size_nm)
        measured = results.measure(bare, dict(enumerate(map(float, found.scores), start=1)))
    except UserError as error:
        results.fail(name, error)
        return f"{name}: not measured. {error.message}", None
    results.write(measured, {"working_scale": found.scale, "certainty": found.certainty})
    sure = "" if found.certainty is None else f", certainty {found.certainty:.2f}"
    return f"{name}: {len(measured.table)} particles{sure}", found.labels


@stepwise
def predict(
    model: Path | str | StarDistModel, images: Path | str, out: Path | str, params: MeasureParams = MeasureParams()
) -> Step[list[Path]]:
    """Find all particles of some images; write label images ``NAME.tif`` only.

    Parameters and errors are those of `measure`.
    """
    out, paths = Path(out), image_paths(Path(images))
    detector = _load(model, params)
    new_folder(out)
    written: list[Path] = []
    yield Progress(0, len(paths), "Finding particles")
    for path in paths:
        micrograph, found = _find(detector, path, params)
        written.append(out / f"{micrograph.name}.tif")
        write_labels(written[-1], found.labels)
        yield Progress(len(written), len(paths), f"{micrograph.name}: {len(found.scores)} particles", found.labels)
    return written


def _load(model: Path | str | StarDistModel, params: MeasureParams) -> StarDistModel:
    from particleforge.models.stardist.model import StarDistModel, find_model

    detector = model if isinstance(model, StarDistModel) else StarDistModel.load(find_model(model))
    given = {name: getattr(params, name) for name in ("prob_thresh", "nms_thresh", "tile_px")}
    return replace(detector, **{name: value for name, value in given.items() if value is not None})


def _find(detector: StarDistModel, path: Path, params: MeasureParams) -> tuple[Micrograph, Instances]:
    micrograph = replace(read_micrograph(path), name=image_stem(path))
    if params.pixel_size_nm is not None:
        micrograph = micrograph.with_pixel_size(params.pixel_size_nm)
    if params.burnt_in == "keep":
        return micrograph, detector.predict(micrograph)
    first, stop = params.rows(micrograph.grey) or (0, len(micrograph.grey))
    picture = replace(micrograph, pixels=micrograph.grey[first:stop], axes="YX")
    found = detector.predict(picture).moved(first, micrograph.shape)
    return micrograph, found.outside(marks(micrograph.grey))
