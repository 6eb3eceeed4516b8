"""The base of every panel."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox
from qtpy.QtWidgets import QFormLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from particleforge.errors import UserError
from particleforge.jobs.messages import Advance, Plain, Task
from particleforge.widgets.docked import Docked
from particleforge.widgets.form.editor import guard_wheel
from particleforge.widgets.image_chooser import ImageChooser
from particleforge.widgets.job_row import JobRow
from particleforge.widgets.proxies import plain
from particleforge.widgets.scrolling import Scrolling
from particleforge.widgets.unexpected import shown_by

if TYPE_CHECKING:
    from napari import Viewer

LEAST_WIDTH_PX = 300


class Panel(Docked):
    """Choosers and forms, a button that runs a job, and its results.

    A derived panel implements `problem` and `prepare` for the input, and `finish` for the result. The job ends when the
    panel or the viewer is closed. While the panel is hidden it is paused: it changes nothing in the viewer, and shows
    the result of its job when it is shown again.

    Parameters
    ----------
    viewer
        Where layers come from and go to.
    run, cancel
        Text of the button while nothing runs, and while the job runs.
    """

    def __init__(self, viewer: "Viewer", run: str, cancel: str = "Cancel") -> None:
        super().__init__()
        self.viewer = plain(viewer)
        self._choosers: list[ComboBox] = []
        self._waiting: list[Callable[[], None]] = []
        content = QWidget()
        area = Scrolling(content, self, LEAST_WIDTH_PX)
        self.outer = QVBoxLayout(self)
        self.outer.setContentsMargins(0, 0, 0, 0)
        self.outer.addWidget(area)
        self.body = QVBoxLayout(content)
        self.body.setContentsMargins(6, 6, 6, 6)
        self.add_lines()
        self.row = JobRow(run, cancel)
        self.row.requested.connect(self.run)
        self.row.advanced.connect(self.advance)
        self.row.done.connect(self._finish)
        self.row.stopped.connect(self.stop)
        self.row.failed.connect(self.fail)

    def problem(self) -> str | None:
        """Return why the job cannot be run; None if it can."""
        raise NotImplementedError

    def prepare(self) -> Callable[[], Task]:
        """Read the panel; return a function, called in a thread, that writes what the job needs and returns its task.

        Raises
        ------
        UserError
            If something chosen cannot be used.
        """
        raise NotImplementedError

    def finish(self, value: Plain) -> None:
        """Show what the job returned."""
        raise NotImplementedError

    def advance(self, advance: Advance) -> None:
        """Show how far the job has come."""

    def stop(self) -> None:
        """Show what a cancelled job left behind."""

    def fail(self, error: UserError) -> None:
        """Show what a failed job left behind; its error is already shown."""

    def add_lines(self) -> None:
        """Start a new block of labelled widgets below the present content."""
        self._lines = QFormLayout()
        self._lines.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._lines.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self.body.addLayout(self._lines)

    def add_line(self, text: str, widget: QWidget, tip: str = "") -> None:
        """Add a labelled widget."""
        name = QLabel(text)
        for part in (name, widget):
            part.setToolTip(tip)
        self._lines.addRow(name, widget)

    def add_chooser(self, text: str, chooser: ComboBox, tip: str = "") -> ComboBox:
        """Add a choice that depends on the viewer's layers."""
        chooser.reset_choices()
        guard_wheel(chooser.native)
        chooser.native.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        chooser.changed.connect(self.check)
        self._choosers.append(chooser)
        if isinstance(chooser, ImageChooser):
            self.viewer.layers.selection.events.active.connect(self._follow_active)
        self.add_line(text, chooser.native, tip)
        return chooser

    def reset_choices(self, event: object = None) -> None:
        """Update the layers offered; napari calls it whenever they change."""
        if self.paused:
            return
        for chooser in self._choosers:
            chooser.reset_choices()
        self.check()

    def follow(self) -> None:
        """Switch to the image that is active in the viewer."""
        for chooser in self._choosers:
            if isinstance(chooser, ImageChooser):
                chooser.follow()

    def _follow_active(self, event: object = None) -> None:
        if not self.paused:
            self.follow()

    def check(self, *_: object) -> None:
        """Enable Run if nothing is wrong."""
        self.row.set_problem(self.problem())

    def run(self) -> None:
        """Start the job."""
        with shown_by(self.row.message.warn):
            self.row.start(self.prepare())

    def _finish(self, value: Plain) -> None:
        self.when_shown(lambda: self.finish(value))

    def when_shown(self, call: Callable[[], None]) -> None:
        """Call a function now, or when the panel is no longer paused; its errors are shown."""
        if self.paused:
            self._waiting.append(call)
            return
        with shown_by(self.row.message.warn):
            call()

    def appear(self) -> None:
        """Offer the layers present."""
        self.reset_choices()

    def go_away(self) -> None:
        """Pause, and show what goes wrong."""
        with shown_by(self.row.message.warn):
            self.pause()

    def come_back(self) -> None:
        """Continue with the active image, and show what has waited."""
        self.follow()
        self.unpause()
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            self.when_shown(call)

    def end(self) -> None:
        """End all work; the panel or the viewer is being closed."""
        self._waiting.clear()
        self.row.cancel()
