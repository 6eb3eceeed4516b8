"""Errors raised by readers of image files for files they cannot read."""

import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from particleforge.errors import Cancelled, UserError

BROKEN = (
    OSError,
    ValueError,  # TiffFileError is one
    TypeError,
    KeyError,
    IndexError,
    RuntimeError,
    AssertionError,
    AttributeError,
    OverflowError,
    SyntaxError,
    EOFError,
    MemoryError,  # a broken header can request any size
    ZeroDivisionError,
    struct.error,
    zlib.error,
)
"""What readers of files raise for a broken one."""

AT_URL = "Check the connection, then run the same command again."


@contextmanager
def unreadable(
    path: Path | str | None, hint: str = "Open it in the program that wrote it and save it again, preferably as TIFF."
) -> Iterator[None]:
    """Turn all errors of readers on a missing or broken file or URL into a `UserError`; without one do nothing."""
    if path is None:
        yield
        return
    if isinstance(path, str):
        hint = AT_URL
    elif not path.exists():
        raise UserError(f"{path} does not exist.", "Check the path.")
    try:
        with warnings.catch_warnings(), _unlogged("tifffile"):
            warnings.simplefilter("ignore", UserWarning)  # broken EXIF data and similar; the pixels are what matters
            yield
    except (UserError, Cancelled):
        raise
    except Exception as error:
        why = str(error).splitlines()[0] if str(error) else f"it is damaged: {type(error).__name__}"
        if isinstance(error, (struct.error, EOFError)):
            why = "it is cut short or damaged"
        raise UserError(f"{path} cannot be read ({why}).", hint) from error


@contextmanager
def _unlogged(library: str) -> Iterator[None]:
    """Keep what a library logs from the console, where it would go if the program sets up no logging."""
    logger, handler = logging.getLogger(library), logging.NullHandler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
