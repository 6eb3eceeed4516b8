"""Choose a trained model."""

from pathlib import Path
from typing import TypeAlias

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from particleforge.models.kind import bundled
from particleforge.models.trained import trained_models
from particleforge.widgets.form.editor import guard_wheel
from particleforge.widgets.workspace import MODELS, workspace

Offer: TypeAlias = tuple[str, str]
"""Text and value of a choice."""
SCRATCH: Offer = ("None (from scratch)", "scratch")


def built_in(role: str, trainable: bool = False) -> list[Offer]:
    """Built-in models of a role: all, or those that can be trained further."""
    offered = bundled(role).items()
    return [(f"Built-in: {name} ({kind.title})", name) for name, kind in offered if kind.Training or not trainable]


def own_models(folder: Path, role: str) -> list[Offer]:
    """Models of a role in a folder that can be used."""
    found = [model for model in trained_models(folder, role) if model.usable]
    return [(model.name if model.finished else f"{model.name} (stopped early)", str(model.path)) for model in found]


class ModelChooser(QWidget):
    """The built-in models of a role, those of the project and of the workspace, or any other model folder.

    Parameters
    ----------
    role
        Role of the models.
    starting
        Whether training starts from it: then only models that can be trained are offered, and none at all as a choice.
    """

    changed = Signal()

    def __init__(self, role: str = "detector", starting: bool = False) -> None:
        super().__init__()
        self._role, self._first = role, [*built_in(role, starting), *([SCRATCH] if starting else [])]
        self._folder: Path | None = None
        self._browsed: list[Path] = []
        self.box = QComboBox(self)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        guard_wheel(self.box)
        self.button = QPushButton("…", self)
        self.button.setToolTip("Choose any model folder, made by ParticleForge or another program.")
        self.button.setFixedWidth(32)
        self.button.clicked.connect(self._browse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box, 1)
        layout.addWidget(self.button)
        self.refresh()
        self.box.currentIndexChanged.connect(self.changed)

    def value(self) -> str:
        """Return the name of a built-in model or the folder of a model; empty if there is none."""
        return str(self.box.currentData() or "")

    def set_value(self, value: str | Path) -> None:
        """Choose a model; one that is not offered is added."""
        with QSignalBlocker(self.box):
            if self.box.findData(str(value)) < 0:
                self._browsed.append(Path(value))
                self.refresh()
            self.box.setCurrentIndex(self.box.findData(str(value)))
        self.changed.emit()

    def set_folder(self, folder: Path | None) -> None:
        """Offer the models of a folder first, such as those of a project; None: those of the workspace only."""
        self._folder = folder
        self.refresh()

    @property
    def _folders(self) -> list[Path]:
        """Where models are looked for."""
        return list(dict.fromkeys(folder for folder in (self._folder, workspace() / MODELS) if folder is not None))

    def refresh(self) -> None:
        """Update the models offered."""
        chosen = self.box.currentData()
        with QSignalBlocker(self.box):
            self.box.clear()
            own = [offer for folder in self._folders for offer in own_models(folder, self._role)]
            for text, value in (*self._first, *own):
                self.box.addItem(text, value)
            for path in self._browsed:
                if self.box.findData(str(path)) < 0:
                    self.box.addItem(path.name, str(path))
            self.box.setCurrentIndex(max(self.box.findData(chosen), 0))

    def _browse(self) -> None:
        start = self._folders[0]
        folder = QFileDialog.getExistingDirectory(self, "Choose a model folder", str(start if start.is_dir() else ""))
        if folder:
            self.set_value(folder)
