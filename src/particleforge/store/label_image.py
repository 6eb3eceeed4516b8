"""Labels of large images: `labels/NAME` of an OME-Zarr, written shard by shard."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.store.files import disk_errors
from particleforge.store.pyramid import Layout, Pyramid, Window
from particleforge.store.unreadable import unreadable

LABELS = "labels"
"""Group of all label images of a store."""
HINT = "Choose another place for the output."


class LabelImage(Pyramid):
    """Ids of particles on disk, uint32, 0 for none; coarser levels hold every second pixel.

    Make one by `LabelImage.in_store`, open one by `LabelImage(path)`. Those of other programs are read by
    `store.labels.open_labels`.
    """

    @classmethod
    def in_store(cls, store: Path, name: str, layout: Layout) -> Self:
        """Create `labels/NAME` of a store, or open the same one to continue it.

        Only one process may create; all may open and write.

        Parameters
        ----------
        store
            NAME.zarr, created where it is not there yet. If it is an image, these are its labels.
        name
            Of the label image.
        layout
            Its shape and scale.

        Raises
        ------
        UserError
            If the store is not a group of zarr format 3, something else is at `labels/NAME`, or it cannot be written.
        """
        import zarr

        if (store / ".zgroup").exists():
            raise UserError(
                f"{store} has zarr format 2; labels are written as OME-Zarr 0.5, which needs format 3.", HINT
            )
        with disk_errors(store), unreadable(store if store.exists() else None, HINT):
            root = zarr.open_group(store, mode="a", zarr_format=3)
            group = root.require_group(LABELS)
        image = {"source": {"image": "../../"}} if "multiscales" in _ome(root) else {}
        found = cls.create(store / LABELS / name, layout, "uint32", {"image-label": image})
        if name not in (names := _ome(group).get("labels", [])):
            with disk_errors(store):
                group.attrs["ome"] = {"version": "0.5", "labels": [*names, name]}
        return found

    def highest(self) -> int:
        """Highest id; all labels are read, part by part.

        Raises
        ------
        UserError
            If a part is not written yet, or damaged.
        """
        return max(int(self.read(self.window(shard)).max()) for shard in self.shards())

    def halved(self, level: int, window: Window) -> npt.NDArray[np.uint32]:
        """Every second pixel of a window; numbers of particles have no mean."""
        rows, columns = (slice(side.start, side.stop, 2) for side in window[-2:])
        return self.read((*window[:-2], rows, columns), level)


def _ome(group: Any) -> dict[str, Any]:
    return dict(group.attrs.get("ome", {}))
