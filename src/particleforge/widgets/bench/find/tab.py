"""Finding the particles of images with a detector, and teaching detectors."""

from qtpy.QtWidgets import QStackedWidget

from particleforge.widgets.bench.find.known import Known
from particleforge.widgets.bench.find.page import FindPage
from particleforge.widgets.bench.state import State
from particleforge.widgets.bench.tab import Tab


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
        self.pages.addWidget(self.page)
        self.body.addWidget(self.pages)
        self.page.wanted.connect(self.wanted)
        state.project_changed.connect(self._show_project)
        self._show_project()

    def refresh(self) -> None:
        """Show the state of the bench as it is now."""
        self.page.refresh()

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
        self.known.close_down()

    def _show_project(self) -> None:
        self.page.show_project()
        self.page.refresh()
        if self._in_front:
            self.page.warm_up()
