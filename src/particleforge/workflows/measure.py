"""Find particles with a trained detector and measure them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from particleforge.micrograph import Micrograph
from particleforge.step import Progress, Step, stepwise
from particleforge.store.files import new_folder
from particleforge.store.labels import write_labels
from particleforge.store.micrographs import image_paths, image_stem, read_micrograph
from particleforge.workflows.results import Measurement, Results
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
        A folder that is not there yet; see `Results` for what it holds.
    params
        Pixel size and thresholds.

    Raises
    ------
    UserError
        If model or images cannot be read, or `out` holds something.
    """
    from particleforge.models.stardist.model import StarDistModel

    out, paths = Path(out), image_paths(Path(images))
    detector = _load(model, params)
    folder = None if isinstance(model, StarDistModel) else str(model)
    source = {"model": folder, "images": str(images)}
    provenance = {"command": "measure", "params": params.model_dump(mode="json"), "source": source}
    results = Results(out, provenance | {"model": detector.provenance})
    yield Progress(0, len(paths), "Finding particles")
    for done, (micrograph, found) in enumerate(_find(detector, paths, params), start=1):
        scores = dict(enumerate(map(float, found.scores), start=1))
        finding = {"working_scale": found.scale, "certainty": found.certainty}
        table = results.add(micrograph, found.labels, scores, finding)
        sure = "" if found.certainty is None else f", certainty {found.certainty:.2f}"
        yield Progress(done, len(paths), f"{micrograph.name}: {len(table)} particles{sure}", found.labels)
    return results.finish()


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
    for micrograph, found in _find(detector, paths, params):
        written.append(out / f"{micrograph.name}.tif")
        write_labels(written[-1], found.labels)
        yield Progress(len(written), len(paths), f"{micrograph.name}: {len(found.scores)} particles", found.labels)
    return written


def _load(model: Path | str | StarDistModel, params: MeasureParams) -> StarDistModel:
    from particleforge.models.stardist.model import StarDistModel, find_model

    detector = model if isinstance(model, StarDistModel) else StarDistModel.load(find_model(model))
    given = {name: getattr(params, name) for name in ("prob_thresh", "nms_thresh")}
    return replace(detector, **{name: value for name, value in given.items() if value is not None})


def _find(detector: StarDistModel, paths: list[Path], params: MeasureParams) -> Iterator[tuple[Micrograph, Instances]]:
    for path in paths:
        micrograph = replace(read_micrograph(path), name=image_stem(path))
        if params.pixel_size_nm is not None:
            micrograph = micrograph.with_pixel_size(params.pixel_size_nm)
        yield micrograph, detector.predict(micrograph)
