"""Which layers parameters are estimated from, and how they are passed to the job."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Image

from particleforge.jobs.messages import Task
from particleforge.params import Params
from particleforge.store.micrographs import write_micrograph
from particleforge.store.source import Plane
from particleforge.verb import Verb
from particleforge.widgets.image_chooser import ImageChooser
from particleforge.widgets.layers import pixel_size_nm, planes

if TYPE_CHECKING:
    from napari import Viewer

SELECTED = "Selected layers"
NO_IMAGE, NONE_SELECTED = "Open images first.", "Select image layers in the layer list."


class Images:
    """The choice of an image layer, a stack of images, or all layers that are selected.

    Parameters
    ----------
    viewer
        Whose layers are offered.
    """

    def __init__(self, viewer: "Viewer") -> None:
        self._viewer = viewer
        self.chooser = ImageChooser(viewer, SELECTED)

    @property
    def layers(self) -> list[Image]:
        """Chosen layers."""
        chosen = self.chooser.value
        if chosen != SELECTED:
            return [] if chosen is None else [chosen]
        return [layer for layer in self._images() if layer in self._viewer.layers.selection]

    @property
    def problem(self) -> str | None:
        """Why they cannot be used; None if they can."""
        if not self.layers:
            return NONE_SELECTED if self._images() else NO_IMAGE
        bare = next((layer.name for layer in self.layers if pixel_size_nm(layer) is None), None)
        return None if bare is None else f"{bare} has no pixel size; set it in the step Scale of ParticleForge."

    def planes(self) -> list[tuple[str, Plane]]:
        """Every image, with a file name.

        Raises
        ------
        UserError
            If a layer is empty or a stack of stacks.
        """
        every = [plane for layer in self.layers for plane in planes(layer)]
        return [(f"{i:04d}_{plane.name}", plane) for i, plane in enumerate(every)]

    def _images(self) -> list[Image]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Image)]


def write_task(
    verb: Verb[..., Any], places: tuple[str, Path], images: Sequence[tuple[str, Plane]], scratch: Path, params: Params
) -> Task:
    """Write images into a scratch folder; return the task that estimates from them.

    Parameters
    ----------
    verb
        `estimate` or `shadow`.
    places
        The estimator, and the folder of results.
    images
        See `Images.planes`.
    scratch
        Gets a folder of images.
    params
        Parameters of the verb.
    """
    folder = scratch / "images"
    folder.mkdir()
    for name, plane in images:
        write_micrograph(folder / f"{name}.tif", plane.read())
    return Task.of(verb, params, model=places[0], images=folder, out=places[1])
