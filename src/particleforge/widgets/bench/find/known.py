"""What is known of the particles of each image, as it is on disk."""

from collections.abc import Mapping, Sequence

from qtpy.QtCore import QObject, Signal

from particleforge.errors import UserError
from particleforge.store.particle_files import Origin, read_origin
from particleforge.store.project import PARTICLES, Project
from particleforge.widgets.background import Background, Outdated
from particleforge.widgets.bench.state import State
from particleforge.widgets.qt import single_shot

SETTLED_MS = 200
"""Images that change within this time are read together."""


class Known(QObject):
    """Reads in a thread where the particles of each image are from; `changed` follows.

    Parameters
    ----------
    state
        Gives the images.
    """

    changed = Signal()

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._project: Project | None = None
        self.origins: dict[str, Origin] = {}
        self._due: set[str] = set()
        self._timer = single_shot(self, SETTLED_MS, self._read)
        self._background = Background()
        self._background.done.connect(self._take)
        state.project_changed.connect(self._begin)
        state.rows_changed.connect(self.read)
        state.work_changed.connect(self._watch)
        self._begin()

    @property
    def searched(self) -> dict[str, Origin]:
        """Where the particles are from of all images in which some were looked for, in the order of the project."""
        return {name: self.origins[name] for name in self._state.names if name in self.origins}

    def of(self, names: Sequence[str]) -> dict[str, Origin]:
        """Where the particles of images are from; those that were not searched are left out."""
        return {name: self.origins[name] for name in names if name in self.origins}

    def read(self, names: Sequence[str]) -> None:
        """Read images again, soon."""
        self._due |= set(names)
        self._timer.start()

    def close_down(self) -> None:
        """Stop reading."""
        self._timer.stop()
        self._background.drop()

    def _begin(self) -> None:
        if self._state.project is not self._project:
            self._project, self.origins = self._state.project, {}
        self._due |= set(self._state.names)
        self._read()

    def _watch(self) -> None:
        if self._state.work is not None:
            self._state.work.saved.connect(self._saved)

    def _saved(self) -> None:
        self.read([self._state.current])

    def _read(self) -> None:
        project, names = self._state.project, [name for name in self._state.names if name in self._due]
        if project is not None and names:
            self._background.run(lambda outdated: (project, _read_all(project, names, outdated)))

    def _take(self, read: tuple[Project, Mapping[str, Origin | None]]) -> None:
        project, found = read
        if project is not self._state.project:
            return
        self._due -= found.keys()
        for name, origin in found.items():
            if origin is None:
                self.origins.pop(name, None)
            else:
                self.origins[name] = origin
        self.changed.emit()


def _read_all(project: Project, names: Sequence[str], outdated: Outdated) -> dict[str, Origin | None]:
    found: dict[str, Origin | None] = {}
    for name in names:
        if outdated():
            break
        try:
            found[name] = read_origin(project.folder / PARTICLES, name)
        except UserError:  # its row shows why
            found[name] = None
    return found
