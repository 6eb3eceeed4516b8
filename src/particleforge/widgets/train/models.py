"""The trained models of the workspace."""

from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from particleforge.widgets.workspace import MODELS, workspace
from particleforge.workflows.trained import Trained, trained_models

HEADER = ["Model", "Date", "Learned from", "Least prob."]
HEIGHT_PX = 120


class ModelList(QTreeWidget):
    """Name, date, source and threshold of every model, and which training was stopped."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels(HEADER)
        self.setRootIsDecorated(False)
        self.setFixedHeight(HEIGHT_PX)
        self.models: list[Trained] = []
        self.refresh()

    def refresh(self, running: Path | None = None) -> None:
        """Show the models there are now; one of them may be in training."""
        chosen = self.chosen()
        self.models = trained_models(workspace() / MODELS)
        self.clear()
        for model in self.models:
            state = "" if model.finished else " (running)" if model.path == running else " (stopped)"
            threshold = "" if model.prob_thresh is None else f"{model.prob_thresh:.2f}"
            item = QTreeWidgetItem(self, [model.name + state, f"{model.date:%Y-%m-%d}", model.source, threshold])
            item.setToolTip(0, f"{model.path}, {model.date:%Y-%m-%d %H:%M}")
            item.setData(0, Qt.ItemDataRole.UserRole, str(model.path))
            if chosen is not None and model.path == chosen.path:
                self.setCurrentItem(item)
        for column in range(len(HEADER)):
            self.resizeColumnToContents(column)

    def chosen(self) -> Trained | None:
        """Return the model of the selected row, or None."""
        item = self.currentItem()
        path = "" if item is None else item.data(0, Qt.ItemDataRole.UserRole)
        return next((model for model in self.models if str(model.path) == path), None)
