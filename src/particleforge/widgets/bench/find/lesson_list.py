"""The images that teach, to be ticked."""

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtGui import QIcon, QPixmap
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from particleforge.widgets.bench.find.lessons import Example
from particleforge.widgets.qt import present

HEADER = {
    "Learn from": "Ticked images are learned from.",
    "Sure": "Number of particles that you have confirmed, drawn or corrected.",
    "Background": "What is known to be no particle: everything else in the image, what you have brushed, or nothing.",
}
THUMBNAIL_PX, HEIGHT_PX = 28, 150
IMAGE, SURE, BACKGROUND = range(len(HEADER))


class LessonList(QTreeWidget):
    """Images with particles that a person is sure of; `ticked` gives the name of one and whether it now teaches."""

    ticked = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels(list(HEADER))
        for column, tip in enumerate(HEADER.values()):
            present(self.headerItem()).setToolTip(column, tip)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setIconSize(QSize(THUMBNAIL_PX, THUMBNAIL_PX))
        self.setFixedHeight(HEIGHT_PX)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = present(self.header())
        header.setStretchLastSection(False)
        header.setSectionResizeMode(IMAGE, QHeaderView.ResizeMode.Stretch)
        self.itemChanged.connect(self._tick)

    def show_examples(self, examples: Sequence[Example]) -> None:
        """List other images."""
        place = present(self.verticalScrollBar()).value()
        with QSignalBlocker(self):
            self.clear()
            for example in examples:
                known = "all else" if example.complete else "brushed" if example.what.background else "too little"
                item = QTreeWidgetItem(self, [example.name, str(example.sure), known])
                item.setToolTip(IMAGE, example.name)
                item.setCheckState(IMAGE, Qt.CheckState.Checked if example.teaches else Qt.CheckState.Unchecked)
                item.setTextAlignment(SURE, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                if example.thumbnail is not None:
                    item.setIcon(IMAGE, QIcon(QPixmap(str(example.thumbnail))))
        present(self.verticalScrollBar()).setValue(place)
        self.setVisible(bool(examples))

    def _tick(self, item: QTreeWidgetItem, column: int) -> None:
        if column == IMAGE:
            self.ticked.emit(item.text(IMAGE), item.checkState(IMAGE) == Qt.CheckState.Checked)
