"""The path of a folder, with a narrow button that opens a dialog."""

from pathlib import Path

from magicgui.types import FileDialogMode
from magicgui.widgets import FileEdit


def folder_edit() -> FileEdit:
    """Make the widget."""
    edit = FileEdit(mode=FileDialogMode.EXISTING_DIRECTORY)
    edit.choose_btn.text = "…"
    edit.choose_btn.native.setFixedWidth(32)
    return edit


def chosen_folder(edit: FileEdit) -> Path:
    """Return its folder; a `FileEdit` may also hold several paths or none, this one does not."""
    return Path(edit.line_edit.value)
