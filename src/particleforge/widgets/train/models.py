"""The trained models of the workspace."""

from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from particleforge.models.trained import Trained, trained_models
from particleforge.widgets.qt import present
from particleforge.widgets.workspace import MODELS, workspace

HEADER = {
    "Model": "Name; select a stopped training to resume it.",
    "Date": "Date of the last change.",
    "Score": "Quality on annotated images not used for training. F1: 1 if every particle and nothing else is found.",
    "Size": "Size of the folder.",
    "Trained on": "Annotated images it was trained on.",
}
HEIGHT_PX = 120


class ModelList(QTreeWidget):
    """Every model with its state, date, score, size and source; hidden if there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels(list(HEADER))
        for column, tip in enumerate(HEADER.values()):
            present(self.headerItem()).setToolTip(column, tip)
        self.setRootIsDecorated(False)
        self.setFixedHeight(HEIGHT_PX)
        self.models: list[Trained] = []
        self.refresh()

    def refresh(self, running: Path | None = None) -> None:
        """Update the list of models; one of them may be in training."""
        chosen = self.chosen()
        self.models = trained_models(workspace() / MODELS)
        self.clear()
        for model in self.models:
            state = "" if model.finished else " (running)" if model.path == running else " (stopped)"
            score, size = _scores(model), f"{model.size_bytes / 1e6:.1f} MB"
            item = QTreeWidgetItem(self, [model.name + state, f"{model.date:%Y-%m-%d}", score, size, model.source])
            item.setToolTip(0, f"{model.path}, {model.date:%Y-%m-%d %H:%M}")
            item.setData(0, Qt.ItemDataRole.UserRole, str(model.path))
        if chosen is not None:
            self.choose(chosen.path)
        for column in range(len(HEADER)):
            self.resizeColumnToContents(column)
        self.setVisible(bool(self.models))

    def choose(self, path: Path) -> None:
        """Select a model."""
        for row, model in enumerate(self.models):
            if model.path == path:
                self.setCurrentItem(self.topLevelItem(row))

    def chosen(self) -> Trained | None:
        """Return the model of the selected row, or None."""
        item = self.currentItem()
        path = "" if item is None else item.data(0, Qt.ItemDataRole.UserRole)
        return next((model for model in self.models if str(model.path) == path), None)


def _scores(model: Trained) -> str:
    return ", ".join(f"{name.upper() if name == 'f1' else name} {value:.2f}" for name, value in model.scores.items())
