"""A dataset as layers."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zarr
from napari.layers import Image, Labels

from particleforge.store.dataset import Dataset
from particleforge.widgets.synthesize.compare import Compare
from particleforge.widgets.synthesize.side_by_side import matched_stack, placed
from particleforge.widgets.synthesize.truth import follow_truth

if TYPE_CHECKING:
    from napari import Viewer


@dataclass(frozen=True, eq=False)
class Stack:
    """The layers of a dataset.

    Parameters
    ----------
    image, labels
        (sample, Y, X) each.
    pixels
        The stored images, which the layer shows unchanged or with matched intensities.
    pixel_size_nm
        Along (Y, X), if known.
    """

    image: Image
    labels: Labels
    pixels: zarr.Array[Any]
    pixel_size_nm: tuple[float, float] | None


class DatasetView:
    """Shows the last dataset made: a lazily read stack, its particles, and their truth.

    Parameters
    ----------
    viewer
        Where it is shown.
    compare
        The real image it is shown next to.
    """

    def __init__(self, viewer: "Viewer", compare: Compare) -> None:
        self._viewer, self._compare = viewer, compare
        self._stack: Stack | None = None
        compare.changed.connect(self.refresh)

    def show(self, path: Path) -> Dataset:
        """Show another dataset.

        Raises
        ------
        UserError
            If it cannot be read, or its samples lack images or labels.
        """
        dataset = Dataset.open(path)
        pixels, ids = (dataset.stack(name) for name in ("images", "labels"))
        first = dataset[0]
        size_nm = first.micrograph.pixel_size_nm
        options = {"metadata": {"particleforge": first.recipe}, **placed(size_nm, self._compare.real, 3)}
        image = Image(self._matched(pixels), name=path.stem, **options)
        labels = Labels(ids, name=f"{path.stem} particles", **options)
        labels.contour, labels.editable = 2, False
        for layer in (image, labels):
            self._viewer.add_layer(layer)
        self._stack = Stack(image, labels, pixels, size_nm)
        self._viewer.dims.set_current_step(0, 0)
        self._compare.adjust(image)
        follow_truth(self._viewer, labels, dataset)
        return dataset

    def refresh(self) -> None:
        """Show it next to another real image, or with other intensities."""
        stack = self._stack
        if stack is None:
            return
        options = placed(stack.pixel_size_nm, self._compare.real, 3)
        for layer in (stack.image, stack.labels):
            if layer in self._viewer.layers:
                layer.scale, layer.units, layer.translate = options["scale"], options["units"], options["translate"]
        if stack.image in self._viewer.layers:
            stack.image.data = self._matched(stack.pixels)
            self._compare.adjust(stack.image)

    def _matched(self, pixels: zarr.Array[Any]) -> Any:
        reference = self._compare.reference
        return pixels if reference is None else matched_stack(pixels, reference)
