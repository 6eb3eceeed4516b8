"""The choice how whole particles are shown that overlap."""

from typing import TYPE_CHECKING

from napari.layers import Layer
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from particleforge.widgets.bench.check.whole_layers import labels_layer, outlines_layer
from particleforge.widgets.form.editor import guard_wheel

if TYPE_CHECKING:
    from particleforge.widgets.bench.work import Work

NOT, OUTLINES, LABELS = "not shown", "as outlines (Shapes layer)", "as labels, hidden parts on top"


class WholeRow(QWidget):
    """Shows the whole particles of an image as a layer; hidden where only visible parts are known."""

    def __init__(self) -> None:
        super().__init__()
        self.work: Work | None = None
        self.layer: Layer | None = None
        self.choice = QComboBox(self)
        self.choice.addItems([NOT, OUTLINES, LABELS])
        self.choice.setToolTip(
            "Particles that others hide in part, as the detector found them and as they are measured."
        )
        guard_wheel(self.choice)
        self.choice.activated.connect(self.refresh)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(QLabel("Whole particles", self))
        line.addWidget(self.choice, 1)
        self.setVisible(False)

    def take(self, work: "Work | None") -> None:
        """Show those of the image that is worked on, as chosen."""
        self._remove()
        self.work = work
        self.setVisible(work is not None and bool(work.loaded.saved.masks))
        if work is not None:
            self.refresh()

    def refresh(self, _: int = 0) -> None:
        """Show the layer that was chosen, with the particles as they are now."""
        self._remove()
        work, chosen = self.work, self.choice.currentText()
        if work is None or chosen == NOT:
            return
        labels = work.history.particles.snapshot()
        masks = work.loaded.saved.of(labels)
        if not masks:
            return
        self.layer = (
            outlines_layer(masks, work.image) if chosen == OUTLINES else labels_layer(masks, labels, work.image)
        )
        work.viewer.add_layer(self.layer)
        work.viewer.layers.selection.active = work.image

    def _remove(self) -> None:
        layer, self.layer = self.layer, None
        if layer is not None and self.work is not None and layer in self.work.viewer.layers:
            self.work.viewer.layers.remove(layer)
