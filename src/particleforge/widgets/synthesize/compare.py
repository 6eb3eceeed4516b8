"""Which real image the synthetic ones are beside of, and whether they take its intensities."""

from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox
from napari.layers import Image
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QCheckBox

from particleforge.widgets.background import Background
from particleforge.widgets.synthesize.beside import Greys, reference

if TYPE_CHECKING:
    from napari import Viewer


class Compare(QObject):
    """The choice of a real image.

    `changed` follows another choice, once the intensities are known; `failed` gives a `UserError`.

    Parameters
    ----------
    viewer
        Whose image layers are offered, but those that were made by a recipe.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, viewer: "Viewer") -> None:
        super().__init__()
        self._viewer = viewer
        self.chooser = ComboBox(nullable=True, choices=self._images)
        self.box = QCheckBox("Match intensities")
        self.box.setToolTip("Show synthetic images with the histogram of the real one; what is written stays as it is.")
        self.reference: Greys | None = None
        self._reading = Background()
        self._reading.done.connect(self._take)
        self._reading.failed.connect(self._fail)
        self.chooser.changed.connect(self._choose)
        self.box.toggled.connect(self._choose)
        self._choose()

    @property
    def real(self) -> Image | None:
        """The real image; None where none is chosen."""
        real: Image | None = self.chooser.value
        return real

    def adjust(self, layer: Image) -> None:
        """Show the greys of a layer as those of the real image are shown, where they were matched."""
        real = self.real
        if self.reference is None or real is None or real.rgb:
            layer.reset_contrast_limits()
        else:
            layer.contrast_limits = real.contrast_limits

    def stop(self) -> None:
        """Forget what was asked."""
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
