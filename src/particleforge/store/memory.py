"""Memory: images that need more than is free are refused before they are read."""

import math
from collections.abc import Iterable
from pathlib import Path

from particleforge.errors import UserError
from particleforge.store.source import Plane

_CGROUP = Path("/sys/fs/cgroup")
_LIMIT, _USED, _PARTS = _CGROUP / "memory.max", _CGROUP / "memory.current", _CGROUP / "memory.stat"


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
        need, free = needed_bytes(plane, bytes_per_px), free_bytes()
        if need > free:
            shape = _shape(plane)
            raise UserError(
                f"{plane.place} has {shape['Y']} x {shape['X']} pixels; measuring it needs about "
                f"{need / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free.",
                "Cut the image into parts, make it smaller, or use a computer with more memory.",
            )


def needed_bytes(plane: Plane, bytes_per_px: int) -> int:
    """Memory that a plane needs; see `check_memory`."""
    source, shape = plane.source, _shape(plane)
    values: int = math.prod(length for axis, length in shape.items() if axis in "YXC")
    return values * int(source.pixels.dtype.itemsize) + shape["Y"] * shape["X"] * bytes_per_px


def _shape(plane: Plane) -> dict[str, int]:
    """Length of each axis of the image that a plane belongs to."""
    return dict(zip(plane.source.axes, plane.source.pixels.shape, strict=True))


def free_bytes() -> int:
    """Memory that this process can still use, also where a container or ``ulimit`` limits it."""
    import psutil  # type: ignore[import-untyped]

    free, process = int(psutil.virtual_memory().available), psutil.Process()
    if hasattr(process, "rlimit"):  # Linux
        most, _ = process.rlimit(psutil.RLIMIT_AS)
        free = free if most == psutil.RLIM_INFINITY else min(free, most - process.memory_info().vms)
    try:
        parts = dict(line.split() for line in _PARTS.read_text().splitlines())
        files = int(parts["active_file"]) + int(parts["inactive_file"])  # given back when memory is needed
        return min(free, int(_LIMIT.read_text()) - int(_USED.read_text()) + files)
    except (OSError, ValueError, KeyError):  # another system, or no limit
        return free
