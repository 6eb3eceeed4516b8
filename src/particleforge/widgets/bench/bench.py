"""The dock of the bench: the images of a project, and four steps from images to sizes."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QSizePolicy, QTabWidget, QVBoxLayout

from particleforge.errors import UserError
from particleforge.widgets.bench.check.tab import CheckTab
from particleforge.widgets.bench.find.tab import FindTab
from particleforge.widgets.bench.scale.tab import ScaleTab
from particleforge.widgets.bench.sizes.tab import SizesTab
from particleforge.widgets.bench.state import State
from particleforge.widgets.bench.strip import Strip
from particleforge.widgets.bench.tab import Tab
from particleforge.widgets.docked import Docked
from particleforge.widgets.unexpected import shown_by
from particleforge.wording import plural

if TYPE_CHECKING:
    from napari import Viewer

LEAST_WIDTH_PX = 400


class Bench(Docked):
    """Finds, checks and measures the particles of the images of a project.

    Parameters
    ----------
    napari_viewer
        Shows the images.
    """

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__()
        self.state = State(napari_viewer)
        self.setMinimumWidth(LEAST_WIDTH_PX)
        self.setAcceptDrops(True)
        self.title = QLabel(self)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.strip = Strip(self.state)
        self.tabs = QTabWidget(self)
        self.scale, self.finding = ScaleTab(self.state), FindTab(self.state)
        self.check, self.sizes = CheckTab(self.state), SizesTab(self.state)
        self.steps: tuple[Tab, ...] = (self.scale, self.finding, self.check, self.sizes)
        for number, tab in enumerate(self.steps, start=1):
            place = self.tabs.addTab(tab, f"{number}  {tab.title}")
            self.tabs.setTabToolTip(place, tab.tip)
            tab.wanted.connect(self.go_to)
        self._front: Tab = self.steps[0]
        box = QVBoxLayout(self)
        box.setContentsMargins(4, 4, 4, 4)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        box.addLayout(head)
        box.addWidget(self.strip)
        box.addWidget(self.tabs, 1)
        self.tabs.currentChanged.connect(self._turn)
        self.state.failed.connect(self.report)
        for changed in (self.state.project_changed, self.state.work_changed, self.state.selected_changed):
            changed.connect(self._refresh)
        self.go_to("Find")
        self._refresh()
        self.state.follow()

    def go_to(self, title: str) -> None:
        """Bring a step to the front."""
        for place, tab in enumerate(self.steps):
            if tab.title == title:
                self.tabs.setCurrentIndex(place)

    def report(self, news: UserError | str | None) -> None:
        """Show a message or an error below the step in front."""
        self._front.report(news)
        if isinstance(news, UserError):
            logging.getLogger(__name__).info("%s", news)

    def choose_folder(self) -> None:
        """Ask for a folder, and open it as a project."""
        folder = QFileDialog.getExistingDirectory(self, "Open a folder of micrographs")
        if folder:
            self.open(Path(folder))

    def open(self, folder: Path) -> None:
        """Open a folder as a project."""
        with shown_by(self.report):
            self.state.open(folder)

    def pause(self) -> None:
        """Save, and take no notice of the viewer."""
        self._front.leave()
        with shown_by(self.report):
            self.state.pause()

    def unpause(self) -> None:
        """Go on with the image that is active in the viewer."""
        self.state.resume()
        self._front.enter()

    def end(self) -> None:
        """Save, and end all work."""
        for tab in self.steps:
            tab.end()
        self.strip.close_down()
        self.state.close()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take files and folders."""
        if event is not None and (data := event.mimeData()) is not None and data.hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open a folder as a project if none is open; else add what was dropped."""
        data = None if event is None else event.mimeData()
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data is not None else []
        if event is None or not paths:
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        with shown_by(self.report):
            if self.state.project is None and len(paths) == 1 and paths[0].is_dir():
                self.state.open(paths[0])
            else:
                self.state.add(paths)

    def _turn(self, place: int) -> None:
        before, self._front = self._front, self.steps[place]
        before.leave()
        self._front.enter()

    def _refresh(self) -> None:
        project = self.state.project
        if project is None:
            self.title.setText("No project is open")
        else:
            self.title.setText(f"<b>{project.folder.name}</b>: {plural(len(project.images), 'image')}")
            self.title.setToolTip(str(project.folder))
        self._front.refresh()
