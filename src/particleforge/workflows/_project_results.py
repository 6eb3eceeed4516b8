"""Measure the particles of a project, in its folder of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from particleforge.errors import UserError
from particleforge.measurement.measured import Measured
from particleforge.measurement.renew import renew
from particleforge.measurement.results import Measurement, Results
from particleforge.measurement.tracking.movies import check_movie
from particleforge.step import Step
from particleforge.store.labels import open_labels
from particleforge.store.particle_files import Origin, particle_file, read_origin, read_particles
from particleforge.store.planes import Planes
from particleforge.store.project import PARTICLES, RESULTS, Project
from particleforge.store.run_folder import locked
from particleforge.store.source import Plane, Source
from particleforge.store.whole_masks import read_whole
from particleforge.wording import listed, named, plural
from particleforge.workflows._classes import ParticleClasses
from particleforge.workflows._each_plane import measure_each
from particleforge.workflows._one_plane import Found
from particleforge.workflows._project import Prints, of_project
from particleforge.workflows._tracking import then_followed

if TYPE_CHECKING:
    from particleforge.workflows.sizes import SizesParams

BYTES_PER_PX = 20
"""Memory for measuring labels; 21 were seen."""


def measure_project(
    project: Project,
    params: SizesParams,
    remarks: Sequence[str] = (),
    failed: Mapping[str, UserError] | None = None,
) -> Step[Measurement]:
    """Measure the particles of all images of a project where anything has changed; write its folder results/.

    Parameters
    ----------
    project
        The project.
    params
        What was given goes before what the project states.
    remarks
        What a person should know of the particles.
    failed
        Why images could not be searched for particles, by name.

    Raises
    ------
    UserError
        If parameters are not valid, no image has particles, or the folder results/ holds other results.
    """
    failed = failed or {}
    _check_selection(params)
    settled = of_project(project, params, ("options",))
    given = settled.recorded()
    identity = {"command": "measure", "params": given, "source": {"project": project.folder.name}}
    folder = project.folder / PARTICLES
    names = [name for name in project.needed_names if name in failed or particle_file(folder, name).is_file()]
    if not names:
        raise UserError(f"No image of {project.folder} has particles yet.", "Find them first: `particleforge find`.")
    particles = Planes({name: partial(_open, project, failed, name) for name in names})
    if settled.track:
        check_movie(project.planes(names))
    out = project.folder / RESULTS
    with locked(out):
        renew(out, identity)
        results = Results(out, identity, settled, settled.precision, settled, {}, settled)
        results.state(**detection(_origins(project, names)))
        for remark in [*remarks, *_not_searched(project, names)]:
            results.folder.remark(remark)
        read = partial(_read, project, settled.pixel_size_nm, ParticleClasses.of(settled.classifier))
        inputs = [project.planes(names), particles]
        measuring = measure_each(results, inputs, read, "Measuring", BYTES_PER_PX, settled)
        return (yield from then_followed(measuring, results.folder, settled.track))


def _check_selection(params: SizesParams) -> None:
    if given := next((part for part in ("page", "series", "channel") if getattr(params, part) is not None), None):
        raise UserError(
            f"There is no {given} to select in a project.",
            "Its images are planes already; add those that you need to the project.",
        )


def _not_searched(project: Project, names: Sequence[str]) -> list[str]:
    lacking = [name for name in project.names if name not in set(names)]
    return [f"{named(lacking)} not searched for particles yet."] if lacking else []


def _open(project: Project, failed: Mapping[str, UserError], name: str) -> Source:
    """Open the particles of an image; where it could not be searched, that is the error."""
    if name in failed:
        raise failed[name]
    return open_labels(particle_file(project.folder / PARTICLES, name))


def _origins(project: Project, names: Sequence[str]) -> dict[str, Origin]:
    """Where the particles of images are from, for those that can be read."""
    found = {}
    for name in names:
        try:
            found[name] = read_origin(project.folder / PARTICLES, name)
        except UserError:  # reported when they are measured
            continue
    return {name: origin for name, origin in found.items() if origin is not None}


def _read(
    project: Project, pixel_size_nm: float | None, classes: ParticleClasses | None, plane: Plane, _: Plane
) -> Found:
    """Particles of an image; nothing is measured yet."""
    name = plane.name
    particles = read_particles(project.folder / PARTICLES, name)
    if particles is None:
        raise UserError(f"The particles of {name} are gone.", "Find them again.")
    micrograph, origin = plane.read(), particles.origin
    if pixel_size_nm is not None:
        micrograph = micrograph.with_pixel_size(pixel_size_nm)
    bare = Measured(
        name,
        labels=particles.labels,
        grey=micrograph.grey_or_nan,
        pixel_size_nm=micrograph.square_pixel_size_nm,
        columns=plane.columns,
        whole=read_whole(particle_file(project.folder / PARTICLES, name)).of(particles.labels),
    )
    changed = origin.image and origin.image != Prints(project)(name)
    stale = ("The image has changed since its particles were found.",) if changed else ()
    finding = {} if origin.checked else origin.finding  # what a detector states does not hold for corrected particles
    given = (origin.classes_now or None) if classes is None else classes(bare.grey, particles.labels)
    return Found(bare, origin.scores, finding, (*stale, *micrograph.all_remarks), given)


def detection(origins: Mapping[str, Origin]) -> dict[str, Any]:
    """Return as plain data how the particles of images were found: the ``model``, and the ``method`` in sentences."""
    by_detector: dict[str, list[str]] = {}
    detectors: dict[str, Mapping[str, Any]] = {}
    for name, origin in origins.items():
        key = repr({part: origin.detector.get(part) for part in ("name", "options", "method", "provenance")})
        detectors[key] = origin.detector
        by_detector.setdefault(key, []).append(name)
    methods = {key: str(detector.get("method") or "") for key, detector in detectors.items()}
    if len(detectors) == 1:
        sentences = list(methods.values())
    else:
        sentences = [
            f"{listed(names)}: {methods[key] or 'particles were outlined beforehand.'}"
            for key, names in by_detector.items()
        ]
    models = [{"name": one.get("name"), **one.get("provenance", {})} for one in detectors.values() if one]
    return {
        "model": models[0] if len(models) == 1 else models,
        "method": " ".join(filter(None, [*sentences, *_by_hand(list(origins.values()))])),
    }


def _by_hand(origins: Sequence[Origin]) -> list[str]:
    """State how many of the particles that a detector found were corrected."""
    found = [origin for origin in origins if origin.detector]
    sure, total = sum(len(origin.sure) for origin in found), sum(origin.count for origin in found)
    return [f"{sure} of {plural(total, 'particle')} were drawn, corrected or confirmed by hand."] if sure else []
