"""The pixel size of images: one value in the project, in what is shown, and in the files of their particles."""

from collections.abc import Iterable, Mapping

import numpy as np
from qtpy.QtCore import QObject, Signal

from particleforge.errors import UserError
from particleforge.measurement.numbers import digits
from particleforge.micrograph import square_side_nm
from particleforge.store.particle_files import rescale_particles
from particleforge.store.project import PARTICLES, Project
from particleforge.widgets.background import Background, Outdated
from particleforge.widgets.bench.work import Work
from particleforge.widgets.layers import pixel_size_nm
from particleforge.widgets.overlays import scale_bar

Size = tuple[float, float] | None
HINT = "Enter the pixel size in the step Scale."


class Scaling(QObject):
    """Gives images a pixel size, and follows one that the image shown is given in napari.

    `changed` is emitted with the names of images that have another pixel size now, `failed` with a `UserError`.
    """

    changed = Signal(object)
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._project: Project | None = None
        self._work: Work | None = None
        self._setting = False
        self._before: dict[str, float | None] = {}
        self._files = Background(finishes=True)
        self._files.failed.connect(self.failed)

    @property
    def undoable(self) -> list[str]:
        """Names of the images whose last pixel size can be had back."""
        there = [] if self._project is None else self._project.names
        return [name for name in self._before if name in there]

    def follow(self, project: Project, work: Work) -> None:
        """Keep the pixel size of the image that is shown and that of the project the same."""
        if project is not self._project:
            self._before = {}
        self._project, self._work = project, work
        for emitter in (work.image.events.scale, work.image.events.units):
            emitter.connect(self._scaled)
        stated, shown = work.micrograph.pixel_size_nm, pixel_size_nm(work.image)
        if shown is None or project[work.name].pixel_size_nm is not None:
            self._set(stated)
            self._check_shape()
        else:
            self._scaled()
        self._show_bar()

    def release(self) -> None:
        """Take no more notice of the image that was shown."""
        work, self._work = self._work, None
        if work is not None:
            for emitter in (work.image.events.scale, work.image.events.units):
                emitter.disconnect(self._scaled)

    def give(self, project: Project, sides_nm: Mapping[str, float | None]) -> None:
        """Give images a pixel size each, by name; None: as the file states. It can be undone.

        Raises
        ------
        UserError
            If a size is not above zero, or the project cannot be written.
        """
        before = {name: project[name].pixel_size_nm for name in sides_nm}
        self._give(project, sides_nm)
        self._before = before

    def undo(self) -> list[str]:
        """Take the last pixel sizes back; return the names of the images.

        Raises
        ------
        UserError
            If the project cannot be written.
        """
        names = self.undoable
        if self._project is not None and names:
            self._give(self._project, {name: self._before[name] for name in names})
        self._before = {}
        return names

    def _give(self, project: Project, sides_nm: Mapping[str, float | None]) -> None:
        project.set_pixel_sizes(sides_nm)
        self._project = project
        work = self._work
        if work is not None and work.name in sides_nm:
            self._set(project.open(work.name).pixel_size_nm)
            self._show_bar()
        self._rescale(project, [name for name in sides_nm if work is None or name != work.name])
        self.changed.emit(list(sides_nm))

    def _set(self, size_nm: Size) -> None:
        """Give the layers of the image that is shown a pixel size, and fit the view to it."""
        work = self._work
        if work is None:
            return
        resized = pixel_size_nm(work.image) != size_nm
        self._setting = True
        try:
            work.set_pixel_size(size_nm)
        finally:
            self._setting = False
        if resized:
            work.viewer.reset_view()

    def _scaled(self, event: object = None) -> None:
        """Keep a scale that was given to the layer of the image, or put back the one before."""
        work, project = self._work, self._project
        if work is None or project is None or self._setting:
            return
        size, known = pixel_size_nm(work.image), work.micrograph.pixel_size_nm
        if _same(size, known):
            self._check_shape()
            return
        try:
            side = _side(size, work)
            project.set_pixel_sizes({work.name: side})
        except UserError as error:
            self._set(known)
            self.failed.emit(error)
            return
        work.micrograph = work.micrograph.with_pixel_size(side)
        self._show_bar()
        self.changed.emit([work.name])

    def _check_shape(self) -> None:
        """Report pixels that are shown higher than wide, although their size is not known."""
        work = self._work
        if work is None or work.micrograph.pixel_size_nm is not None:
            return
        y, x = (abs(float(side)) for side in work.image.scale[-2:])
        if not np.isclose(y, x, rtol=0.01):
            ratio = digits(y / x)
            self.failed.emit(
                UserError(
                    f"{work.name} is shown with pixels {ratio} times as high as wide; they count as square.", HINT
                )
            )

    def _show_bar(self) -> None:
        """Show napari's scale bar once the scale is known."""
        if self._work is not None and self._work.micrograph.pixel_size_nm is not None:
            scale_bar(self._work.viewer).visible = True

    def _rescale(self, project: Project, names: Iterable[str]) -> None:
        """Note the pixel size in the files of particles that are not shown."""

        def write(_: Outdated) -> None:
            for name in names:
                if self._work is None or name != self._work.name:
                    rescale_particles(project.folder / PARTICLES, name, project.open(name).pixel_size_nm)

        self._files.run(write)


def _side(size_nm: Size, work: Work) -> float:
    """Side of the square pixels of a layer.

    Raises
    ------
    UserError
        If its units are not lengths, or its pixels are not square.
    """
    if size_nm is None:
        unit = str(work.image.units[-1])
        raise UserError(f"The layer of {work.name} cannot be in the unit {unit}; its pixel size is known.", HINT)
    return square_side_nm(size_nm, work.name)


def _same(one: Size, other: Size) -> bool:
    return one == other if one is None or other is None else bool(np.allclose(one, other, rtol=1e-9, atol=0))
