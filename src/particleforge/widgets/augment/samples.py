"""A few samples of a recipe, drawn again quickly after a setting was changed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import Cancelled
from particleforge.recipes.recipe import Recipe, make_sample
from particleforge.sample import Sample
from particleforge.store.annotated import read_annotated

GAP_PX = 8
SHOWN = 4


class Sampler:
    """Draws samples; what it has read and prepared is kept until the folder or the recipe changes."""

    def __init__(self) -> None:
        self._read: tuple[Any, list[Sample]] = (None, [])
        self._prepared: tuple[Any, Any] = (None, None)

    def draw(self, folder: Path, recipe: Recipe, first: int, outdated: Callable[[], bool]) -> list[Sample]:
        """Draw four samples, from number `first` on.

        Raises
        ------
        UserError
            If the annotation cannot be read or the recipe cannot be fulfilled.
        Cancelled
            Once `outdated()` is true.
        """
        sources = self.sources(folder)
        key = (self._read[0], recipe.kind, recipe.context_key())
        if self._prepared[0] != key:
            self._prepared = (key, recipe.prepare(sources))
        samples = []
        for number in range(first, first + SHOWN):
            if outdated():
                raise Cancelled
            samples.append(make_sample(recipe, self._prepared[1], 0, number))
        return samples

    def sources(self, folder: Path) -> list[Sample]:
        """Annotated images of a folder.

        Raises
        ------
        UserError
            If they cannot be read.
        """
        state = (folder, _state(folder))
        if self._read[0] != state:
            self._read = (state, read_annotated(folder))
        return self._read[1]


def mosaic(samples: Sequence[Sample]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint32]]:
    """Put the images and labels of samples side by side in two columns, with separate ids.

    Returns
    -------
    image, labels
        (Y, X) each; between the samples and where one is smaller the image has its lowest grey.
    """
    height, width = (max(sample.labels.shape[axis] for sample in samples) + GAP_PX for axis in (0, 1))
    rows = -(-len(samples) // 2)
    greys = [sample.micrograph.grey for sample in samples]
    image = np.full((rows * height - GAP_PX, 2 * width - GAP_PX), min(grey.min() for grey in greys), np.float32)
    labels = np.zeros(image.shape, np.uint32)
    highest = 0
    for number, (sample, grey) in enumerate(zip(samples, greys, strict=True)):
        y, x = number // 2 * height, number % 2 * width
        place = slice(y, y + grey.shape[0]), slice(x, x + grey.shape[1])
        image[place] = grey
        labels[place] = np.where(sample.labels > 0, sample.labels + np.uint32(highest), 0)
        highest = int(labels.max())
    return image, labels


def _state(folder: Path) -> list[tuple[str, int, int]]:
    """Return the names, sizes and times of the files in a folder, which differ after a change."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
