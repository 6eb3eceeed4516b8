"""Targets: what is estimated, and by which kind of network."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field, TypeAdapter, model_validator

from particleforge.draws import Distribution, Draw
from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.recipes.fields import innermost, raw, value_of

if TYPE_CHECKING:
    from particleforge.sample import Sample

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Outputs: TypeAlias = Mapping[str, Floats]
"""Output of each network of a target for each image."""


class Target(Params):
    """A parameter of a recipe that is estimated from images."""

    networks: ClassVar[tuple[str, ...]] = ("value",)
    tolerance: ClassVar[float] = 0.1
    """How far beyond the known values the estimate from an image may lie, as a share of their range."""

    parameter: str = Field(
        "", description="Name of a parameter that is drawn once per image, for example `growth.prefactor`."
    )
    shown: str = Field(
        "",
        description="What a single image shows of the parameter, if different: a sum of names joined by +. "
        "`truth.COLUMN` is the mean of a column of the truth table, `truth.COLUMN=VALUE` the share of particles "
        "with this value, `descriptor.NAME` a descriptor of the aggregate. Empty: the parameter itself.",
    )
    low: float | None = Field(None, description="Smallest value; empty: from the recipe or the data.")
    high: float | None = Field(None, description="Largest value; empty: from the recipe or the data.")
    whole: bool = Field(False, description="Whether the estimate is rounded to an integer.")
    grey: Literal["linear", "inverse"] = Field(
        "linear",
        description="inverse: grey values v of the foreground become threshold / v, which brings out faint particles.",
    )
    threshold: float = Field(
        0.05, gt=0, lt=1, description="Threshold of the foreground for inverse, as a share of the grey range."
    )

    @model_validator(mode="after")
    def _ordered(self) -> "Target":
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        return self

    @property
    def images(self) -> int:
        """Number of images given to the network at once."""
        return 1

    def of_sample(self, sample: "Sample") -> float:
        """Value a network should estimate from the image of a sample.

        Raises
        ------
        UserError
            If the sample has no such parameter or column.
        """
        return shown_by(sample, self.shown or self.parameter)

    def limits(self, recipe: Mapping[str, Any], values: Floats) -> tuple[float, float]:
        """Smallest and largest value: as given, else from the distribution in the recipe, else from the data.

        Raises
        ------
        UserError
            If all values are the same.
        """
        low, high = float(values.min()), float(values.max())
        drawn = _support(recipe, self.parameter)
        if drawn is not None:
            low, high = (min(low, drawn[0]), max(high, drawn[1])) if self.shown else drawn
        low, high = (low if self.low is None else self.low), (high if self.high is None else self.high)
        if not low < high or np.ptp(values) == 0:
            raise UserError(
                f"{self.parameter} is {values[0]:g} in every sample, so it cannot be learned.",
                "Give a distribution in the recipe, for example uniform(1, 2).",
            )
        return low, high

    def pools(self, values: Floats, groups: Ints, chosen: Ints, limits: tuple[float, float]) -> dict[str, list[Ints]]:
        """Per network, sets of samples that are drawn equally often; images drawn together are from the same set."""
        return {name: [chosen] for name in self.networks}

    def goals(self, name: str, values: Floats, limits: tuple[float, float]) -> Floats:
        """Return the desired output of a network for each sample, between 0 and 1."""
        low, high = limits
        return np.clip((values - low) / (high - low), 0, 1)

    def combine(self, outputs: Outputs, limits: tuple[float, float]) -> Floats:
        """Value per image from the outputs of the networks, in units of the parameter."""
        low, high = limits
        return low + (high - low) * outputs["value"]


class Regression(Target):
    """A value from each image separately, bounded by a scaled sigmoid; the mean of several images."""

    kind: Literal["regression"] = "regression"


class Share(Target):
    """A share; a second network recognises images that show only one kind, and these get an end of the range.

    It is trained on as many of these images as of others.
    """

    networks: ClassVar[tuple[str, ...]] = ("value", "ends")
    tolerance: ClassVar[float] = 0.0

    kind: Literal["share"] = "share"
    low: float | None = Field(0.0, description="Value of images that show none of it.")
    high: float | None = Field(1.0, description="Value of images that show nothing else.")

    def limits(self, recipe: Mapping[str, Any], values: Floats) -> tuple[float, float]:
        """As given, else from the recipe or the data.

        Raises
        ------
        UserError
            If all samples or none are at an end of the range.
        """
        limits = super().limits(recipe, values)
        ends = np.isin(values, limits)
        if ends.all() or not ends.any():
            what = "Every sample" if ends.all() else "No sample"
            raise UserError(
                f"{what} shows a {self.shown or self.parameter} of {limits[0]:g} or {limits[1]:g}; "
                "kind share needs both such samples and others.",
                "Draw more samples, or use kind regression.",
            )
        return limits

    def pools(self, values: Floats, groups: Ints, chosen: Ints, limits: tuple[float, float]) -> dict[str, list[Ints]]:
        """Draw from all samples; for the ends, from those at an end as often as from the others."""
        ends = np.isin(values[chosen], limits)
        return {"value": [chosen], "ends": [part for part in (chosen[ends], chosen[~ends]) if len(part)]}

    def goals(self, name: str, values: Floats, limits: tuple[float, float]) -> Floats:
        """Share of the range, or whether it is an end."""
        if name == "ends":
            return np.isin(values, limits).astype(float)
        return super().goals(name, values, limits)

    def combine(self, outputs: Outputs, limits: tuple[float, float]) -> Floats:
        """Nearest end of the range if the image is classified as being at one."""
        value = np.where(outputs["ends"] > 0.5, np.rint(outputs["value"]), outputs["value"])
        return super().combine({"value": value}, limits)


class Batch(Target):
    """Several images of one batch at once: features of each by the same network, joined, then one value.

    For what cannot be seen in a single image. Samples must come in batches, like those of a recipe of kind batches.
    """

    kind: Literal["batch"] = "batch"
    at_once: int = Field(10, ge=2, le=100, description="Images per batch used in training.")
    join: Literal["mean", "concatenate"] = Field(
        "mean",
        description="How the features of the images are joined. mean: their order does not matter, and any number is "
        "possible. concatenate: as many images as in training; fewer are repeated, and the outputs for all cyclic "
        "shifts are averaged.",
    )

    @property
    def images(self) -> int:
        """Number of images given to the network at once."""
        return self.at_once

    def pools(self, values: Floats, groups: Ints, chosen: Ints, limits: tuple[float, float]) -> dict[str, list[Ints]]:
        """Choose groups with enough samples.

        Raises
        ------
        UserError
            If there is none.
        """
        own = groups[chosen]
        found = [chosen[own == group] for group in np.unique(own)]
        large = [indices for indices in found if len(indices) >= self.at_once]
        if not large:
            raise UserError(
                f"{len(large)} of {len(found)} batches have at least {self.at_once} samples; "
                f"{self.parameter} is learned from {self.at_once} images at once.",
                "Draw the samples from a recipe of kind batches, draw more of them, or lower at_once.",
            )
        return {"value": large}


AnyTarget: TypeAlias = Annotated[Regression | Share | Batch, Field(discriminator="kind")]


def shown_by(sample: "Sample", names: str) -> float:
    """Return what a sample shows, for names joined by +; see `Target.shown`.

    Raises
    ------
    UserError
        If it has nothing of one of the names.
    """
    return float(sum(_part(sample, name.strip()) for name in names.split("+")))


def _part(sample: "Sample", name: str) -> float:
    """Value for one name: from the recipe, the truth table or the aggregate."""
    if name.startswith("descriptor."):
        return _descriptor(sample, name.removeprefix("descriptor."))
    if not name.startswith("truth."):
        return value_of(innermost(sample.recipe), name)
    column, _, wanted = name.removeprefix("truth.").partition("=")
    if sample.truth is None or column not in sample.truth:
        there = "no truth table" if sample.truth is None else f"columns {', '.join(map(str, sample.truth))}"
        raise UserError(f"Sample {sample.name} has no {name!r}; it has {there}.", "Use one of these names.")
    values = sample.truth[column]
    if wanted:
        return float((values.astype(str) == wanted).mean())
    try:
        return float(values.astype(float).mean())
    except ValueError as error:
        first = values.iloc[0]
        raise UserError(
            f"Column {column} holds text, for example {first!r}.", f"Write truth.{column}={first}."
        ) from error


def _descriptor(sample: "Sample", name: str) -> float:
    """Value of a descriptor; nan if the aggregate has none, for example without particles of a material."""
    from particleforge.recipes.aggregate.descriptors import describe, read_truth

    if sample.truth is None or not {"x_nm", "y_nm", "z_nm", "material"} <= set(sample.truth):
        raise UserError(
            f"Sample {sample.name} is not an aggregate, so it has no descriptors.", "Name a column: truth.COLUMN."
        )
    materials = [str(material["name"]) for material in innermost(sample.recipe).get("materials", ())]
    found = describe(*read_truth(sample.truth, materials))
    if name not in found:
        raise UserError(f"There is no descriptor {name!r}.", f"Descriptors: {', '.join(found)}.")
    return found[name]


def _support(recipe: Mapping[str, Any], name: str) -> tuple[float, float] | None:
    """Return the range of a distribution in a recipe; None if it is unbounded."""
    try:
        drawn: float | Distribution = TypeAdapter(Draw).validate_python(raw(innermost(recipe), name))
    except (UserError, ValueError):
        return None
    low, high = drawn.support if isinstance(drawn, Distribution) else (drawn, drawn)
    return (low, high) if np.isfinite((low, high)).all() and low < high else None


def named(targets: Sequence[Target]) -> None:
    """Check that every target has a parameter, and no two have the same.

    Raises
    ------
    UserError
        If one has no parameter, or two have the same.
    """
    names = [target.parameter for target in targets]
    if not names or not all(names):
        raise UserError(
            "No parameter is named.", "Give targets, for example [{kind: regression, parameter: growth.prefactor}]."
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"{twice[0]} is named in two targets.", "Name each parameter once.")
