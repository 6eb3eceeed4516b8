"""The top line of the bench: which project is open, and what else there is."""

from pathlib import Path

from napari.layers import Labels
from qtpy.QtCore import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from particleforge.widgets.bench.buttons import tool
from particleforge.widgets.bench.more import OTHERS
from particleforge.widgets.bench.recent import recent_projects
from particleforge.widgets.bench.state import State
from particleforge.wording import plural


class Head(QWidget):
    """Name of the project, and menus.

    `folder_wanted` asks for another folder, `opened` gives one that was chosen, `added` asks for images to add, `other`
    gives a panel to open, `labels_chosen` a layer whose labels are to be the particles of the image that is shown.
    """

    folder_wanted = Signal()
    opened = Signal(object)
    added = Signal()
    other = Signal(object)
    labels_chosen = Signal(object)

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self.title = QLabel(self)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.project = _button("folder", "Project", "Open another project, or add images to this one.")
        self.more = _button("more", "More", "Make images instead of measuring them.")
        self._projects, self._others = QMenu(self), QMenu(self)
        self._projects.aboutToShow.connect(self._fill)
        self._projects.triggered.connect(self._choose)
        self._others.setToolTipsVisible(True)
        for one in OTHERS:
            action = self._others.addAction(one.title)
            if action is not None:
                action.setToolTip(one.tip)
                action.setData(one)
        self._others.triggered.connect(self._open_other)
        self.project.setMenu(self._projects)
        self.more.setMenu(self._others)
        self._fill()
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        for widget in (self.project, self.title, self.more):
            box.addWidget(widget, 1 if widget is self.title else 0)

    def refresh(self) -> None:
        """Show the project as it is now."""
        project = self._state.project
        if project is None:
            self.title.setText("No project is open")
            self.title.setToolTip("")
            return
        self.title.setText(f"<b>{project.folder.name}</b><br>{plural(len(project.images), 'image')}")
        self.title.setToolTip(str(project.folder))

    def _fill(self) -> None:
        """List the projects that were opened last."""
        self._projects.clear()
        self._projects.addAction("Open a folder…")
        add = self._projects.addAction("Add images…")
        if add is not None:
            add.setEnabled(self._state.project is not None)
        for layer in self._labels():
            if (action := self._projects.addAction(f"Take the labels of “{layer.name}” as particles")) is not None:
                action.setData(layer)
        self._projects.addSeparator()
        open_now = None if self._state.project is None else self._state.project.folder
        for folder in recent_projects():
            if folder != open_now and (action := self._projects.addAction(folder.name)) is not None:
                action.setData(str(folder))
                action.setToolTip(str(folder))

    def _labels(self) -> list[Labels]:
        """Layers of labels that are not the particles of the image that is shown."""
        work = self._state.work
        layers = [layer for layer in self._state.viewer.layers if isinstance(layer, Labels)]
        return [] if work is None else [layer for layer in layers if layer not in work.layers.own]

    def _open_other(self, action: QAction) -> None:
        self.other.emit(action.data())

    def _choose(self, action: QAction) -> None:
        text, folder = action.text(), action.data()
        if isinstance(folder, Labels):
            self.labels_chosen.emit(folder)
        elif folder:
            self.opened.emit(Path(folder))
        elif text.startswith("Add"):
            self.added.emit()
        else:
            self.folder_wanted.emit()


def _button(icon: str, text: str, tip: str) -> QToolButton:
    made = tool(icon, text, "", tip)
    made.setCheckable(False)
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return made
