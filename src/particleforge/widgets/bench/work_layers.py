"""The layers of the image that is worked on: itself, its particles, background strokes, and contours."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap

from particleforge.widgets.active import FILE, KEY, mark_of
from particleforge.widgets.annotate.geometry import geometry_of
from particleforge.widgets.bench.check.contours import colours
from particleforge.widgets.bench.colours import by_label
from particleforge.widgets.bench.loaded import Loaded
from particleforge.widgets.files import geometry

if TYPE_CHECKING:
    from napari import Viewer

STROKE_COLOUR = "#3d8bff"
FILL_OPACITY, STROKE_OPACITY = 0.4, 0.4


class WorkLayers:
    """Adds the layers to a viewer: `image`, `labels`, `strokes` and `contours`.

    The particles themselves are transparent: the contours show them, unless they are to be filled.

    Parameters
    ----------
    viewer
        Gets the layers.
    folder
        Where particles are saved.
    loaded
        What is shown.
    path
        File of the image.
    image
        The layer that shows the image already, if there is one.
    spare
        Layers that the work before has left, which are used again.
    """

    def __init__(
        self,
        viewer: "Viewer",
        folder: Path,
        loaded: Loaded,
        path: Path | None = None,
        image: Image | None = None,
        spare: Sequence[Layer] = (),
    ) -> None:
        self._viewer, self._folder, self._name = viewer, folder, loaded.micrograph.name
        self._spare = [layer for layer in spare if layer in viewer.layers]
        self._own_image = image is None
        self.image = self._add_image(loaded, path) if image is None else image
        self.labels = self._add("particles", loaded.particles.labels, 0.0, by_label())
        self.strokes = self._add("background", loaded.background.astype(np.uint8), STROKE_OPACITY, _blue())
        self.contours = self._add("contours", loaded.contours, 1.0, colours())
        self.contours.editable = False
        self.labels.brush_size, self.strokes.brush_size = 10, 20

    @property
    def own(self) -> tuple[Layer, ...]:
        """The layers that were added."""
        return (self.contours, self.strokes, self.labels, *((self.image,) if self._own_image else ()))

    @property
    def filled(self) -> bool:
        """Whether particles are filled, each with a colour of its own."""
        return self.labels.opacity > 0

    def fill(self, filled: bool) -> None:
        """Fill particles, or show contours only."""
        self.labels.opacity = FILL_OPACITY if filled else 0.0

    @property
    def shown(self) -> bool:
        """Whether the particles are shown."""
        return bool(self.contours.visible)

    def show(self, shown: bool) -> None:
        """Show the particles, or the bare image."""
        self.contours.visible = self.strokes.visible = shown
        if not shown:
            self.fill(False)

    def _add_image(self, loaded: Loaded, path: Path | None) -> Image:
        grey = loaded.micrograph
        rgb = grey.axes == "YXC" and grey.pixels.shape[-1] in (3, 4)
        about: dict[str, Any] = {"metadata": {KEY: {FILE: str(path)}}} if path else {}
        pixels = grey.pixels if rgb or grey.axes == "YX" else grey.grey
        there = next((layer for layer in self._spare if isinstance(layer, Image) and bool(layer.rgb) == rgb), None)
        if there is not None:
            _become(there, pixels, self._name, about.get("metadata", {}), geometry(grey.pixel_size_nm))
            there.reset_contrast_limits()
            there.visible = True
            return there
        image = Image(pixels, name=self._name, rgb=rgb, **about, **geometry(grey.pixel_size_nm))
        self._viewer.add_layer(image)
        return image

    def _add(
        self,
        role: str,
        data: npt.NDArray[Any],
        opacity: float,
        colormap: CyclicLabelColormap | DirectLabelColormap,
    ) -> Labels:
        mark, name = mark_of(role, self._name, self._folder), f"{self._name} {role}"
        for there in self._spare:
            if _role(there) == role and isinstance(there, Labels):
                there.editable = False  # napari forgets what it could undo in the image before
                there.editable = True
                _become(there, data, name, {KEY: mark}, geometry_of(self.image))
                return there
        for left in [layer for layer in self._viewer.layers if layer.metadata.get(KEY) == mark]:
            self._viewer.layers.remove(left)  # a bench that was closed has left it
        about: dict[str, Any] = {"metadata": {KEY: mark}, **geometry_of(self.image)}
        layer = Labels(data, name=name, opacity=opacity, colormap=colormap, **about)
        self._viewer.add_layer(layer)
        return layer


def warm_up(_: object = None) -> None:
    """Make layers like these, in any thread: for the first ones napari compiles code for seconds."""
    place = geometry((1.0, 1.0))
    Image(np.zeros((8, 8), np.uint8), **place)
    for dtype, colormap in ((np.uint32, by_label()), (np.uint8, _blue()), (np.uint8, colours())):
        Labels(np.zeros((8, 8), dtype), colormap=colormap, **place)


def _blue() -> CyclicLabelColormap:
    return CyclicLabelColormap(colors=["transparent", STROKE_COLOUR])


def _role(layer: Layer) -> str:
    """Return which part of the work a layer shows; empty for others."""
    mark = layer.metadata.get(KEY)
    return str(mark.get("role", "")) if isinstance(mark, Mapping) else ""


def _become(
    layer: Image | Labels, data: npt.NDArray[Any], name: str, metadata: dict[str, Any], place: dict[str, Any]
) -> None:
    """Let a layer show something else."""
    layer.data, layer.name, layer.metadata = data, name, metadata
    for key, value in place.items():
        if not _lies(layer, key, value):  # setting it draws the layer again
            setattr(layer, key, value)


def _lies(layer: Image | Labels, key: str, value: Any) -> bool:
    """Whether a part of the place of a layer is as given."""
    now = getattr(layer, key)
    if key == "affine":
        now = now.affine_matrix
    if key in ("units", "axis_labels"):
        return [str(one) for one in now] == [str(one) for one in value]
    return np.shape(now) == np.shape(value) and bool(np.allclose(now, value, rtol=1e-12, atol=0))
