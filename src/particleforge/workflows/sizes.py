"""Measure existing label images."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from particleforge.compute import Workers
from particleforge.errors import UserError
from particleforge.measurement.headline import measurement_report
from particleforge.measurement.measured import Measured
from particleforge.measurement.outputs import Outputs
from particleforge.measurement.results import Measurement, Results
from particleforge.measurement.results_folder import LABELS, ResultsFolder
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.summary_file import SUMMARY
from particleforge.measurement.tracking.movies import check_movie
from particleforge.measurement.uncertainty.pixel_size import Calibration
from particleforge.micrograph import GivenPixelSize
from particleforge.step import Step
from particleforge.store.instances import check_instances
from particleforge.store.labels import as_labels, open_labels
from particleforge.store.left_out import left_out
from particleforge.store.planes import Images, Planes, described, find_planes
from particleforge.store.project import Project
from particleforge.store.roi_labels import with_rois
from particleforge.store.rois import is_roi_file
from particleforge.store.run_folder import locked
from particleforge.store.selection import ALL, Selection
from particleforge.store.source import Plane, Source
from particleforge.store.whole_masks import read_whole
from particleforge.verb import InPlace, verb
from particleforge.workflows._classes import ParticleClasses, recorded
from particleforge.workflows._each_plane import measure_each
from particleforge.workflows._one_plane import Found
from particleforge.workflows._project_results import BYTES_PER_PX, measure_project
from particleforge.workflows._tracking import then_followed

FOUND = ("certainty", "expected_f1", "unlike_training", "detection_error", "blank")
"""What is known of the detection of particles in results, and holds when their labels are measured again."""


class SizesParams(Workers, Selection, GivenPixelSize, Calibration, Rules, Outputs):
    """How to measure label images."""

    precision: Precision = Field(Precision(), description="Precision of the intervals.")
    classifier: str = Field(
        "",
        description="Folder of a classifier that gives the particles their classes; empty: by the shape rules, from "
        "their outlines alone.",
    )

    track: bool = Field(
        False,
        description="Whether the particles of movies are then followed through the frames; the command track "
        "does this later, with options.",
    )

    def recorded(self) -> dict[str, Any]:
        """Plain data of all that can change how single images are measured, to be noted with results."""
        return self.model_dump(mode="json", exclude={*Workers.model_fields, "track"})


@verb(measurement_report, resumable=True)
def sizes(
    labels: Annotated[Images | None, InPlace()] = None,
    out: Path | str | None = None,
    params: SizesParams = SizesParams(),
    images: Images | None = None,
    project: Path | str | None = None,
) -> Step[Measurement]:
    """Measure the particles of label images: tables, size distributions and figures.

    Parameters
    ----------
    labels
        A label image (0 = background), a stack of them, selections of ImageJ (NAME.zip or RoiSet.zip next to their
        image), or a folder of these; from Python also an array, or several of these.
    out
        New folder for labels, tables, figures and reports; an interrupted run of the same inputs is continued.
    params
        How to measure.
    images
        The micrographs, paired by name without suffix, for stacks plane by plane; without them the figures
        show the labels on white. A page, series or channel is selected of them, else of the labels.
    project
        Folder of a project in place of labels and output: its particles are measured where anything has changed, by its
        rules where none are given; the results are in its folder results/. Nothing is searched for.

    Returns
    -------
    Measurement
        Where it was written and the summary. The pixel size is the one of `params`, else of the micrograph, else of
        the label file; if none of them is known, sizes are in px only.

    Raises
    ------
    UserError
        If a label image has no micrograph, or no label image can be measured. A single one that is broken or has
        another shape than its micrograph does not stop the run; it is listed under ``failed`` in the summary.
    """
    if project is not None:
        if labels is not None or images is not None or out is not None:
            raise UserError("A project has its own particles and results.", "Give the project alone.")
        return (yield from measure_project(Project(project), params))
    if labels is None or out is None:
        lacking = "labels" if labels is None else "out"
        raise UserError(f"The argument {lacking} is missing.", "Give labels and out; or a project.")
    selection = params if images is None else ALL
    planes = find_planes(with_rois(labels, images, params), open_labels, selection)
    inputs = [planes] if images is None else [planes, _paired(planes, find_planes(images, selection=params))]
    if params.track:
        check_movie(*inputs)
    source = {"labels": described(labels), "images": described(images)}
    classes = ParticleClasses.of(params.classifier)
    about = {"command": "sizes", "params": params.recorded(), "source": source, **recorded(classes)}

    read = partial(_read, params.pixel_size_nm, _findings(labels), classes)

    with locked(Path(out)):
        results = Results(Path(out), about, params, params.precision, params, left_out(labels, images), params)
        measuring = measure_each(results, inputs, read, "Measuring", BYTES_PER_PX, params)
        return (yield from then_followed(measuring, results.folder, params.track))


def _paired(labels: Planes, images: Planes) -> Planes:
    """Check that there is an image with the name of every label image."""
    there = set(images.names)
    missing = [name for name in labels.names if name not in there]
    if missing:
        raise UserError(
            f"There is no image for {len(missing)} of {len(labels)} label images, for example {missing[0]}.",
            f"Its pages are called {missing[0]}_00000 and so on: select one of them, for example --page 1."
            if f"{missing[0]}_00000" in there
            else "Names without suffix must match; leave the images out to measure the labels alone.",
        )
    return images


def _findings(labels: Images) -> dict[str, dict[str, Any]]:
    """How the particles of images were found, by name, if the labels are those of results."""
    given = labels if isinstance(labels, Sequence) and not isinstance(labels, (str, Source)) else [labels]
    found: dict[str, dict[str, Any]] = {}
    for one in given:
        folder = Path(one) if isinstance(one, (str, Path)) else None
        folder = folder.parent if folder is not None and folder.is_file() else folder
        if folder is None or folder.name != LABELS or not (folder.parent / SUMMARY).is_file():
            continue
        for name, entry in ResultsFolder.open(folder.parent).images.items():
            found[name] = {key: entry[key] for key in FOUND if entry.get(key) is not None}
    return found


def _read(
    pixel_size_nm: float | None,
    findings: Mapping[str, Mapping[str, Any]],
    classes: ParticleClasses | None,
    plane: Plane,
    image: Plane | None = None,
) -> Found:
    """Labels, image and pixel size, and classes of a classifier; nothing is measured yet."""
    stored = plane.read()
    labels = as_labels(stored.pixels, plane.place)
    outlined = plane.source.path is not None and is_roi_file(plane.source.path)
    doubts = () if outlined else check_instances(labels, plane.place)
    micrograph = stored if image is None else image.read()
    if pixel_size_nm is not None:
        micrograph = micrograph.with_pixel_size(pixel_size_nm)
    elif micrograph.pixel_size_nm is None and stored.pixel_size_nm is not None:
        micrograph = replace(
            micrograph.with_pixel_size(stored.pixel_size_nm),
            size_remarks=micrograph.size_remarks + stored.size_remarks,
        )
    square = micrograph.square_pixel_size_nm
    grey = None if image is None else micrograph.grey_or_nan
    path = plane.source.path
    whole = {} if path is None or len(plane.source) > 1 else read_whole(path).of(labels)
    columns = plane.columns if image is None else {**image.columns, **plane.columns}
    bare = Measured(plane.name, labels=labels, grey=grey, pixel_size_nm=square, columns=columns, whole=whole)
    of_labels = () if image is None else tuple(f"Labels: {remark}" for remark in stored.remarks)
    remarks = (*doubts, *of_labels, *micrograph.all_remarks)
    given = None if classes is None else classes(grey, labels)
    return Found(bare, None, findings.get(plane.name, {}), remarks, given)
