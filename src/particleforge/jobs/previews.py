"""Previews of a running step as small files, since arrays are not sent between processes."""

import time
from pathlib import Path
from typing import Any

PREVIEW_PX = 1024
"""Longest side of a preview."""
PREVIEW_SECONDS = 1.0
"""Minimum time between two previews."""
MAKING_SHARE = 0.03
"""Fraction of its time that a step may spend on making previews."""
KEPT = 2


class Previews:
    """Writes the latest previews of a step to a folder.

    A file is ``NAME.npz`` with ``step`` (the side of a preview pixel in pixels of the original) and either ``image``
    and ``labels`` of a sample, or ``array``, an array as the step yielded it.

    Parameters
    ----------
    folder
        A folder used for nothing else; empty: nothing is written.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._next_s = 0.0
        self._written: list[Path] = []
        self._count = 0

    def write(self, preview: Any) -> str | None:
        """Return the path of a preview; None if there is none, the last one is too recent, or the disk is full.

        A preview that takes time to make is passed as a function without arguments, which is called only as often as
        its share of the time allows.
        """
        began_s = time.monotonic()
        if not self._folder or began_s < self._next_s:
            return None
        made = preview() if callable(preview) else preview
        if not (arrays := _arrays(made)):
            return None
        made_s = time.monotonic()
        # The first one may have had to import things.
        pause_s = (made_s - began_s) / MAKING_SHARE if callable(preview) and self._count else 0.0
        self._next_s, self._count = made_s + max(PREVIEW_SECONDS, pause_s), self._count + 1
        path = Path(self._folder) / f"{self._count:06d}.npz"
        try:
            _save(path, arrays)
            self._written.append(path)
            while len(self._written) > KEPT:
                self._written.pop(0).unlink(missing_ok=True)
        except OSError:  # not a reason to end a step
            return None
        return str(path)


def _arrays(preview: Any) -> dict[str, Any]:
    """Arrays of a preview by their name in the file; empty if it has none."""
    if preview is None:
        return {}
    import numpy as np

    from particleforge.sample import Sample

    if isinstance(preview, Sample):
        return {"image": preview.micrograph.pixels, "labels": preview.labels}
    return {"array": preview} if isinstance(preview, np.ndarray) and preview.ndim >= 2 else {}


def _save(path: Path, arrays: dict[str, Any]) -> None:
    import numpy as np

    height, width = next(iter(arrays.values())).shape[:2]
    step = -(-max(height, width) // PREVIEW_PX)
    small = {name: array[::step, ::step] for name, array in arrays.items()}
    np.savez(path, step=np.array(step), **small)
