"""Thumbnails of the ready-made recipes to choose from."""

from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtGui import QIcon, QResizeEvent
from qtpy.QtWidgets import QListView, QListWidget, QListWidgetItem, QSizePolicy

from particleforge.widgets.qt import present
from particleforge.widgets.synthesize.library import ready_recipes

PICTURE_PX, CELL_PX, ROWS = 66, QSize(82, 100), 2


class Gallery(QListWidget):
    """A grid of thumbnails; `chosen` gives the name of a recipe."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
        self.setGridSize(CELL_PX)
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # else columns change when it appears
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(ROWS * CELL_PX.height() + 2 * self.frameWidth())
        for ready in ready_recipes():
            item = QListWidgetItem(QIcon(str(ready.thumbnail)), ready.name.replace("_", " "), self)
            item.setData(Qt.ItemDataRole.UserRole, ready.name)
            item.setToolTip(f"{ready.name}: {ready.about}")
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.currentItemChanged.connect(self._emit_chosen)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Let the columns share the width."""
        super().resizeEvent(event)
        width = present(self.viewport()).width() - 1
        self.setGridSize(QSize(width // max(1, width // CELL_PX.width()), CELL_PX.height()))
        self.doItemsLayout()  # type: ignore[attr-defined]  # not declared
        if self.currentItem() is None:
            self.scrollToTop()
        else:
            self.scrollToItem(self.currentItem())

    def choose(self, name: str) -> None:
        """Choose a recipe as a click on it does."""
        items = [present(self.item(row)) for row in range(self.count())]
        self.setCurrentItem(next(item for item in items if item.data(Qt.ItemDataRole.UserRole) == name))

    def clear_choice(self) -> None:
        """Choose none."""
        with QSignalBlocker(self):
            self.setCurrentItem(None)
            self.clearSelection()

    def _emit_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))
