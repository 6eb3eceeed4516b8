"""Work on images in several processes, any of which may die."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from particleforge.compute import Lost, Workers, is_picklable
from particleforge.errors import UserError
from particleforge.store.files import LOCK
from particleforge.store.memory import free_bytes, needed_bytes
from particleforge.store.source import Plane

TRIES = 3
"""Number of processes that may die on the same image."""
PROCESS_BYTES = 7 * 2**28
"""Memory of a process with a detector, apart from the image; 1.4 GiB were seen, after several images 1.9 with them."""
GENEROUS = 2
"""Large images were seen to need up to twice the least memory."""

ResultT = TypeVar("ResultT")


def each_image(
    call: Callable[[str], ResultT],
    names: Sequence[str],
    where: Workers,
    planes: Callable[[str], Iterable[Plane]],
    bytes_per_px: int,
    out: Path,
) -> Generator[str | tuple[str, ResultT | UserError]]:
    """Call a function with the name of each image; yield names with results as they arrive, and lines for people.

    Parameters
    ----------
    call
        What to call.
    names
        Names of the images.
    where
        Where to work. There are fewer processes if memory is short, and only this one if `call` holds what cannot be
        sent to another. An image on which `TRIES` have died has an error as its result.
    planes
        Gives what is read for an image.
    bytes_per_px
        Memory needed per pixel at least; see `check_memory`.
    out
        Folder in which `call` writes.

    Raises
    ------
    UserError
        If processes cannot start, or the cluster cannot be used.
    """
    if where.are_others and not is_picklable(call):
        where, why = Workers(), "One process is used: images or models that are not files cannot be sent to others."
        if len(names) > 1:
            yield why
    if where.workers > 1 and len(names) > 1:
        need = PROCESS_BYTES + GENEROUS * max(_needed(planes, name, bytes_per_px) for name in names)
        where, why = _fitting(where, min(where.workers, len(names)), need)
        if why:
            yield why
    started = False
    with closing(where.executor(_shared(out, planes, names)).each(call, names, TRIES)) as outcomes:
        for name, outcome in outcomes:
            if not isinstance(outcome, Lost):
                started = True
                yield name, outcome
            elif outcome.times < TRIES:
                yield f"{name}: {_died(outcome).message} Another one tries again."
            elif not started and (outcome.code or 0) > 0:  # no signal: Python has ended it
                raise UserError(
                    f"Processes ended with {outcome.code} before any of them could work on an image.",
                    "Use one process. A script of yours must begin its work below `if __name__ == '__main__':`.",
                )
            else:
                yield name, _died(outcome)


def _needed(planes: Callable[[str], Iterable[Plane]], name: str, bytes_per_px: int) -> int:
    """Memory that an image needs at least; 0 if it is not there."""
    try:
        return sum(needed_bytes(plane, bytes_per_px) for plane in planes(name))
    except UserError:
        return 0


def _fitting(where: Workers, wanted: int, need: int) -> tuple[Workers, str]:
    """Return as many processes as fit into memory, and why not as many as asked for; empty if they do."""
    free = free_bytes()
    if (fitting := max(1, free // need)) >= wanted:
        return where, ""
    gib = f"{need / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free"
    return Workers(workers=fitting), f"{fitting} of {where.workers} processes are used: each may need {gib}."


def _shared(out: Path, planes: Callable[[str], Iterable[Plane]], names: Sequence[str]) -> list[Path]:
    """Files from which another machine sees whether it has the same folders: locks of a run, and the first image."""
    found = [out, *out.glob(f"*{LOCK}")]
    with suppress(UserError):
        found += [plane.source.path for name in names[:1] for plane in planes(name) if plane.source.path is not None]
    return found


def _died(lost: Lost) -> UserError:
    """State in a sentence what became of the processes that were to work on an image."""
    return UserError(
        f"The process that worked on it {lost}{f', like {lost.times - 1} before' * (lost.times > 1)}.",
        "Memory may have run out: use fewer workers or smaller images, and run the same command again.",
    )
