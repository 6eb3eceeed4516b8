"""What another detector has found instead."""

from collections.abc import Mapping
from dataclasses import dataclass

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from particleforge.store.particle_files import Origin
from particleforge.widgets.message import Message
from particleforge.widgets.qt import present
from particleforge.wording import plural
from particleforge.workflows.find import SURE

HEADER = {
    "Image": "Name of the image.",
    "Before": "Particles found before.",
    "Now": "Particles found by the detector that was taught.",
    "Sure found": "How many of the particles that you are sure of it finds by itself.",
}
LINES = 5
"""Number of images that are seen at once."""


@dataclass(frozen=True)
class Change:
    """Particles of an image with two detectors.

    Parameters
    ----------
    name
        Name of the image.
    before, now
        Number of its particles; `before` is None if it was not searched.
    sure_found, sure
        Number of sure particles that were found, and of all sure ones.
    """

    name: str
    before: int | None
    now: int
    sure_found: int = 0
    sure: int = 0


def changes(before: Mapping[str, int], now: Mapping[str, Origin]) -> list[Change]:
    """Compare counts of images before with what is there now."""
    found = []
    for name, origin in now.items():
        sure = origin.finding.get(SURE, {"found": 0, "of": 0})
        found.append(Change(name, before.get(name), origin.count, int(sure["found"]), int(sure["of"])))
    return found


def change_words(made: list[Change]) -> str:
    """State in a sentence what has changed."""
    both = [change for change in made if change.before is not None]
    was, now = sum(change.before or 0 for change in both), sum(change.now for change in both)
    sure_found, sure = sum(change.sure_found for change in made), sum(change.sure for change in made)
    lines = [f"{was} particles before, {now} now in {plural(len(both), 'image')}."] if both else []
    lines += [f"{sure_found} of {plural(sure, 'sure particle')} found by itself."] if sure else []
    return " ".join(lines)


class Comparison(QWidget):
    """Counts before and after, image by image; hidden until there are some."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message, self.table = Message(self), QTreeWidget(self)
        self.table.setHeaderLabels(list(HEADER))
        for column, tip in enumerate(HEADER.values()):
            present(self.table.headerItem()).setToolTip(column, tip)
        self.table.setRootIsDecorated(False)
        header = present(self.table.header())
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.message)
        box.addWidget(self.table)
        self.hide()

    def compare(self, detector: str, before: Mapping[str, int], now: Mapping[str, Origin]) -> None:
        """Show what a detector that was taught finds instead."""
        made = changes(before, now)
        self.table.clear()
        for change in made:
            was = "" if change.before is None else str(change.before)
            sure = f"{change.sure_found} of {change.sure}" if change.sure else ""
            item = QTreeWidgetItem(self.table, [change.name, was, str(change.now), sure])
            for column in range(1, len(HEADER)):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for column in range(1, len(HEADER)):
            self.table.resizeColumnToContents(column)
        line_px = self.fontMetrics().height() + 4
        self.table.setFixedHeight(round((min(len(made), LINES) + 1.5) * line_px))
        self.message.report(f"{detector}: {change_words(made)}")
        self.setVisible(bool(made))
