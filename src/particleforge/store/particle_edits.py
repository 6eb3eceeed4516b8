"""Saving the particles of an image again and again while a person corrects them.

Next to ``particles/NAME.tif`` lie ``background/NAME.tif``, where there certainly is no particle, and in ``originals/``
what other programs had written there.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.store.annotation_state import State, unchanged
from particleforge.store.files import atomic_write, disk_errors, new_part, sha256
from particleforge.store.labels import read_labels, write_labels
from particleforge.store.originals import ORIGINALS
from particleforge.store.particle_files import ImageParticles, is_ours, particle_file, write_particles

BACKGROUND = "background"


@dataclass(frozen=True, eq=False)
class Edited:
    """The particles of an image as a person has corrected them.

    Parameters
    ----------
    particles
        The particles.
    background
        (Y, X) bool, where there certainly is no particle.
    pixel_size_nm
        Along (Y, X), if known.
    """

    particles: ImageParticles
    background: npt.NDArray[np.bool_]
    pixel_size_nm: tuple[float, float] | None = None


def particles_state(folder: Path, name: str) -> State:
    """Return the state of the particles and the background of an image in a folder of particles."""
    files = (particle_file(folder, name), _background_file(folder, name))
    return tuple((str(path), sha256(path)) for path in files if path.is_file())


def read_background(folder: Path, name: str, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Read where there certainly is no particle; nowhere if that was not saved.

    Raises
    ------
    UserError
        If the file cannot be read, or is of an image of another shape.
    """
    path = _background_file(folder, name)
    if not path.is_file():
        return np.zeros(shape, bool)
    strokes = read_labels(path)
    if strokes.shape != shape:
        raise UserError(f"{path} has shape {strokes.shape}, but its image has {shape}.", "Move it out of the folder.")
    return strokes > 0


def save_edited(folder: Path, name: str, edited: Edited, expected: State, replace: bool = False) -> State:
    """Write corrected particles, completely or not at all; return what is on disk then.

    Labels that another program has written are kept in ``originals/``.

    Parameters
    ----------
    folder
        Folder of particles of a project.
    name
        Name of the image.
    edited
        What is written.
    expected
        What was on disk when it was last read or written.
    replace
        Whether to replace what somebody else has written since; that is kept in ``originals/``, too.

    Raises
    ------
    ChangedElsewhere
        If somebody else has changed it.
    UserError
        If the disk is full or not writable.
    """
    path = particle_file(folder, name)
    with unchanged(folder, name, particles_state(folder, name) if replace else expected, particles_state):
        if path.is_file() and (replace or not is_ours(path)):
            _keep(path)
        background = _background_file(folder, name)
        if edited.background.any():
            new_part(folder, BACKGROUND)
            write_labels(background, edited.background.astype(np.uint8))
        elif background.is_file():
            with disk_errors(background):
                background.unlink()
        write_particles(folder, name, edited.particles, edited.pixel_size_nm)
        return particles_state(folder, name)


def _background_file(folder: Path, name: str) -> Path:
    return folder / BACKGROUND / f"{name}.tif"


def _keep(path: Path) -> None:
    """Copy a file to ``originals/``, next to earlier copies."""
    into, number = new_part(path.parent, ORIGINALS), 1
    kept = into / path.name
    while kept.exists():
        number += 1
        kept = into / f"{path.stem}-{number}{path.suffix}"
    with atomic_write(kept) as temporary:
        shutil.copy2(path, temporary)
