"""What is on disk of the annotation of an image, to notice that somebody else has changed it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from particleforge.errors import UserError
from particleforge.store.files import LOCK, disk_errors, sha256
from particleforge.store.originals import PARTS, files_of
from particleforge.store.pixel_sizes import PART as SCALE

State: TypeAlias = tuple[tuple[str, str], ...]
"""Path and fingerprint of each file."""
WAIT_S = 10.0
"""Longest time another program may take to write its changes."""


class ChangedElsewhere(UserError):
    """An annotation that was changed on disk since it was read."""


def state_of(folder: Path, name: str) -> State:
    """Return the state of the labels, strokes and pixel size of an image in an annotated folder."""
    return tuple((str(path), sha256(path)) for part in (*PARTS, SCALE) for path in files_of(folder, part, name))


@contextmanager
def unchanged(
    folder: Path, name: str, expected: State, state: Callable[[Path, str], State] = state_of
) -> Iterator[None]:
    """Keep others from writing into an annotated folder while its annotation of an image is replaced.

    Parameters
    ----------
    folder
        The annotated folder.
    name
        Name of the image.
    expected
        What should be on disk.
    state
        Reads what is on disk.

    Raises
    ------
    ChangedElsewhere
        If the state is not the expected one.
    UserError
        If the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, timeout=WAIT_S, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            raise UserError(f"Another program is writing to {folder}.", "Wait until it ends.") from None
    try:
        if state(folder, name) != expected:
            raise ChangedElsewhere(
                f"The annotation of {name} in {folder} was changed by another window or program since it was opened "
                "here; nothing was overwritten.",
                "Choose which one to keep.",
            )
        yield
    finally:
        with suppress(OSError):  # Windows does not remove a file that is open
            (folder / LOCK).unlink()
        lock.release()
