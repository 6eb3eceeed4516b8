"""Choose the folder of annotated images."""

from functools import lru_cache
from pathlib import Path

from qtpy.QtCore import QFileSystemWatcher, Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from particleforge.errors import UserError
from particleforge.store.labels import read_labels
from particleforge.widgets.folder_edit import chosen_folder, folder_edit
from particleforge.widgets.workspace import ANNOTATIONS, workspace

NOTHING_YET = "Annotate at least one particle first, or choose another folder."


class FolderChooser(QWidget):
    """The annotations of the workspace, or another folder laid out like them.

    `changed` is emitted when another folder is chosen, or the content of the chosen one changes.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.edit = folder_edit()
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self._follow)
        self.edit.changed.connect(self._follow)
        self.edit.value = workspace() / ANNOTATIONS
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.edit.native)

    def value(self) -> Path:
        """Return the folder."""
        return chosen_folder(self.edit)

    def set_value(self, folder: Path) -> None:
        """Choose a folder."""
        self.edit.value = folder

    def problem(self) -> str | None:
        """Return what the folder lacks, as far as a quick check shows; None if nothing."""
        folder = self.value()
        if not (folder / "images").is_dir() or not (folder / "labels").is_dir():
            return NOTHING_YET
        files = [path for path in sorted((folder / "labels").iterdir()) if not path.name.startswith(".")]
        return None if any(_holds_particles(path, path.stat().st_mtime_ns) for path in files) else NOTHING_YET

    def _follow(self, _: object = None) -> None:
        """Watch the folder, or the nearest existing folder above it."""
        folder = self.value()
        there = next((above for above in (folder, *folder.absolute().parents) if above.is_dir()), None)
        wanted = {str(path) for path in (there, folder / "images", folder / "labels") if path and path.is_dir()}
        watched = set(self._watcher.directories())
        if watched - wanted:
            self._watcher.removePaths(sorted(watched - wanted))
        if wanted - watched:
            self._watcher.addPaths(sorted(wanted - watched))
        self.changed.emit()


@lru_cache(maxsize=1024)
def _holds_particles(path: Path, changed_ns: int) -> bool:
    """Whether a label image has any particle; true for one that cannot be read, which the job reports."""
    try:
        return bool(read_labels(path).any())
    except UserError:
        return True
