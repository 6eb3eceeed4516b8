"""Choose the synthetic samples a detector is trained on."""

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QSizePolicy, QVBoxLayout, QWidget

from particleforge.widgets.form.editor import guard_wheel
from particleforge.widgets.workspace import DATASETS, workspace

DURING_TRAINING = "Generated during training"


class DatasetChooser(QWidget):
    """Samples generated during training, or an existing dataset."""

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
        """Return the dataset; None for samples generated during training."""
        chosen = self.box.currentData()
        return Path(chosen) if chosen else None

    def refresh(self) -> None:
        """Update the datasets offered."""
        chosen = self.box.currentData()
        self.box.blockSignals(True)
        self.box.clear()
        self.box.addItem(DURING_TRAINING, "")
        for path in sorted((workspace() / DATASETS).glob("*.zarr")):
            self.box.addItem(path.stem, str(path))
        self.box.setCurrentIndex(max(self.box.findData(chosen), 0))
        self.box.blockSignals(False)
