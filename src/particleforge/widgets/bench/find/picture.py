"""What a detector finds during training."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QImage, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from particleforge.wording import plural

HEIGHT_PX = 200
OUTLINE = (255, 176, 0)
TEXT_PX = 18


class Picture(QWidget):
    """A part of an annotated image with the outlines of the particles found; hidden until there is one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.found = 0
        self._image = QImage()
        self.setToolTip("Part of an annotated image, evaluated every few seconds.")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def sizeHint(self) -> QSize:
        """Keep the height."""
        return QSize(280, HEIGHT_PX)

    def show_file(self, path: str) -> None:
        """Show the file of a preview; nothing changes if it is gone."""
        try:
            with np.load(Path(path)) as file:
                grey, labels = file["image"], file["labels"]
        except (OSError, ValueError, KeyError):  # replaced by a later one
            return
        self.found = len(np.unique(labels[labels > 0]))
        pixels = outlined(grey, labels)
        height, width = pixels.shape[:2]
        self._image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the picture as large as it fits, with its caption."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        room = QRectF(self.rect()).adjusted(0, 0, 0, -TEXT_PX)
        size = self._image.size().scaled(room.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        left = (room.width() - size.width()) / 2
        painter.drawImage(QRectF(left, 0, size.width(), size.height()), self._image)
        text = QRectF(0, size.height() + 2, room.width(), TEXT_PX)
        painter.drawText(text, Qt.AlignmentFlag.AlignHCenter, f"{plural(self.found, 'particle')} found here so far")
        painter.end()


def outlined(grey: npt.NDArray[Any], labels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Draw the outlines of particles on an image.

    Parameters
    ----------
    grey, labels
        (Y, X) each.

    Returns
    -------
    (Y, X, 3) uint8
    """
    low, high = np.percentile(grey, (0.5, 99.5))
    shown = np.clip((grey - low) * (255 / max(high - low, 1e-6)), 0, 255).astype(np.uint8)
    padded = np.pad(labels, 1, mode="edge")
    neighbours = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    rim = (labels > 0) & np.any([labels != other for other in neighbours], axis=0)
    coloured = np.repeat(shown[..., None], 3, axis=-1)
    coloured[rim] = OUTLINE
    return np.ascontiguousarray(coloured)
