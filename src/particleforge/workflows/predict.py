"""Find all particles in images; write label images only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from particleforge.compute import Local
from particleforge.errors import Cancelled, none_done
from particleforge.measurement.report.warnings import remarks_on
from particleforge.models.opening import shadow_line
from particleforge.step import Progress, Step, part
from particleforge.store.files import DiskError, new_folder
from particleforge.store.image_series import AsSeries
from particleforge.store.labels import write_labels
from particleforge.store.left_out import left_out_line
from particleforge.store.memory import check_memory
from particleforge.store.planes import Images, Planes, find_planes
from particleforge.store.run_folder import locked
from particleforge.store.selection import Selection
from particleforge.store.whole_masks import write_whole
from particleforge.verb import verb
from particleforge.wording import plural
from particleforge.workflows._finder import Finder, Finding
from particleforge.workflows._one_plane import failure_of
from particleforge.workflows._tiles.large_image import TILES, InTiles, painted_steps
from particleforge.workflows.find import BYTES_PER_PX

if TYPE_CHECKING:
    from particleforge.models.detections import Labels
    from particleforge.models.roles import Detector
    from particleforge.store.source import Plane


class PredictParams(InTiles, Selection, AsSeries, Finding):
    """How to find particles."""


@dataclass(frozen=True)
class Predicted:
    """What was found where.

    Parameters
    ----------
    labels
        Label images that were written.
    failed
        Why images could not be used, by name.
    remarks
        Sentences on images that a person should know, by name.
    """

    labels: list[Path] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, tuple[str, ...]] = field(default_factory=dict)


def _report(predicted: Predicted, args: Mapping[str, Any]) -> dict[str, Any]:
    labels = [str(path) for path in predicted.labels]
    report: dict[str, Any] = {"folder": str(args["out"]), "images": len(labels), "labels": labels}
    remarks = remarks_on({name: {"remarks": remarks} for name, remarks in predicted.remarks.items()})
    report |= {"remarks": " ".join(remarks)} if remarks else {}
    failed = [f"{name} ({reason})" for name, reason in predicted.failed.items()]
    report |= {"not_measured": "; ".join(failed)} if failed else {}
    return report | left_out_line(args["images"]) | shadow_line(args["model"])


@verb(_report)
def predict(
    model: Path | str | Detector[Any], images: Images, out: Path | str, params: PredictParams = PredictParams()
) -> Step[Predicted]:
    """Find all particles in images; write label images ``NAME.tif`` only, of large images ``NAME.zarr``.

    If the detector finds whole particles that may overlap, their masks are in ``NAME.coco.json``.

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
        If the model or none of the images can be read, or `out` is not empty. A single image that cannot be used does
        not stop the run.
    """
    planes, out = find_planes(images, selection=params, as_series=params.as_series), Path(out)
    find = Finder(model, params.options, params.pixel_size_nm, params.burnt_in == "keep")
    find.check(planes)
    predicted = Predicted()
    with locked(out):
        new_folder(out)
        yield Progress(0, len(planes), "Finding particles")
        large = params.large(planes, planes.names)
        for done, name in enumerate(planes.names, start=1):
            search = _in_tiles(planes, name, find, out) if name in large else _in_one_piece(planes.get(name), find, out)
            try:
                written = yield from part(search, (done - 1) / len(planes), done / len(planes))
            except (DiskError, Cancelled):
                raise
            except Exception as error:  # noqa: BLE001 - the other images go on
                predicted.failed[name] = str(failure_of(error))
                if len(planes) > 1:  # else it is the error
                    yield Progress(done, len(planes), f"{name}: not used. {predicted.failed[name]}")
                continue
            predicted.labels.append(written.path)
            predicted.remarks[name] = written.remarks
            yield Progress(done, len(planes), f"{name}: {plural(written.count, 'particle')}", written.preview)
    if not predicted.labels:
        raise none_done(predicted.failed, "used")
    return predicted


@dataclass(frozen=True)
class _Written:
    """Label image that was written, remarks on the image, number of particles, and labels to be shown."""

    path: Path
    remarks: tuple[str, ...]
    count: int
    preview: Labels | None


def _in_one_piece(plane: Plane, find: Finder, out: Path) -> Step[_Written]:
    check_memory([plane], BYTES_PER_PX)
    micrograph, found = find(plane)
    path = out / f"{plane.name}.tif"
    write_labels(path, found.labels, pixel_size_nm=micrograph.pixel_size_nm)
    write_whole(path, found.labels, found.whole_masks)
    yield Progress(1, 1)
    return _Written(path, micrograph.all_remarks, len(found), found.labels)


def _in_tiles(planes: Planes, name: str, find: Finder, out: Path) -> Step[_Written]:
    path = out / f"{name}.zarr"
    searched = yield from painted_steps(planes, name, find, out / TILES / name, path, Local())
    return _Written(path, searched.remarks, searched.count, None)
