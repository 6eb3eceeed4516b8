"""Memory: images that need more than is free are refused before they are read."""

import math
from collections.abc import Iterable
from pathlib import Path

from particleforge.errors import UserError
from particleforge.store.source import Plane

_LIMIT, _USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


def check_memory(planes: Iterable[Plane], bytes_per_px: int) -> None:
    """Check that planes can be read and measured.

    Parameters
    ----------
    planes
        Planes to read.
    bytes_per_px
        What is needed per pixel at least, in addition to the pixels themselves.

    Raises
    ------
    UserError
        If they need more memory than is free.
    """
    for plane in planes:
        source = plane.source
        shape = dict(zip(source.axes, source.pixels.shape, strict=True))
        values = math.prod(length for axis, length in shape.items() if axis in "YXC")
        need = values * source.pixels.dtype.itemsize + shape["Y"] * shape["X"] * bytes_per_px
        free = free_bytes()
        if need > free:
            raise UserError(
                f"{plane.place} has {shape['Y']} x {shape['X']} pixels; measuring it needs about "
                f"{need / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free.",
                "Cut the image into parts, make it smaller, or use a computer with more memory.",
            )


def free_bytes() -> int:
    """Memory that this process can still use, also where a container or a queue limits it."""
    import psutil  # type: ignore[import-untyped]

    free = int(psutil.virtual_memory().available)
    try:
        return min(free, int(_LIMIT.read_text()) - int(_USED.read_text()))
    except (OSError, ValueError):  # another system, or no limit
        return free
