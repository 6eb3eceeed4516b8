"""Which real image the synthetic ones are shown next to, and whether they take its intensities."""

from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox
from napari.layers import Image
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QCheckBox

from particleforge.widgets.background import Background
from particleforge.widgets.synthesize.side_by_side import Greys, reference

if TYPE_CHECKING:
    from napari import Viewer


class Compare(QObject):
    """The choice of a real image.

    `changed` is emitted after another choice, once the intensities are known; `failed` gives a `UserError`.

    Parameters
    ----------
    viewer
        Whose image layers are offered, except those made by a recipe.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, viewer: "Viewer") -> None:
        super().__init__()
        self._viewer = viewer
        self.chooser = ComboBox(nullable=True, choices=self._images)
        self.box = QCheckBox("Match intensities")
        self.box.setToolTip("Show synthetic images with the histogram of the real one; saved images do not change.")
        self.reference: Greys | None = None
        self._reading = Background()
        self._reading.done.connect(self._take)
        self._reading.failed.connect(self._fail)
        self.chooser.changed.connect(self._choose)
        self.box.toggled.connect(self._choose)
        self._choose()

    @property
    def real(self) -> Image | None:
        """The real image; None if none is chosen."""
        real: Image | None = self.chooser.value
        return real

    def adjust(self, layer: Image) -> None:
        """Show a layer with the contrast of the real image, if its intensities were matched."""
        real = self.real
        if self.reference is None or real is None or real.rgb:
            layer.reset_contrast_limits()
        else:
            layer.contrast_limits = real.contrast_limits

    def stop(self) -> None:
        """Drop the current request."""
        self._reading.drop()

    def _images(self, _: object) -> list[tuple[str, Image]]:
        images = [layer for layer in self._viewer.layers if isinstance(layer, Image)]
        return [(layer.name, layer) for layer in images if "particleforge" not in layer.metadata]

    def _choose(self, *_: object) -> None:
        real = self.real
        self.box.setEnabled(real is not None)
        if real is None or not self.box.isChecked():
            self._reading.drop()
            self._take(None)
            return
        point = tuple(self._viewer.dims.point)
        self._reading.run(lambda _: reference(real, point))

    def _fail(self, error: object) -> None:
        self._take(None)
        self.failed.emit(error)

    def _take(self, reference: Greys | None) -> None:
        self.reference = reference
        self.changed.emit()
