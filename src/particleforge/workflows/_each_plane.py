"""Measure images plane by plane, in one process or several."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from particleforge.compute import Workers
from particleforge.errors import UserError
from particleforge.measurement.certainty import certainty_words
from particleforge.measurement.image_writer import Written
from particleforge.measurement.results import Measurement, Results
from particleforge.step import Progress, Step, part
from particleforge.store.planes import Planes
from particleforge.wording import plural
from particleforge.workflows._one_plane import Found, OnePlane, Outcome
from particleforge.workflows._processes import each_image

Large: TypeAlias = Callable[[OnePlane, Sequence[str]], Mapping[str, Callable[[], Step[Outcome]]]]
"""Returns how large ones of some images are measured, by their names."""


def measure_each(
    results: Results,
    inputs: Sequence[Planes],
    find: Callable[..., Found],
    doing: str,
    bytes_per_px: int,
    where: Workers = Workers(),
    large: Large | None = None,
) -> Step[Measurement]:
    """Measure and write the planes that are not yet done, or that have changed since; no single one ends the run.

    The folder of results is the same wherever it is done.

    Parameters
    ----------
    results
        Where to. What it holds of images that have changed or are no longer there is left out.
    inputs
        Planes to measure, and those that belong to them, with the same names.
    find
        Gives the particles of a plane of each of the inputs.
    doing
        What is done, for people.
    bytes_per_px
        Memory needed per pixel at least, in addition to the pixels themselves.
    where
        Where to work. There are fewer processes if memory is short, and only this one if `find` or the inputs hold
        what cannot be sent to another.
    large
        Returns, for what measures a single image, how large images are measured instead, by their names.

    Raises
    ------
    UserError
        If the output cannot be written, or no plane could be measured.
    """
    names = inputs[0].names
    image = OnePlane(results.writer, inputs, find, bytes_per_px)
    yield Progress(0, len(names), doing)
    if changes := results.compare(names, image.fingerprint):
        yield Progress(0, len(names), changes)
    pending = [name for name in names if name not in results.measured]
    image = replace(image, refused=results.claim(pending))
    apart = {} if large is None else large(image, pending)
    small = [name for name in pending if name not in apart]
    yield from _measure(results, image, small, len(names) - len(apart), where)
    yield from _measure_large(results, image, apart, len(names))
    results.arrange(names)
    return results.finish()


def _measure(results: Results, image: OnePlane, pending: Sequence[str], total: int, where: Workers) -> Step[None]:
    """Measure the images that are not yet done; enter each as soon as it is, so that nothing done is lost."""
    left = set(pending)
    try:
        with closing(each_image(image, pending, where, image.planes, image.bytes_per_px, image.writer.out)) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, str):
                    yield Progress(total - len(left), total, outcome)
                    continue
                left.remove(outcome[0])
                yield from _entered(results, image, outcome, total - len(left), total)
    finally:  # a process may have written files of an image that is not entered any more
        for name in left:
            image.remove(name)


def _measure_large(
    results: Results, image: OnePlane, large: Mapping[str, Callable[[], Step[Outcome]]], total: int
) -> Step[None]:
    """Measure large images, one after another; what an interrupted run has written of one is used again."""
    for number, (name, steps) in enumerate(large.items()):
        done = total - len(large) + number
        outcome = yield from part(steps(), done / total, (done + 1) / total)
        yield from _entered(results, image, (name, outcome), done + 1, total)


def _entered(
    results: Results, image: OnePlane, outcome: tuple[str, Outcome | UserError], done: int, total: int
) -> Iterator[Progress]:
    """Enter what has become of an image into the results, and report it."""
    name, result = outcome[0], _enter(results, image, *outcome)
    if isinstance(result, Written):
        line = [plural(len(result.table), "particle"), *certainty_words(result.entry)]
        yield Progress(done, total, f"{name}: {', '.join(line)}", partial(results.folder.labels, name))
    elif total > 1:  # else it is the error
        yield Progress(done, total, f"{name}: not measured. {result.message}")


def _enter(results: Results, image: OnePlane, name: str, outcome: Outcome | UserError) -> Written | UserError:
    """Enter what has become of an image into the results."""
    if isinstance(outcome, UserError):  # processes died on it
        image.remove(name)
        outcome = Outcome(None, outcome)
    if outcome.inputs is not None:
        results.note(name, outcome.inputs)
    if isinstance(outcome.result, Written):
        results.enter(outcome.result)
    else:
        results.fail(name, outcome.result)
    return outcome.result
