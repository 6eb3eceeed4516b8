"""One aggregate of a recipe, with what is known of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from particleforge.draws import number
from particleforge.recipes.aggregate.descriptors import describe, read_truth
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.aggregate.spheres import Spheres
from particleforge.sample import Sample
from particleforge.widgets.synthesize.sampler import Sampler

SEED = 0


@dataclass(frozen=True, eq=False)
class Grown:
    """An aggregate and its image.

    Parameters
    ----------
    sample
        The image, the truth, and the recipe with every draw fixed.
    truth
        A row for each of its spheres.
    recipe
        That recipe.
    spheres
        In the frame of the image: x, y from its corner, z from the centre of mass towards the source.
    materials
        Names, in the order of the recipe; `spheres` refers to them.
    descriptors
        As `describe` names them, and its fractal_dimension.
    """

    sample: Sample
    truth: pd.DataFrame
    recipe: Aggregate
    spheres: Spheres
    materials: tuple[str, ...]
    descriptors: dict[str, float]


def grow_one(sampler: Sampler, recipe: Aggregate, index: int, outdated: Callable[[], bool]) -> Grown:
    """Grow aggregate number `index` of a recipe: the same as in a dataset with seed 0.

    Raises
    ------
    UserError
        If there is none with these parameters.
    Cancelled
        If `outdated()` is true once those requested before are grown.
    """
    sample = sampler.draw(recipe, SEED, index, outdated).sample
    truth = pd.DataFrame(sample.truth)
    fixed = Aggregate.parse(sample.recipe)
    densities = {material.name: material.density_g_cm3 for material in reversed(fixed.materials)}
    names = tuple(dict.fromkeys(material.name for material in fixed.materials))
    spheres, found = read_truth(truth)
    spheres = replace(spheres, materials=np.array([names.index(name) for name in found])[spheres.materials])
    descriptors = describe(spheres, names, [densities[name] for name in names], fixed.growth.contact_factor)
    descriptors["fractal_dimension"] = number(fixed.growth.fractal_dimension) + spheres.df_error
    return Grown(sample, truth, fixed, spheres, names, descriptors)
