"""Choose a trained detector."""

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from particleforge.widgets.form.editor import guard_wheel
from particleforge.widgets.workspace import MODELS, workspace
from particleforge.workflows.trained import trained_models

BUILT_IN = ("Built-in detector", "base")


class ModelChooser(QWidget):
    """The built-in detector, the models of the workspace, or any other model folder.

    Parameters
    ----------
    first
        Pairs of text and value that are always there.
    """

    changed = Signal()

    def __init__(self, first: Sequence[tuple[str, str]] = (BUILT_IN,)) -> None:
        super().__init__()
        self._first, self._browsed = list(first), []
        self.box = QComboBox(self)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        guard_wheel(self.box)
        self.button = QPushButton("…", self)
        self.button.setToolTip("Take a model from any folder: one of ours or an official StarDist 2D model.")
        self.button.setFixedWidth(32)
        self.button.clicked.connect(self._browse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box, 1)
        layout.addWidget(self.button)
        self.refresh()
        self.box.currentIndexChanged.connect(lambda _: self.changed.emit())

    def value(self) -> str:
        """Return ``base``, or the folder of a model."""
        return str(self.box.currentData())

    def set_value(self, value: str | Path) -> None:
        """Choose a model; one that is not offered is added."""
        if self.box.findData(str(value)) < 0:
            self._browsed.append(Path(value))
            self.refresh()
        self.box.setCurrentIndex(self.box.findData(str(value)))

    def refresh(self) -> None:
        """Offer the models there are now."""
        chosen = self.box.currentData()
        self.box.blockSignals(True)
        self.box.clear()
        for text, value in self._first:
            self.box.addItem(text, value)
        for model in trained_models(workspace() / MODELS):
            if model.usable:
                self.box.addItem(model.name if model.finished else f"{model.name} (stopped early)", str(model.path))
        for path in self._browsed:
            if self.box.findData(str(path)) < 0:
                self.box.addItem(path.name, str(path))
        self.box.setCurrentIndex(max(self.box.findData(chosen), 0))
        self.box.blockSignals(False)

    def _browse(self) -> None:
        start = workspace() / MODELS
        folder = QFileDialog.getExistingDirectory(self, "Folder of a model", str(start if start.is_dir() else ""))
        if folder:
            self.set_value(folder)
