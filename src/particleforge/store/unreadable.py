"""What the readers of image files raise on files they cannot read."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from particleforge.errors import UserError

_BROKEN = (
    OSError,
    ValueError,  # TiffFileError is one
    TypeError,
    KeyError,
    IndexError,
    RuntimeError,
    SyntaxError,
    EOFError,
    MemoryError,  # a broken header can ask for any size
    ZeroDivisionError,
    struct.error,
    zlib.error,
)


@contextmanager
def unreadable(path: Path | None) -> Iterator[None]:
    """Turn everything readers raise on a missing or broken file into a `UserError`; without a file nothing is done."""
    if path is None:
        yield
        return
    if not path.exists():
        raise UserError(f"{path} does not exist.", "Check the path.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # broken EXIF and the like; the pixels count
            yield
    except _BROKEN as error:
        raise UserError(
            f"{path} cannot be read ({str(error).splitlines()[0] if str(error) else type(error).__name__}).",
            "Open it in the program that wrote it and save it again, best as TIFF.",
        ) from error
