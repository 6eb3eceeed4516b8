"""Choose a trained model."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from particleforge.models.kind import bundled
from particleforge.models.trained import trained_estimators, trained_models
from particleforge.widgets.form.editor import guard_wheel
from particleforge.widgets.workspace import MODELS, workspace

BUILT_IN = ("Built-in detector", "base")
Offer: TypeAlias = tuple[str, str]
"""Text and value of a choice."""


def detectors(folder: Path) -> list[Offer]:
    """Detectors of a folder that can be used."""
    found = [model for model in trained_models(folder) if model.usable]
    return [(model.name if model.finished else f"{model.name} (stopped early)", str(model.path)) for model in found]


def estimators(folder: Path) -> list[Offer]:
    """Estimators of a folder, behind the one that comes along, where it does."""
    own = [(f"Built-in ({name})", name) for name in bundled("estimator")]
    return own + [(path.name, str(path)) for path in trained_estimators(folder)]


class ModelChooser(QWidget):
    """The built-in detector, the models of the workspace, or any other model folder.

    Parameters
    ----------
    first
        What is always there.
    offered
        What a folder of models has to offer.
    tip
        What other folders may be taken.
    """

    changed = Signal()

    def __init__(
        self,
        first: Sequence[Offer] = (BUILT_IN,),
        offered: Callable[[Path], list[Offer]] = detectors,
        tip: str = "Take a model from any folder: one of ours or an official StarDist 2D model.",
    ) -> None:
        super().__init__()
        self._first, self._offered = list(first), offered
        self._browsed: list[Path] = []
        self.box = QComboBox(self)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        guard_wheel(self.box)
        self.button = QPushButton("…", self)
        self.button.setToolTip(tip)
        self.button.setFixedWidth(32)
        self.button.clicked.connect(self._browse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box, 1)
        layout.addWidget(self.button)
        self.refresh()
        self.box.currentIndexChanged.connect(self.changed)

    def value(self) -> str:
        """Return ``base``, or the folder of a model; nothing where there is no model."""
        return str(self.box.currentData() or "")

    def set_value(self, value: str | Path) -> None:
        """Choose a model; one that is not offered is added."""
        with QSignalBlocker(self.box):
            if self.box.findData(str(value)) < 0:
                self._browsed.append(Path(value))
                self.refresh()
            self.box.setCurrentIndex(self.box.findData(str(value)))
        self.changed.emit()

    def refresh(self) -> None:
        """Offer the models there are now."""
        chosen = self.box.currentData()
        with QSignalBlocker(self.box):
            self.box.clear()
            for text, value in (*self._first, *self._offered(workspace() / MODELS)):
                self.box.addItem(text, value)
            for path in self._browsed:
                if self.box.findData(str(path)) < 0:
                    self.box.addItem(path.name, str(path))
            self.box.setCurrentIndex(max(self.box.findData(chosen), 0))

    def _browse(self) -> None:
        start = workspace() / MODELS
        folder = QFileDialog.getExistingDirectory(self, "Folder of a model", str(start if start.is_dir() else ""))
        if folder:
            self.set_value(folder)
