"""The dock of the bench: the images of a project, and four steps from images to sizes."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Image, Labels
from qtpy.QtCore import Qt
from qtpy.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from particleforge.errors import UserError
from particleforge.store.image_files import image_suffixes
from particleforge.widgets.active import front_image, made_here
from particleforge.widgets.background import Background
from particleforge.widgets.bench.check.tab import CheckTab
from particleforge.widgets.bench.find.tab import FindTab
from particleforge.widgets.bench.head import Head
from particleforge.widgets.bench.keys import Keys
from particleforge.widgets.bench.more import Other, open_other
from particleforge.widgets.bench.others_labels import OthersLabels
from particleforge.widgets.bench.recent import remember
from particleforge.widgets.bench.samples import sample_project
from particleforge.widgets.bench.scale.tab import ScaleTab
from particleforge.widgets.bench.sizes.tab import SizesTab
from particleforge.widgets.bench.state import State
from particleforge.widgets.bench.step_tabs import StepTabs
from particleforge.widgets.bench.strip import Strip
from particleforge.widgets.bench.tab import Tab
from particleforge.widgets.bench.welcome import Welcome
from particleforge.widgets.bench.work_layers import warm_up
from particleforge.widgets.docked import Docked
from particleforge.widgets.layers import source_path
from particleforge.widgets.unexpected import shown_by

if TYPE_CHECKING:
    from napari import Viewer

LEAST_WIDTH_PX = 400
ICONS = ("ruler", "find", "check", "histogram")
"""Of the steps."""


class Bench(Docked):
    """Finds, checks and measures the particles of the images of a project.

    Parameters
    ----------
    napari_viewer
        Shows the images.
    """

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__()
        self._ended = False
        self.state = State(napari_viewer)
        self.setMinimumWidth(LEAST_WIDTH_PX)
        self.setAcceptDrops(True)
        self.head, self.welcome, self.strip = Head(self.state), Welcome(), Strip(self.state)
        self.tabs = StepTabs(self)
        self.scale, self.finding = ScaleTab(self.state), FindTab(self.state)
        self.check, self.sizes = CheckTab(self.state), SizesTab(self.state)
        self.steps: tuple[Tab, ...] = (self.scale, self.finding, self.check, self.sizes)
        for tab, picture in zip(self.steps, ICONS, strict=True):
            self.tabs.add_step(tab, picture, tab.title, tab.tip)
            tab.wanted.connect(self.go_to)
        self._front: Tab = self.steps[0]
        self.others = OthersLabels(self.state)
        self.others.report_wanted.connect(self.report)
        self.head.labels_chosen.connect(self.take_labels)
        self._lay_out()
        self.tabs.currentChanged.connect(self._turn)
        self.state.failed.connect(self.report)
        for changed in (self.state.project_changed, self.state.work_changed, self.state.selected_changed):
            changed.connect(self._refresh)
        for head in (self.head, self.welcome):
            head.folder_wanted.connect(self.choose_folder)
            head.opened.connect(self.open)
        self.welcome.samples_wanted.connect(self.open_samples)
        self.head.added.connect(self.choose_images)
        self.head.other.connect(self.open_other)
        self._warming = Background()
        self._warming.run(warm_up)
        self.keys = Keys(self.state.viewer, self, self._actions())
        self.go_to("Find")
        self._refresh()
        self._take_open_images()

    def _actions(self) -> dict[str, Callable[[], None]]:
        """Return what keys do; those of a step bring it to the front."""

        def first(tab: Tab, act: Callable[[], None]) -> None:
            self.go_to(tab.title)
            act()

        of_steps = {name: partial(first, tab, act) for tab in self.steps for name, act in tab.key_actions.items()}
        return {
            "previous": partial(self.state.step, -1),
            "next": partial(self.state.step, 1),
            "show": self._toggle_particles,
            "fill": self._toggle_fill,
            **of_steps,
        }

    def _toggle_particles(self) -> None:
        if self.state.work is not None:
            self.state.work.layers.show(not self.state.work.layers.shown)

    def _toggle_fill(self) -> None:
        if self.state.work is not None:
            self.state.work.layers.fill(not self.state.work.layers.filled)

    def _lay_out(self) -> None:
        self.work = QWidget(self)
        inner = QVBoxLayout(self.work)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.strip)
        inner.addWidget(self.others)
        inner.addWidget(self.tabs, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(4, 4, 4, 4)
        for widget in (self.head, self.welcome, self.work):
            box.addWidget(widget, 0 if widget is self.head else 1)

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
            remember(self.state.ensure_project().folder)

    def open_samples(self) -> None:
        """Open the bundled micrographs."""
        with shown_by(self.report):
            self.open(sample_project())

    def take_labels(self, layer: Labels) -> None:
        """Take the labels of a layer as the particles of the image that is shown."""
        with shown_by(self.report):
            self.state.take_labels(layer)

    def choose_images(self) -> None:
        """Ask for images, and add them to the project."""
        suffixes = " ".join(f"*{suffix}" for suffix in image_suffixes())
        files, _ = QFileDialog.getOpenFileNames(self, "Add images", "", f"Images ({suffixes});;All files (*)")
        if files:
            with shown_by(self.report):
                self.state.add([Path(file) for file in files])

    def open_other(self, other: Other) -> None:
        """Open a panel for something else."""
        with shown_by(self.report):
            open_other(self.state.viewer, other)

    def appear(self) -> None:
        """Listen to the keys."""
        self.keys.take()

    def pause(self) -> None:
        """Save, and take no notice of the viewer."""
        self.keys.release()
        self._front.leave()
        with shown_by(self.report):
            self.state.pause()

    def unpause(self) -> None:
        """Go on with the image that is active in the viewer."""
        self.state.resume()
        self._front.enter()

    def end(self) -> None:
        """Save, and end all work."""
        if self._ended:
            return
        self._ended = True
        self._warming.drop()
        self.keys.release()
        for tab in self.steps:
            tab.end()
        self.strip.close_down()
        self.others.close_down()
        self.state.end()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Show more images where there is room."""
        super().resizeEvent(event)
        self.strip.give_room(self.height())

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
        self.head.refresh()
        begun = bool(self.state.names)
        for page, shown in sorted(((self.work, begun), (self.welcome, not begun)), key=lambda one: one[1]):
            page.setVisible(shown)  # one is hidden before the other is shown: docks keep the height of both
        if not begun:
            self.welcome.refresh()
        self._front.refresh()

    def _take_open_images(self) -> None:
        """Add the images that are open in napari to the project; the active one is shown."""
        layers = self.state.viewer.layers
        with shown_by(self.report):
            images = [layer for layer in layers if isinstance(layer, Image) and not made_here(layer)]
            files = [path for layer in images if (path := source_path(layer)) is not None]
            if len(files) > 1:
                self.state.ensure_project().add(files)
                self.state.project_changed.emit()
            active = front_image(images, layers.selection.active)
            if active is not None:
                self.state.adopt(active)
