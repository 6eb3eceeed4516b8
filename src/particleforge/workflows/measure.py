"""Find all particles in images and measure them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from particleforge.burnt_in import is_blank
from particleforge.measurement.headline import measurement_report
from particleforge.measurement.measured import Measured
from particleforge.measurement.results import Measurement, Results
from particleforge.models.opening import shadow_line
from particleforge.step import Step
from particleforge.store.left_out import left_out
from particleforge.store.planes import Images, described, find_planes
from particleforge.store.run_folder import locked
from particleforge.store.source import Plane
from particleforge.verb import verb
from particleforge.workflows._each_plane import Found, measure_each
from particleforge.workflows._finder import DetectorOptions, Finder
from particleforge.workflows.sizes import SizesParams

if TYPE_CHECKING:
    from particleforge.models.roles import Detector

BYTES_PER_PX = 90
"""Memory for finding and measuring particles; the detector threshold was seen to need 98, base more."""


class MeasureParams(SizesParams):
    """How to find particles and measure them."""

    options: DetectorOptions = Field(
        {}, description="Options of the detector, by name; they depend on the kind of detector."
    )


def _report(measurement: Measurement, args: Mapping[str, Any]) -> dict[str, Any]:
    return measurement_report(measurement, args) | shadow_line(args["model"])


@verb(_report, resumable=True)
def measure(
    model: Path | str | Detector[Any], images: Images, out: Path | str, params: MeasureParams = MeasureParams()
) -> Step[Measurement]:
    """Find and measure all particles in images; write labels, a particle table, a summary and figures.

    Parameters
    ----------
    model : name, folder or detector
        base (the built-in detector, which needs no annotation), another bundled detector, or the folder of a model,
        ours or an official one of its kind.
    images
        An image, a stack of images, or a folder of them; from Python also an array, or several of these.
    out
        New folder for labels, tables, figures and reports; an interrupted run of the same inputs is continued.
    params
        Pixel size, rules and options of the detector.

    Raises
    ------
    UserError
        If the model or none of the images can be read, or `out` contains something else. A single image that cannot be
        measured does not stop the run; it is listed under ``failed`` in the summary.
    """
    planes = find_planes(images, selection=params)
    find = Finder(model, params.options, params.pixel_size_nm, params.burnt_in == "keep")
    source = {"model": str(model) if isinstance(model, (str, Path)) else None, "images": described(images)}
    provenance = {"command": "measure", "params": params.model_dump(mode="json"), "source": source}
    provenance |= {"model": dict(find.detector.provenance), "method": find.method}
    with locked(Path(out)):
        results = Results(Path(out), provenance, params, params.precision, params, left_out(images), params)
        return (yield from measure_each(results, [planes], partial(_found, find), "Finding particles", BYTES_PER_PX))


def _found(find: Finder, plane: Plane) -> Found:
    """Particles of a plane, to be measured."""
    micrograph, found = find(plane)
    size = micrograph.square_pixel_size_nm
    bare = Measured(plane.name, labels=found.labels, grey=micrograph.grey, pixel_size_nm=size, columns=plane.columns)
    finding = dict(found.found) | ({"blank": True} if is_blank(micrograph.grey) else {})
    return Found(bare, dict(enumerate(map(float, found.scores), start=1)), finding, micrograph.all_remarks)
