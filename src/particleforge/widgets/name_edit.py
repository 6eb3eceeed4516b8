"""Name what is written to the workspace."""

from pathlib import Path

from qtpy.QtWidgets import QLineEdit

from particleforge.widgets.layers import file_name
from particleforge.widgets.workspace import free_name, workspace


class NameEdit(QLineEdit):
    """A name for a new entry in a folder of the workspace, with a suggestion.

    Parameters
    ----------
    part
        Folder in the workspace.
    stem
        What suggested names begin with.
    suffix
        Of the entry.
    """

    def __init__(self, part: str, stem: str, suffix: str = "") -> None:
        super().__init__()
        self._part, self._stem, self._suffix = part, stem, suffix
        self.offer()

    @property
    def path(self) -> Path:
        """The entry."""
        return workspace() / self._part / f"{file_name(self.text())}{self._suffix}"

    def offer(self) -> None:
        """Suggest a name that is free."""
        self.setText(free_name(workspace() / self._part, self._stem, self._suffix))

    def problem(self) -> str | None:
        """Return why the name cannot be used; None if it can."""
        if not self.text().strip():
            return "Enter a name."
        return None
