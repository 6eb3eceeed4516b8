"""Four samples of a recipe as layers."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels
from qtpy.QtCore import QObject, Signal

from particleforge.recipes.recipe import Recipe
from particleforge.sample import Sample
from particleforge.store.dataset import Dataset
from particleforge.widgets.augment.samples import SHOWN, Sampler, mosaic
from particleforge.widgets.augment.sizes import dataset_sizes, warped_sizes
from particleforge.widgets.background import Background
from particleforge.widgets.preview import find_layer, put_layer, take_layer
from particleforge.widgets.qt import single_shot

if TYPE_CHECKING:
    from napari import Viewer

SETTLED_MS = 250
NAME, PARTICLES = "Preview", "Preview particles"


class Preview(QObject):
    """Shows four samples, the next four, and the same ones again shortly after a change.

    `compared` gives the `SizeShift` if the recipe changes sizes, otherwise None; `failed` gives a `UserError`.

    Parameters
    ----------
    viewer
        Where they are shown.
    given
        Returns the folder of annotated images and the recipe as chosen.
    """

    compared = Signal(object)
    failed = Signal(object)

    def __init__(self, viewer: "Viewer", given: Callable[[], tuple[Path, Recipe]]) -> None:
        super().__init__()
        self._viewer, self._given = viewer, given
        self._sampler, self._first = Sampler(), -SHOWN
        self._drawing, self._comparing = Background(), Background()
        self._drawing.done.connect(self._show)
        self._comparing.done.connect(self.compared)
        for background in (self._drawing, self._comparing):
            background.failed.connect(self.failed)
        self._timer = single_shot(self, SETTLED_MS, self._draw)

    def next(self) -> None:
        """Show the next four samples."""
        self._first += SHOWN
        self._draw()

    def touch(self) -> None:
        """Draw them again shortly, if any are shown."""
        if self._first >= 0:
            self._timer.start()

    def compare_dataset(self, dataset: Dataset) -> None:
        """Compare the sizes of a dataset with those of the annotated images."""
        (folder, recipe), sampler = self._given(), self._sampler
        if recipe.moves_sizes:
            self._comparing.run(lambda outdated: dataset_sizes(sampler.sources(folder), dataset, outdated))

    def hide(self) -> None:
        """Remove the layers."""
        for name in (NAME, PARTICLES):
            take_layer(self._viewer, name)

    def stop(self) -> None:
        """Drop the current requests."""
        self._timer.stop()
        self._drawing.drop()
        self._comparing.drop()

    def _draw(self) -> None:
        (folder, recipe), sampler, first = self._given(), self._sampler, self._first
        self._comparing.drop()
        self._drawing.run(lambda outdated: sampler.draw(folder, recipe, first, outdated))

    def _show(self, samples: list[Sample]) -> None:
        image, labels = mosaic(samples)
        new = find_layer(self._viewer, NAME) is None
        options = {"metadata": {"particleforge": samples[0].recipe}, **geometry(samples[0], 2)}
        shown = put_layer(self._viewer, Image, NAME, image, **options)
        shown.reset_contrast_limits()
        put_layer(self._viewer, Labels, PARTICLES, labels, **options).contour = 2
        if new:
            self._viewer.reset_view()
        self._compare()

    def _compare(self) -> None:
        (folder, recipe), sampler = self._given(), self._sampler
        if recipe.moves_sizes:
            self._comparing.run(lambda outdated: warped_sizes(sampler.sources(folder), recipe, outdated))
        else:
            self.compared.emit(None)


def geometry(sample: Sample, axes: int) -> dict[str, Any]:
    """Scale and units of a sample; axes before the last two are counted."""
    size = sample.micrograph.pixel_size_nm
    scale, unit = ((1.0, 1.0), "pixel") if size is None else (size, "nm")
    return {
        "scale": (*[1.0] * (axes - 2), *scale),
        "units": (*["pixel"] * (axes - 2), unit, unit),
        "axis_labels": ("sample", "y", "x")[-axes:],
    }
