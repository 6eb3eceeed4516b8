"""Previews of a running step as small files, since arrays do not travel between processes."""

import time
from pathlib import Path
from typing import Any

PREVIEW_PX = 1024
"""Longest side of a preview."""
PREVIEW_SECONDS = 1.0
"""Least time between two previews."""
KEPT = 2


class Previews:
    """Writes the latest previews of a step to a folder.

    A file is ``NAME.npz`` with ``step``, the side of its pixels in pixels of what it shows, and either ``image`` and
    ``labels`` of a sample, with ``pixel_size_nm`` along (Y, X) if it is known, or ``array``, as the step gave it.

    Parameters
    ----------
    folder
        A folder of their own, or empty: nothing is written.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._last_s = -PREVIEW_SECONDS
        self._written: list[Path] = []
        self._count = 0

    def write(self, preview: Any) -> str | None:
        """Path of a preview, or None where there is nothing to show, the last one is too fresh, or the disk is full."""
        now_s = time.monotonic()
        if not self._folder or now_s - self._last_s < PREVIEW_SECONDS or not (arrays := _arrays(preview)):
            return None
        self._last_s, self._count = now_s, self._count + 1
        path = Path(self._folder) / f"{self._count:06d}.npz"
        try:
            _save(path, arrays)
            self._written.append(path)
            while len(self._written) > KEPT:
                self._written.pop(0).unlink(missing_ok=True)
        except OSError:  # nothing a step should end for
            return None
        return str(path)


def _arrays(preview: Any) -> dict[str, Any]:
    """Arrays of a preview by their name in the file; empty where it holds none."""
    if preview is None:
        return {}
    import numpy as np

    from particleforge.sample import Sample

    if isinstance(preview, Sample):
        arrays = {"image": preview.micrograph.pixels, "labels": preview.labels}
        size_nm = preview.micrograph.pixel_size_nm
        return arrays if size_nm is None else arrays | {"pixel_size_nm": np.array(size_nm)}
    return {"array": preview} if isinstance(preview, np.ndarray) and preview.ndim >= 2 else {}


def _save(path: Path, arrays: dict[str, Any]) -> None:
    import numpy as np

    height, width = next(iter(arrays.values())).shape[:2]
    step = -(-max(height, width) // PREVIEW_PX)
    small = {name: array[::step, ::step] if array.ndim > 1 else array for name, array in arrays.items()}
    np.savez(path, step=np.array(step), **small)
