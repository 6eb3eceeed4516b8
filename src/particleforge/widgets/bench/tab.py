"""One of the four steps of the bench."""

from collections.abc import Callable, Mapping

from qtpy.QtCore import QEvent, Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from particleforge.errors import UserError
from particleforge.widgets.bench.state import State
from particleforge.widgets.message import Message


class Tab(QWidget):
    """A step: one screen with one emphasised next action.

    `wanted` gives the title of the step to go to next. A derived tab adds its widgets to `body`, and shows the state of
    the bench when `refresh` is called: after another project or image is shown, and when the tab comes to the front.
    """

    title = ""
    tip = ""
    wanted = Signal(str)

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state
        self.message = Message(self)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 6, 4, 4)
        self.body = QVBoxLayout()
        outer.addLayout(self.body, 1)
        outer.addWidget(self.message)

    @property
    def key_actions(self) -> Mapping[str, Callable[[], None]]:
        """What keys do, by the names in `KEYS`; a key brings the tab to the front first."""
        return {}

    def refresh(self) -> None:
        """Show the state of the bench as it is now."""

    def enter(self) -> None:
        """Begin to act in the viewer: the tab has come to the front."""
        self.refresh()

    def leave(self) -> None:
        """Give the mouse back to napari: another tab has come to the front, or the bench is hidden."""

    def end(self) -> None:
        """End all work: the bench or the viewer is being closed."""

    def changeEvent(self, event: QEvent | None) -> None:
        """Show everything again in the colours of another theme."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.StyleChange and self.isVisible():
            self.refresh()

    def report(self, news: UserError | str | None) -> None:
        """Show a message or an error below the tab; None clears it."""
        if isinstance(news, UserError):
            self.message.warn(news)
        else:
            self.message.report(news or "")
