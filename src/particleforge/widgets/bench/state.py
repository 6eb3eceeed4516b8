"""What the bench works on: a project, the image that is shown, the images that are selected. No widgets here."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Image, Labels, Layer
from qtpy.QtCore import QObject, Signal

from particleforge.errors import UserError
from particleforge.store.files import new_part
from particleforge.store.project import IMAGES, PARTICLES, Project
from particleforge.widgets.active import bring_to_front, made_here
from particleforge.widgets.background import Background
from particleforge.widgets.bench.check.teaching import teach
from particleforge.widgets.bench.loaded import Loaded, load
from particleforge.widgets.bench.scaling import Scaling
from particleforge.widgets.bench.taken import plane_shown, take_labels, written_to
from particleforge.widgets.bench.work import Work
from particleforge.widgets.layers import planes, source_path
from particleforge.widgets.overlays import camera, view_of
from particleforge.widgets.proxies import plain
from particleforge.widgets.unexpected import as_user_error
from particleforge.widgets.workspace import READ_ONLY, workspace
from particleforge.workflows.measure import MeasureParams

if TYPE_CHECKING:
    from napari import Viewer


class State(QObject):
    """A project in a viewer: one of its images is shown and worked on at a time.

    `project_changed` is emitted after another project was opened or images were added or removed, `rows_changed` with
    the names of images of which something has changed, `work_changed` after another image is shown, `rules_changed`
    after the rules of measuring have changed, `selected_changed` after other images are selected, `failed` with a
    `UserError`.

    Parameters
    ----------
    viewer
        Shows the image. Images that become active in it are shown here, and added to the project if they are new.
    """

    project_changed = Signal()
    rows_changed = Signal(object)
    work_changed = Signal()
    rules_changed = Signal()
    selected_changed = Signal()
    failed = Signal(object)

    def __init__(self, viewer: "Viewer") -> None:
        super().__init__()
        self.viewer = plain(viewer)
        self.project: Project | None = None
        self.work: Work | None = None
        self.paused = self._moving = False
        self.problems: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._selected: tuple[str, ...] = ()
        self._wanted = ""
        self._layer: Image | None = None
        self._view: tuple[tuple[float, float], float] | None = None
        self._spare: tuple[Layer, ...] = ()
        self._adopted: dict[str, Image] = {}
        self._background = Background()
        self._background.done.connect(self._show)
        self._background.failed.connect(self._fail)
        self.scaling = Scaling()
        self.scaling.changed.connect(self.rows_changed)
        self.scaling.failed.connect(self.failed)
        self._writing: dict[Image, Background] = {}
        self.viewer.layers.selection.events.active.connect(self.follow)
        self.viewer.layers.events.removed.connect(self._removed)

    @property
    def current(self) -> str:
        """Name of the image that is shown, or is about to be; empty: none."""
        return self._wanted

    @property
    def names(self) -> list[str]:
        """Names of the images of the project, in order."""
        return [] if self.project is None else self.project.names

    @property
    def selected(self) -> list[str]:
        """Names of the selected images; where none is selected, the one that is shown."""
        return [name for name in self.names if name in self._selected] or ([self.current] if self.current else [])

    @property
    def rules(self) -> MeasureParams:
        """How the images of the project are measured."""
        given = {} if self.project is None else self.project.contents.measuring
        try:
            return MeasureParams.parse(given)
        except UserError as error:
            self.failed.emit(error)
            return MeasureParams()

    def set_rules(self, rules: MeasureParams) -> None:
        """Measure the images of the project with other rules; nothing is detected again."""
        if self.project is None or rules == self.rules:
            return
        self.project.configure(measuring=rules.changed())
        if self.work is not None:
            self.work.set_rules(rules)
        self.rules_changed.emit()

    def open(self, folder: Path) -> None:
        """Open a folder as a project, and show its first image; of a read-only one the project lies in the workspace.

        Raises
        ------
        UserError
            If the folder is missing, or its ``project.yaml`` cannot be read; what was open stays.
        """
        project = Project.at(folder, workspace() / READ_ONLY)
        self.leave()
        self.close()
        self.project = project
        self.problems.clear()
        self.project_changed.emit()
        if project.names:
            self.show(project.names[0])

    def ensure_project(self) -> Project:
        """Return the open project; if there is none, open the one of the workspace."""
        if self.project is None:
            folder = workspace()
            new_part(folder.parent, folder.name)
            self.project = Project(folder)
        return self.project

    def add(self, paths: Sequence[Path], group: str = "") -> list[str]:
        """Add image files or folders of them to the project, and show the first one; return the names of new ones.

        Raises
        ------
        UserError
            If there is no image, or the project cannot be written.
        """
        names = self.ensure_project().add(paths, group)
        self.project_changed.emit()
        if names:
            self.show(names[0])
        return names

    def remove(self, names: Sequence[str]) -> None:
        """Remove images from the project; their files and particles stay on disk.

        Raises
        ------
        UserError
            If the project cannot be written.
        """
        if self.current in names:
            self.leave()
        if self.project is not None:
            self.project.remove(names)
        self.project_changed.emit()

    def select(self, names: Sequence[str]) -> None:
        """Select images for what is done to several."""
        if tuple(names) != self._selected:
            self._selected = tuple(names)
            self.selected_changed.emit()

    def show(self, name: str, layer: Image | None = None) -> None:
        """Show an image of the project, and hide all others; returns at once, `work_changed` follows."""
        if self.project is None or (name == self.current and layer is None):
            return
        self._background.drop()
        self._drop(remove=False)
        project, rules = self.project, self.rules
        self._wanted, self._view = name, None
        self._layer = layer if layer is not None else self._adopted.get(name)
        self._background.run(lambda _: load(project, name, rules))

    def step(self, by: int) -> None:
        """Show the image that follows by a number of places in the project, such as the next or the previous one."""
        names = self.names
        if self.current in names:
            place = names.index(self.current) + by
            if 0 <= place < len(names):
                self.show(names[place])

    def reload(self, names: Sequence[str], save: bool = True) -> None:
        """Show what a job has written: particles of images were found or removed; later if the bench is hidden.

        Edits that are not saved yet, and cannot be saved over what the job has written, are saved elsewhere.

        Parameters
        ----------
        names
            Names of the images.
        save
            Whether edits are kept at all.
        """
        if self.paused:
            self._waiting |= set(names)
        elif self.current in names:
            name, self._wanted = self.current, ""
            view = view_of(self.viewer) if self.work is not None else None
            self._drop(save=save, remove=False)
            self.show(name)
            self._view = view
        self.rows_changed.emit(list(names))

    def note_problem(self, name: str, why: str) -> None:
        """Keep in mind why no particles could be found in an image; empty: they could."""
        if why != self.problems.get(name, ""):
            self.problems[name] = why
            self.rows_changed.emit([name])

    def leave(self) -> None:
        """Save the image that is shown, and show none."""
        self._background.drop()
        self._wanted = ""
        self._drop()

    def pause(self) -> None:
        """Save, and take no notice of the viewer; the bench is hidden."""
        self.paused = True
        if self.work is not None:
            self.work.pause(True)

    def resume(self) -> None:
        """Go on after a pause."""
        self.paused = False
        if self.work is not None:
            self.work.pause(False)
        waiting, self._waiting = self._waiting, set()
        if waiting:
            self.reload(list(waiting))
        self.follow()

    def close(self) -> None:
        """Save everything, and let the project go."""
        self._background.drop()
        self._wanted = ""
        self._drop(remove=False)
        self._spare = ()
        self._selected, self.project = (), None
        self._adopted.clear()

    def end(self) -> None:
        """Save everything, and take no more notice of the viewer."""
        self.viewer.layers.selection.events.active.disconnect(self.follow)
        self.viewer.layers.events.removed.disconnect(self._removed)
        self.close()

    def adopt(self, layer: Image) -> None:
        """Work on an image that was opened or made elsewhere; one that is new to the project is added.

        Raises
        ------
        UserError
            If it cannot be added.
        """
        project = self.ensure_project()
        path = source_path(layer)
        for name, known in self._adopted.items():
            if known is layer and name in project.names:
                self.show(name, layer)
                return
        if path is not None:
            there = [image.name for image in project.images if project.path(image) == path.absolute()]
            if not there:
                there = project.add([path])
                self.project_changed.emit()
            self._take(there, layer)
            return
        if layer in self._writing:
            return
        shown, folder = planes(layer), new_part(project.folder, IMAGES)
        writing = self._writing[layer] = Background(finishes=True)
        writing.done.connect(self._written)
        writing.run(lambda _: (layer, written_to(folder, shown)))

    def take_labels(self, layer: Labels) -> None:
        """Take a layer of labels, made by hand or by another plugin, as the particles of the image that is shown.

        Raises
        ------
        UserError
            If no image is shown, the layer has another shape, or it holds no labels.
        """
        work, project = self.work, self.project
        if work is None or project is None:
            raise UserError("No image is shown.", "Show the image to which the labels belong.")
        take_labels(layer, work)
        layer.visible = False
        self.reload([work.name])

    def _take(self, names: Sequence[str], layer: Image) -> None:
        """Show the image of a layer; a layer of one image is used, a plane of a stack is shown as its own."""
        if len(names) == 1:
            self._adopted[names[0]] = layer
            self.show(names[0], layer)
            return
        self.show(names[min(plane_shown(self.viewer, layer), len(names) - 1)])

    def _written(self, done: tuple[Image, list[Path] | UserError]) -> None:
        layer, paths = done
        self._writing.pop(layer, None)
        try:
            if isinstance(paths, UserError):
                raise paths
            names = self.ensure_project().add(paths)
        except UserError as error:
            self.failed.emit(error)
            return
        self.project_changed.emit()
        self._take(names, layer)

    def _show(self, loaded: Loaded) -> None:
        """Add the layers of an image that was read."""
        project, name = self.project, loaded.micrograph.name
        if project is None or name != self._wanted:
            return
        layer = self._layer if self._layer in self.viewer.layers else None
        self._moving = True
        try:
            for other in self.viewer.layers:
                if other is not layer and other.visible and other not in self._spare:
                    other.visible = False
            path = project.path(project[name])
            if layer is not None:
                self._clear()  # they may lie below this one
            folder, spare = project.folder / PARTICLES, self._spare
            self.work = Work(self.viewer, folder, loaded, self.rules, path, layer, spare)
            self._spare = tuple(left for left in spare if left not in self.work.layers.own)
            self._clear()
            bring_to_front(self.viewer.layers, self.work.image)
        finally:
            self._moving = False
        self.work.teach = partial(teach, project, name)
        self.work.changed.connect(self._edited)
        self.work.failed.connect(self.failed)
        if self._view is not None:
            camera(self.viewer).center, camera(self.viewer).zoom = self._view
        elif layer is None:
            self.viewer.reset_view()
        self.scaling.follow(project, self.work)
        self.work_changed.emit()

    def _fail(self, error: UserError) -> None:
        """Show why an image cannot be shown."""
        self._wanted = ""
        self._clear()
        self.failed.emit(error)

    def _drop(self, save: bool = True, remove: bool = True) -> None:
        work, self.work = self.work, None
        if work is None:
            return
        self.scaling.release()
        self._moving = True
        try:
            work.close(save)
            self._spare = (*self._spare, *work.layers.own)
        except Exception as error:  # noqa: BLE001 - whatever prevents saving is shown, and the layers stay
            self.failed.emit(as_user_error(error))
        finally:
            self._moving = False
        if remove:
            self._clear()
        self.work_changed.emit()

    def _clear(self) -> None:
        """Remove the layers that are no longer used."""
        spare, self._spare = self._spare, ()
        moving, self._moving = self._moving, True
        for layer in spare:
            if layer in self.viewer.layers:
                self.viewer.layers.remove(layer)
        self._moving = moving

    def _edited(self) -> None:
        self.rows_changed.emit([self.current])

    def follow(self, event: object = None) -> None:
        """Show the image that has become active in the viewer."""
        layer = plain(self.viewer.layers.selection.active)
        if self.paused or self._moving or not isinstance(layer, Image) or made_here(layer):
            return
        if self.work is not None and layer is self.work.image:
            return
        try:
            self.adopt(layer)
        except UserError as error:
            self.failed.emit(error)

    def _removed(self, event: object) -> None:
        """Let an image go whose layer was removed by hand; what is known of it is saved."""
        work, layers = self.work, self.viewer.layers
        if work is not None and not self._moving and not (work.image in layers and work.labels in layers):
            self.leave()
