"""Finding the particles of images with a detector, and teaching detectors."""

from pathlib import Path

from qtpy.QtWidgets import QStackedWidget

from particleforge.store.project import Project
from particleforge.widgets.bench.find.known import Known
from particleforge.widgets.bench.find.page import FindPage
from particleforge.widgets.bench.find.teach_page import TeachPage
from particleforge.widgets.bench.state import State
from particleforge.widgets.bench.tab import Tab
from particleforge.widgets.scrolling import Scrolling


class FindTab(Tab):
    """Finding the particles of images with a detector, and teaching detectors."""

    title = "Find"
    tip = "Finding the particles of images with a detector, and teaching detectors."

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._in_front = False
        self.known = Known(state)
        self.page = FindPage(state, self.known)
        self.pages = QStackedWidget(self)
        self.teaching = TeachPage(state, self.known)
        for page in (self.page, self.teaching):
            self.pages.addWidget(Scrolling(page))
            page.wanted.connect(self.wanted)
        self.body.addWidget(self.pages)
        self.page.taught.connect(self._teach)
        self.teaching.left.connect(self._go_back)
        self.teaching.taught.connect(self._use)
        state.project_changed.connect(self._show_project)
        self._show_project()

    def refresh(self) -> None:
        """Show the state of the bench as it is now."""
        self.page.refresh()
        self.teaching.refresh()

    def enter(self) -> None:
        """Load the detector's libraries, and show the state of the bench."""
        super().enter()
        self._in_front = True
        self.page.warm_up()

    def leave(self) -> None:
        """End the process that waits, unless it is at work."""
        self._in_front = False
        self.page.cool_down()

    def end(self) -> None:
        """End all work."""
        self.page.end()
        self.teaching.end()
        self.known.close_down()

    def _teach(self) -> None:
        """Show the page where detectors are taught."""
        self.pages.setCurrentIndex(1)
        self.teaching.refresh()

    def _go_back(self) -> None:
        """Show the page where particles are found."""
        self.pages.setCurrentIndex(0)
        self.page.refresh()

    def _use(self, project: Project, model: Path) -> None:
        """Find again with a detector that was taught, and compare."""
        if project is self.state.project:
            self._go_back()
            self.page.find_again(model)

    def _show_project(self) -> None:
        self.page.show_project()
        self.page.refresh()
        if self._in_front:
            self.page.warm_up()
