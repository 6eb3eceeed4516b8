"""Find all particles in images and measure them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from particleforge.compute import Local, is_picklable
from particleforge.errors import UserError
from particleforge.measurement.headline import measurement_report
from particleforge.measurement.measured import Measured
from particleforge.measurement.results import Measurement, Results
from particleforge.measurement.tracking.movies import check_movie
from particleforge.models.opening import shadow_line
from particleforge.step import Step, part
from particleforge.store.files import LOCK
from particleforge.store.image_series import AsSeries
from particleforge.store.left_out import left_out
from particleforge.store.planes import Images, described, find_planes
from particleforge.store.project import Project
from particleforge.store.run_folder import locked
from particleforge.store.source import Plane
from particleforge.verb import InPlace, verb
from particleforge.workflows._classes import ParticleClasses, classes_found, recorded
from particleforge.workflows._each_plane import measure_each
from particleforge.workflows._finder import DetectorOptions, Finder, detected
from particleforge.workflows._one_plane import Found, OnePlane, Outcome
from particleforge.workflows._project_results import measure_project
from particleforge.workflows._tiles.large_image import InTiles
from particleforge.workflows._tiles.measured import LargeImages
from particleforge.workflows._tracking import then_followed
from particleforge.workflows.find import BYTES_PER_PX, FindParams, search
from particleforge.workflows.sizes import SizesParams

if TYPE_CHECKING:
    from particleforge.models.roles import Detector

SEARCH = 0.8
"""Share of the time that finding takes."""


class MeasureParams(InTiles, SizesParams, AsSeries):
    """How to find particles and measure them."""

    options: DetectorOptions = Field(
        {}, description="Options of the detector, by name; they depend on the kind of detector."
    )


def _report(measurement: Measurement, args: Mapping[str, Any]) -> dict[str, Any]:
    return measurement_report(measurement, args) | shadow_line(args.get("model"))


@verb(_report, resumable=True)
def measure(
    model: Annotated[Path | str | Detector[Any] | None, InPlace()] = None,
    images: Annotated[Images | None, InPlace()] = None,
    out: Path | str | None = None,
    params: MeasureParams = MeasureParams(),
    project: Path | str | None = None,
) -> Step[Measurement]:
    """Find and measure all particles in images; write labels, a particle table, a summary and figures.

    Parameters
    ----------
    model : name, folder or detector
        base (the built-in detector, which needs no annotation), another bundled detector, or the folder of a model,
        ours or an official one of its kind; for a project none: the one in use there.
    images
        An image, a stack of images, or a folder of them; from Python also an array, or several of these.
    out
        New folder for labels, tables, figures and reports; an interrupted run of the same inputs is continued.
    params
        Pixel size, rules and options of the detector; in a project, those of the project where they are not given.
    project
        Folder of a project, or any folder of images, in place of images and output: particles are found where there
        are none yet (see the command find), and measured where anything has changed; the results are in its folder
        results/.

    Raises
    ------
    UserError
        If the model or none of the images can be read, or `out` contains something else. A single image that cannot be
        measured does not stop the run; it is listed under ``failed`` in the summary.
    """
    if project is not None:
        if images is not None or out is not None:
            raise UserError(
                "A project has its own images and results.", "Leave out the images and the output, or the project."
            )
        return (yield from _in_project(Project(project), model, params))
    if model is None or images is None or out is None:
        lacking = next(name for name, one in {"images": images, "out": out, "model": model}.items() if one is None)
        raise UserError(f"The argument {lacking} is missing.", "Give a detector, images and out; or a project.")
    planes = find_planes(images, selection=params, as_series=params.as_series)
    find = Finder(model, params.options, params.pixel_size_nm, params.burnt_in == "keep")
    find.check(planes)
    if params.track:
        check_movie(planes)
    source = {"model": str(model) if isinstance(model, (str, Path)) else None, "images": described(images)}
    provenance = {"command": "measure", "params": params.recorded(), "source": source}
    classes = ParticleClasses.of(params.classifier)
    provenance |= {"model": dict(find.detector.provenance), "method": find.method, **recorded(classes)}
    with locked(Path(out)):
        results = Results(Path(out), provenance, params, params.precision, params, left_out(images), params)
        found, doing = partial(_found, find, classes), "Finding particles"
        large = partial(_large, params, find)
        measuring = measure_each(results, [planes], found, doing, BYTES_PER_PX, params, large)
        return (yield from then_followed(measuring, results.folder, params.track))


def _large(
    params: MeasureParams, find: Finder, image: OnePlane, names: Sequence[str]
) -> dict[str, Callable[[], Step[Outcome]]]:
    """Return how large images are measured, by their names."""
    chosen = params.large(image.inputs[0], names)
    if chosen and params.classifier:
        raise UserError(
            f"{chosen[0]} is measured in tiles, in which a classifier cannot be used.",
            "Leave out the classifier, or raise tiles_from_mp.",
        )
    executor = params.executor([image.writer.out / LOCK]) if is_picklable(image) else Local()
    large = LargeImages(image, find, executor)
    return {name: partial(large.measured_steps, name) for name in chosen}


def _found(find: Finder, classes: ParticleClasses | None, plane: Plane) -> Found:
    """Particles of a plane, to be measured, with the classes of a classifier, else those of the detector."""
    micrograph, found = find(plane)
    size = micrograph.square_pixel_size_nm
    bare = Measured(
        plane.name,
        labels=found.labels,
        grey=micrograph.grey,
        pixel_size_nm=size,
        columns=plane.columns,
        whole=found.whole_masks,
    )
    scores = dict(enumerate(map(float, found.scores), start=1))
    given = classes_found(found) if classes is None else classes(micrograph.grey, found.labels)
    return Found(bare, scores, detected(micrograph, found), micrograph.all_remarks, given)


def _in_project(project: Project, model: Path | str | Detector[Any] | None, params: MeasureParams) -> Step[Measurement]:
    """Find what is not found yet, then measure what has changed."""
    given = params.model_fields_set & FindParams.model_fields.keys()
    searching = FindParams.parse({name: getattr(params, name) for name in given})
    searched = yield from part(search(project, project.needed_names, model, searching), 0, SEARCH)
    given = params.model_fields_set & SizesParams.model_fields.keys()
    measuring = SizesParams.parse({name: getattr(params, name) for name in given})
    return (yield from part(measure_project(project, measuring, searched.remarks, searched.failed), SEARCH, 1))
