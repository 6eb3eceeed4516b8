"""Choose the synthetic samples a detector learns from."""

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QSizePolicy, QVBoxLayout, QWidget

from particleforge.widgets.form.editor import guard_wheel
from particleforge.widgets.workspace import DATASETS, workspace

ON_THE_WAY = "Made on the way"


class GrownChooser(QWidget):
    """Samples cut and pasted while it learns, or a dataset that was grown before."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.box = QComboBox(self)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        guard_wheel(self.box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box)
        self.refresh()
        self.box.currentIndexChanged.connect(self.changed)

    def value(self) -> Path | None:
        """Return the dataset; None for samples made on the way."""
        chosen = self.box.currentData()
        return Path(chosen) if chosen else None

    def refresh(self) -> None:
        """Offer the datasets there are now."""
        chosen = self.box.currentData()
        self.box.blockSignals(True)
        self.box.clear()
        self.box.addItem(ON_THE_WAY, "")
        for path in sorted((workspace() / DATASETS).glob("*.zarr")):
            self.box.addItem(path.stem, str(path))
        self.box.setCurrentIndex(max(self.box.findData(chosen), 0))
        self.box.blockSignals(False)
