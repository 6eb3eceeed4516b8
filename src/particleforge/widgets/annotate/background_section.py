"""Section 3 of the panel: where there certainly is no particle."""

from magicgui.widgets import CheckBox
from qtpy.QtCore import Signal

from particleforge.widgets.annotate.parts import Section, button, words
from particleforge.widgets.annotate.session import Session

WHY = "Brush over some places without particles, so that background can be learned, too."
NOT_NEEDED = "Everything that is not a particle counts as background."


class BackgroundSection(Section):
    """The brush for background, and the check box that makes it unnecessary.

    `picked` gives the name of the tool whose button was clicked; empty if it was released.
    """

    picked = Signal(str)

    def __init__(self) -> None:
        super().__init__("3  Background")
        self.session: Session | None = None
        self.brush = button("Brush background", "Paint where there certainly is no particle.", checkable=True)
        self.brush.clicked.connect(self._pick)
        self.complete = CheckBox(text="Every particle in this image is annotated")
        self.complete.tooltip = "Then no background needs to be brushed."
        self.complete.changed.connect(self._complete)
        self.hint = words(WHY)
        for widget in (self.hint, self.brush, self.complete.native):
            self.rows.addWidget(widget)

    def set_session(self, session: Session | None) -> None:
        """Switch to another image, or to none."""
        self.session = None
        self.complete.value = session is not None and session.complete
        self.session = session
        self.brush.setChecked(False)
        self.refresh()

    def refresh(self) -> None:
        """Update which controls are enabled."""
        ready, complete = self.session is not None, bool(self.complete.value)
        self.complete.enabled = ready
        self.brush.setEnabled(ready and not complete)
        self.hint.setText(NOT_NEEDED if complete else WHY)

    def _pick(self, on: bool) -> None:
        self.picked.emit("strokes" if on else "")

    def _complete(self, complete: bool) -> None:
        if self.session is not None:
            self.session.complete = complete
            self.session.strokes.visible = not complete
            if complete and self.brush.isChecked():
                self.picked.emit("")
        self.refresh()
