"""One sample of a recipe, quickly again after another parameter was changed."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from particleforge.errors import Cancelled
from particleforge.recipes.recipe import Recipe, make_sample
from particleforge.recipes.render.engine.engine import VARIANTS
from particleforge.recipes.render.recipe import Render
from particleforge.sample import Sample

SAMPLES_PER_PIXEL = 4
"""Of a preview at most: grainier than the image will be, and sooner there."""


@dataclass(frozen=True, eq=False)
class Shot:
    """A sample, and how long it took in seconds."""

    sample: Sample
    seconds: float


class Sampler:
    """Draws samples, one at a time; the process that renders is kept for the next one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engine: tuple[Any, Any] = (None, None)

    def draw(self, recipe: Recipe, seed: int, number: int, outdated: Callable[[], bool]) -> Shot:
        """Draw sample `number` of a recipe with a seed: particles as the dataset will have them, the image grainier.

        Raises
        ------
        UserError
            If the recipe cannot be fulfilled.
        Cancelled
            If `outdated()` is true once the samples asked for before are there.
        """
        with self._lock:
            if outdated():
                raise Cancelled
            began_s = time.monotonic()
            sample = make_sample(coarse(recipe), self._material(recipe), seed, number)
            return Shot(sample, time.monotonic() - began_s)

    def close(self) -> None:
        """End the process that renders, once what it draws is done."""
        self._engine = (None, None)

    def _material(self, recipe: Recipe) -> Any:
        if not isinstance(recipe, Render):
            return recipe.prepare([])
        key, engine = self._engine
        if key != (recipe.variant, recipe.threads):
            engine = recipe.prepare([])
            self._engine = ((recipe.variant, recipe.threads), engine)
        return engine


def coarse(recipe: Recipe) -> Recipe:
    """Return the recipe with few samples per pixel, where it has any."""
    if not isinstance(recipe, Render):
        return recipe
    return recipe.replace(samples_per_pixel=min(SAMPLES_PER_PIXEL, recipe.samples_per_pixel))


def rendered_by(sample: Sample) -> str:
    """Say which variant of Mitsuba rendered a sample; empty where none did."""
    variant = VARIANTS.get(str(sample.recipe.get("variant")))
    return f"Rendered by Mitsuba, {variant}." if variant else ""
