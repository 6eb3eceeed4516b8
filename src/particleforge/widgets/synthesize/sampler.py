"""One sample of a recipe, drawn again quickly after a parameter was changed."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from particleforge.errors import Cancelled
from particleforge.recipes.any import RECIPES
from particleforge.recipes.recipe import Recipe, make_sample
from particleforge.sample import Sample


@dataclass(frozen=True, eq=False)
class Shot:
    """A sample, and how long it took in seconds."""

    sample: Sample
    seconds: float


class Sampler:
    """Draws samples, one at a time; what the recipe prepared is kept for the next one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._prepared: tuple[Any, Any] = (None, None)

    def draw(self, recipe: Recipe, seed: int, number: int, outdated: Callable[[], bool]) -> Shot:
        """Draw sample `number` of a recipe with a seed: particles as the dataset will have them, the image grainier.

        Raises
        ------
        UserError
            If the recipe cannot be fulfilled.
        Cancelled
            If `outdated()` is true once the samples requested before are drawn.
        """
        with self._lock:
            if outdated():
                raise Cancelled
            began_s = time.monotonic()
            sample = make_sample(recipe.coarse(), self._prepared_for(recipe), seed, number)
            return Shot(sample, time.monotonic() - began_s)

    def close(self) -> None:
        """Release what was prepared, once the current sample is drawn; a rendering process ends with it."""
        self._prepared = (None, None)

    def _prepared_for(self, recipe: Recipe) -> Any:
        key = (recipe.kind, recipe.context_key())
        if self._prepared[0] != key:
            self._prepared = (key, recipe.prepare([]))
        return self._prepared[1]


def made_by(sample: Sample) -> str:
    """Return a sentence on how a sample was made, as its recipe describes it; may be empty."""
    kind = str(sample.recipe.get("kind"))
    return RECIPES.get(kind).made_by(sample.recipe) if kind in RECIPES else ""
