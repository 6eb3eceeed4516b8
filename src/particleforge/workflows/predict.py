"""Find all particles in images; write label images only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from particleforge.micrograph import GivenPixelSize
from particleforge.models.opening import shadow_line
from particleforge.step import Progress, Step
from particleforge.store.files import new_folder
from particleforge.store.labels import write_labels
from particleforge.store.left_out import left_out_line
from particleforge.store.planes import Images, find_planes
from particleforge.store.run_folder import locked
from particleforge.store.selection import Selection
from particleforge.verb import verb
from particleforge.workflows._finder import DetectorOptions, Finder

if TYPE_CHECKING:
    from particleforge.models.roles import Detector


class PredictParams(Selection, GivenPixelSize):
    """How to find particles."""

    burnt_in: Literal["leave_out", "keep"] = Field(
        "leave_out", description="Whether burnt-in data bars, and scale bars with their letters, are left out."
    )
    options: DetectorOptions = Field(
        {}, description="Options of the detector, by name; they depend on the kind of detector."
    )


def _report(written: Sequence[Path], args: Mapping[str, Any]) -> dict[str, Any]:
    report = {"folder": str(args["out"]), "images": len(written), "labels": [str(path) for path in written]}
    return report | left_out_line(args["images"]) | shadow_line(args["model"])


@verb(_report)
def predict(
    model: Path | str | Detector[Any], images: Images, out: Path | str, params: PredictParams = PredictParams()
) -> Step[list[Path]]:
    """Find all particles in images; write label images ``NAME.tif`` only.

    Parameters
    ----------
    model : name, folder or detector
        base (the built-in detector, which needs no annotation), another bundled detector, or the folder of a model,
        ours or an official one of its kind.
    images
        An image, a stack of images, or a folder of them; from Python also an array, or several of these.
    out
        New folder for the label images.
    params
        Pixel size and options of the detector.

    Raises
    ------
    UserError
        If the model or an image cannot be read, or `out` is not empty.
    """
    planes, out = find_planes(images, selection=params), Path(out)
    find = Finder(model, params.options, params.pixel_size_nm, params.burnt_in == "keep")
    written: list[Path] = []
    with locked(out):
        new_folder(out)
        yield Progress(0, len(planes), "Finding particles")
        for plane in planes:
            micrograph, found = find(plane)
            written.append(out / f"{plane.name}.tif")
            write_labels(written[-1], found.labels)
            said = " ".join((".", *micrograph.all_remarks)) if micrograph.all_remarks else ""
            yield Progress(len(written), len(planes), f"{plane.name}: {len(found)} particles{said}", found.labels)
    return written
