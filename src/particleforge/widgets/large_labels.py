"""Labels of large images corrected in napari, a part at a time: labels of several levels cannot be painted."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from particleforge.errors import UserError
from particleforge.store.label_image import LabelImage
from particleforge.store.labels import open_labels
from particleforge.store.pyramid import Window
from particleforge.store.run_folder import alone
from particleforge.widgets.active import FILE, KEY
from particleforge.widgets.large_layers import STORE, levels
from particleforge.widgets.layers import geometry
from particleforge.widgets.message import Message
from particleforge.widgets.overlays import camera
from particleforge.widgets.proxies import plain
from particleforge.widgets.unexpected import shown_by
from particleforge.wording import plural

if TYPE_CHECKING:
    from napari import Viewer

PART_PX = 1024
ABOUT = (
    f"Labels of large images are corrected in parts of {PART_PX} px: go to the place, open the part in the middle of "
    "the view, paint, and save it. Tables keep the sizes from before until the labels are measured again."
)


@dataclass
class Part:
    """Part of the labels of a large image, as a layer that can be painted.

    Parameters
    ----------
    whole
        Layer that shows all of them.
    window
        Which part it is, in pixels of the finest level.
    layer
        Shows the part.
    """

    whole: Labels
    window: Window
    layer: Labels

    @classmethod
    def middle(cls, viewer: "Viewer", whole: Labels) -> "Part":
        """Open the part in the middle of the view as a layer of its own.

        Raises
        ------
        UserError
            If it cannot be read.
        """
        window = _middle(viewer, whole)
        labels = LabelImage(folder_of(whole)).read(window)
        place = geometry(whole)
        place["translate"] = whole.data_to_world([side.start for side in window])
        layer = Labels(labels, name=f"part of {whole.name}", opacity=whole.opacity, **place)
        viewer.add_layer(layer)
        viewer.layers.selection.active = layer
        return cls(whole, window, layer)

    def save(self) -> int:
        """Write the part and what depends on it of the coarser levels; return how many particles are new.

        New particles get ids that no other particle of the image has.

        Raises
        ------
        UserError
            If it cannot be written, or another run writes the same labels.
        """
        folder = folder_of(self.whole)
        stored, labels = LabelImage(folder), np.asarray(self.layer.data)
        busy = UserError(f"Another run is writing to {folder}.", "Wait until it ends.")
        with alone(folder.with_name(f".{folder.name}.lock"), busy):
            new = np.setdiff1d(labels, np.append(stored.read(self.window), 0))
            if new.size:
                free = np.arange(new.size, dtype=np.uint32) + np.uint32(stored.highest() + 1)
                added = np.isin(labels, new)
                labels = labels.copy()
                labels[added] = free[np.searchsorted(new, labels[added])]
                self.layer.data = labels
            stored.correct(self.window, labels)
        self.whole.data = levels(open_labels(folder), False)
        return int(new.size)


def folder_of(layer: Labels) -> Path:
    """Folder of the labels that a layer shows.

    Raises
    ------
    UserError
        If it does not show labels of an OME-Zarr.
    """
    mark = layer.metadata.get(KEY)
    if not layer.multiscale or not isinstance(mark, dict) or mark.get("role") != STORE:
        raise UserError(f"{layer.name} does not show labels of an OME-Zarr with several levels.", "Paint it as it is.")
    return Path(mark[FILE])


def _middle(viewer: "Viewer", layer: Labels) -> Window:
    point = list(viewer.dims.point)
    displayed = viewer.dims.displayed
    for axis, value in zip(displayed, camera(viewer).center[-len(displayed) :], strict=True):
        point[axis] = value
    *before, y, x = layer.world_to_data(point[-layer.ndim :])
    *_, height, width = layer.data[0].shape
    planes = tuple(slice(round(at), round(at) + 1) for at in before)
    return (*planes, _around(float(y), height), _around(float(x), width))


def _around(middle: float, length: int) -> slice:
    start = int(np.clip(round(middle) - PART_PX // 2, 0, max(0, length - PART_PX)))
    return slice(start, min(start + PART_PX, length))


class LargeLabels(QWidget):
    """Corrects labels of large images.

    Parameters
    ----------
    napari_viewer
        Shows them.
    """

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__()
        self._viewer = plain(napari_viewer)
        self.part: Part | None = None
        self.message, about = Message(), QLabel(ABOUT)
        about.setWordWrap(True)
        self.open, self.save = QPushButton("Correct the middle of the view"), QPushButton("Save this part")
        self.open.clicked.connect(self._open)
        self.save.clicked.connect(self._save)
        box = QVBoxLayout(self)
        for one in (about, self.open, self.save, self.message):
            box.addWidget(one)
        box.addStretch()
        self._viewer.layers.events.removed.connect(self._show)
        self._show()

    def _show(self) -> None:
        """Offer what is possible."""
        if self.part is not None and self.part.layer not in self._viewer.layers:
            self.part = None
        self.open.setEnabled(self.part is None)
        self.save.setEnabled(self.part is not None)

    def _open(self) -> None:
        with shown_by(self.message.warn):
            self.part = Part.middle(self._viewer, self._chosen())
            self.message.report("")
        self._show()

    def _save(self) -> None:
        part = self.part
        if part is None:
            return
        with shown_by(self.message.warn):
            new = part.save()
            self._viewer.layers.remove(part.layer)
            self.message.report(f"Saved; {plural(new, 'new particle')}.")

    def _chosen(self) -> Labels:
        """Return the active labels if they are large, else the topmost large ones."""
        active = self._viewer.layers.selection.active
        for layer in (active, *reversed(self._viewer.layers)):
            if isinstance(layer, Labels) and layer.multiscale:
                return layer
        raise UserError("There are no labels of a large image.", "Open its OME-Zarr first.")
