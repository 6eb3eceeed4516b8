"""Choose the folder of annotated images."""

from pathlib import Path

from magicgui.widgets import create_widget
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from particleforge.widgets.workspace import ANNOTATIONS, workspace


class FolderChooser(QWidget):
    """The annotations of the workspace, or another folder laid out like them."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.edit = create_widget(widget_type="FileEdit", options={"mode": "d"})
        self.edit.choose_btn.text = "…"
        self.edit.choose_btn.native.setFixedWidth(32)
        self.edit.value = workspace() / ANNOTATIONS
        self.edit.changed.connect(lambda _: self.changed.emit())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.edit.native)

    def value(self) -> Path:
        """Return the folder."""
        return Path(self.edit.value)

    def set_value(self, folder: Path) -> None:
        """Choose a folder."""
        self.edit.value = folder

    def problem(self) -> str | None:
        """Say what the folder lacks, as far as that is seen at once."""
        folder = self.value()
        if not (folder / "images").is_dir() or not (folder / "labels").is_dir():
            return (
                f"There are no annotated images in {folder}. Annotate some particles first, or choose another folder."
            )
        return None
