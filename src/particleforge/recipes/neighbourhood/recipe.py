"""Samples in the neighbourhood of given ones."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

import numpy as np
from pydantic import Field, model_validator
from typing_extensions import override

from particleforge.draws import Distribution, OneOf, PerImage, Template, fix
from particleforge.params import Params
from particleforge.recipes.any import AnyRecipe, read_recipe
from particleforge.recipes.wrapper import Wrapper
from particleforge.sample import Sample

ParamsT = TypeVar("ParamsT", bound=Params)
RANKS = 1024
"""Numbers drawn from a distribution to find the rank of a value."""


class Neighbourhood(Wrapper):
    """Another recipe, drawn in the neighbourhood of given samples instead of over its whole range.

    Around the samples a detector did worst on, this is the adaptive sampling of Trampert et al., Crystals 2021, 11,
    258 (section 3.3).
    """

    front: ClassVar[tuple[str, ...]] = ("recipe", "around", "spread")

    kind: Literal["neighbourhood"] = "neighbourhood"
    recipe: Annotated[AnyRecipe, Template()] = Field(
        default_factory=partial(read_recipe, "shapes"), description="Recipe the samples were drawn from."
    )
    around: Annotated[tuple[AnyRecipe, ...], OneOf()] = Field(
        (),
        description="Parameters of the recipe for these samples; each new sample is drawn close to one of them. "
        "Empty: over the whole range.",
    )
    spread: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Largest change of each parameter, as a share of its distribution's quantiles.",
    )

    @model_validator(mode="after")
    def _of_one_kind(self) -> "Neighbourhood":
        if others := {one.kind for one in self.around} - {self.recipe.kind}:
            raise ValueError(f"around contains parameters of {', '.join(others)}, but recipe is {self.recipe.kind}")
        return self

    @override
    def coarse(self) -> Self:
        return self.replace(recipe=self.recipe.coarse(), around=tuple(one.coarse() for one in self.around))

    def simulate(self, prepared: Any, rng: np.random.Generator) -> Sample:
        """Return a sample of the recipe close to the chosen one."""
        if not self.around:
            return fix(self.recipe, rng).simulate(prepared, rng)
        return moved(self.around[0], self.recipe, self.spread, rng).simulate(prepared, rng)


def moved(fixed: ParamsT, drawn_from: Params, spread: float, rng: np.random.Generator) -> ParamsT:
    """Change every per-image draw of fixed parameters slightly.

    Parameters
    ----------
    fixed
        Parameters whose per-image draws are numbers.
    drawn_from
        The parameters with distributions they came from; if these are of another class, nothing changes.
    spread
        Largest step, as a share of the quantiles of the distribution.
    rng
        Chooses the steps.
    """
    if type(fixed) is not type(drawn_from):
        return fixed
    changes: dict[str, Any] = {}
    for name, info in type(fixed).model_fields.items():
        value, origin = getattr(fixed, name), getattr(drawn_from, name)
        if isinstance(origin, Distribution) and isinstance(value, float):
            if any(isinstance(mark, PerImage) for mark in info.metadata):
                changes[name] = _step(value, origin, spread, rng)
        elif any(isinstance(mark, OneOf) for mark in info.metadata):
            changes[name] = tuple(moved(one, _origin(one, origin), spread, rng) for one in value)
        elif isinstance(value, Params) and isinstance(origin, Params):
            changes[name] = moved(value, origin, spread, rng)
        elif isinstance(value, tuple) and isinstance(origin, tuple) and len(value) == len(origin):
            pairs = zip(value, origin, strict=True)
            changes[name] = tuple(moved(a, b, spread, rng) if isinstance(a, Params) else a for a, b in pairs)
    return fixed.replace(**changes)


def _origin(one: Params, alternatives: Sequence[Params]) -> Params:
    """Alternative that parameters may have been drawn from; the parameters themselves if there is none."""
    return next((other for other in alternatives if _may_give(other, one)), one)


def _may_give(alternative: Params, fixed: Params) -> bool:
    if type(alternative) is not type(fixed):
        return False
    for name in type(fixed).model_fields:
        value, origin = getattr(fixed, name), getattr(alternative, name)
        if isinstance(origin, Distribution) and isinstance(value, float):
            low, high = origin.support
            if not low <= value <= high:
                return False
        elif origin != value:
            return False
    return True


def _step(value: float, origin: Distribution, spread: float, rng: np.random.Generator) -> float:
    """Value at a rank close to that of the old one, among many numbers of its distribution."""
    ranked = np.sort(origin.sample(rng, RANKS))
    first, last = np.searchsorted(ranked, value, "left"), np.searchsorted(ranked, value, "right")
    rank = rng.uniform(first, max(last, first + 1)) + rng.uniform(-spread, spread) * RANKS
    return float(ranked[int(np.clip(rank, 0, RANKS - 1))])
