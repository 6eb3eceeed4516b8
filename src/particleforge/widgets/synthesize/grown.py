"""A dataset as layers."""

from pathlib import Path
from typing import Any

import zarr

from particleforge.store.dataset import Dataset
from particleforge.widgets.synthesize.beside import matched_stack, placed
from particleforge.widgets.synthesize.compare import Compare
from particleforge.widgets.synthesize.truth import follow_truth


class Grown:
    """The last dataset that was made: a stack that is read as it is looked at, its particles, and their truth.

    Parameters
    ----------
    viewer
        Where it is shown.
    compare
        The real image it is shown beside of.
    """

    def __init__(self, viewer: Any, compare: Compare) -> None:
        self._viewer, self._compare = viewer, compare
        self._images: Any = None
        self._layers: tuple[Any, ...] = ()
        compare.changed.connect(self.refresh)

    def show(self, path: Path) -> Dataset:
        """Show another dataset.

        Raises
        ------
        UserError
            If it cannot be read.
        """
        dataset, arrays = Dataset.open(path), zarr.open_group(path, mode="r")
        first = dataset[0]
        self._images, self._size = arrays["images"], first.micrograph.pixel_size_nm
        options = {"metadata": {"particleforge": first.recipe}, **placed(self._size, self._compare.real, 3)}
        image = self._viewer.add_image(self._shown(), name=path.stem, **options)
        labels = self._viewer.add_labels(arrays["labels"], name=f"{path.stem} particles", **options)
        labels.contour, labels.editable = 2, False
        self._layers = (image, labels)
        self._viewer.dims.set_current_step(0, 0)
        self._compare.adjust(image)
        follow_truth(self._viewer, labels, dataset)
        return dataset

    def refresh(self) -> None:
        """Show it beside another real image, or with other intensities."""
        there = [layer for layer in self._layers if layer in self._viewer.layers]
        options = placed(self._size, self._compare.real, 3) if there else {}
        for layer in there:
            layer.scale, layer.units, layer.translate = options["scale"], options["units"], options["translate"]
        if there and there[0] is self._layers[0]:
            there[0].data = self._shown()
            self._compare.adjust(there[0])

    def _shown(self) -> Any:
        reference = self._compare.reference
        return self._images if reference is None else matched_stack(self._images, reference)
