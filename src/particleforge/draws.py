"""Parameters that are numbers or distributions of numbers."""

import math
import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, PositiveFloat, model_validator
from pydantic_core import CoreSchema, core_schema

from particleforge.errors import UserError
from particleforge.params import Params

Floats: TypeAlias = npt.NDArray[np.float64]


class Distribution(Params):
    """A distribution of numbers."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` independent numbers."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Smallest and largest number that can be drawn."""


class Uniform(Distribution):
    """Equally likely between two limits."""

    kind: Literal["uniform"] = "uniform"
    low: float = Field(0.0, description="Lower limit.")
    high: float = Field(1.0, description="Upper limit.")

    @model_validator(mode="after")
    def _ordered(self) -> "Uniform":
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` independent numbers."""
        return rng.uniform(self.low, self.high, size)

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest number that can be drawn."""
        return self.low, self.high


class LogUniform(Distribution):
    """Uniform in the logarithm between two limits, for quantities that span decades."""

    kind: Literal["loguniform"] = "loguniform"
    low: PositiveFloat = Field(1.0, description="Lower limit.")
    high: PositiveFloat = Field(10.0, description="Upper limit.")

    @model_validator(mode="after")
    def _ordered(self) -> "LogUniform":
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` independent numbers."""
        drawn = np.exp(rng.uniform(math.log(self.low), math.log(self.high), size))
        return np.clip(drawn, self.low, self.high)  # rounding may lead slightly outside

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest number that can be drawn."""
        return self.low, self.high


class Normal(Distribution):
    """Normal distribution, truncated at `low` and `high` if these are given."""

    kind: Literal["normal"] = "normal"
    mean: float = Field(0.0, description="Mean before truncation.")
    sd: float = Field(1.0, ge=0, description="Standard deviation before truncation.")
    low: float | None = Field(None, description="Smaller numbers are not drawn.")
    high: float | None = Field(None, description="Larger numbers are not drawn.")

    @model_validator(mode="after")
    def _reachable(self) -> "Normal":
        low, high = self.support
        if low >= high or (self.sd == 0 and not low <= self.mean <= high):
            raise ValueError(f"no number can be drawn between low {self.low} and high {self.high}")
        return self

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` independent numbers by inverting the truncated cumulative distribution."""
        from scipy.stats import truncnorm

        if self.sd == 0:
            return np.full(size, self.mean)
        low, high = ((limit - self.mean) / self.sd for limit in self.support)
        if low == high:  # limits too close together for numbers of this size
            return rng.uniform(*self.support, size)
        drawn = truncnorm.ppf(rng.random(size), low, high, loc=self.mean, scale=self.sd)
        return np.clip(np.asarray(drawn, float), *self.support)  # rounding may lead slightly outside

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest number that can be drawn."""
        return (-math.inf if self.low is None else self.low, math.inf if self.high is None else self.high)


class LogNormal(Distribution):
    """Log-normal distribution by its median and geometric standard deviation."""

    kind: Literal["lognormal"] = "lognormal"
    median: PositiveFloat = Field(1.0, description="Median, which is also the geometric mean.")
    gsd: float = Field(1.3, ge=1, description="Geometric standard deviation; 1: all numbers are equal.")

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` independent numbers."""
        return np.asarray(self.median * np.exp(math.log(self.gsd) * rng.standard_normal(size)), float)

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest number that can be drawn."""
        return (0.0, math.inf) if self.gsd > 1 else (self.median, self.median)


class Weibull(Distribution):
    """Weibull distribution (Rosin-Rammler for sizes)."""

    kind: Literal["weibull"] = "weibull"
    scale: PositiveFloat = Field(1.0, description="63.2 % of the numbers are smaller.")
    shape: PositiveFloat = Field(2.0, description="Uniformity exponent; a larger one gives a narrower distribution.")

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` independent numbers."""
        return self.scale * rng.weibull(self.shape, size)

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest number that can be drawn."""
        return 0.0, math.inf


class Choice(Distribution):
    """One of several numbers, equally likely."""

    kind: Literal["choice"] = "choice"
    values: tuple[float, ...] = Field((0.0, 1.0), min_length=1, description="The numbers to choose from.")

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` independent numbers."""
        return rng.choice(np.asarray(self.values, float), size)

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest number that can be drawn."""
        return min(self.values), max(self.values)


class Empirical(Distribution):
    """Distribution of measured values, interpolated linearly between the sorted values."""

    kind: Literal["empirical"] = "empirical"
    values: tuple[float, ...] = Field((0.0, 1.0), min_length=1, description="Measured values.")

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` independent numbers."""
        return np.asarray(np.quantile(np.asarray(self.values, float), rng.random(size)), float)

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest number that can be drawn."""
        return min(self.values), max(self.values)


class Mixture(Distribution):
    """Several distributions, each with its own weight."""

    kind: Literal["mixture"] = "mixture"
    parts: tuple["AnyDistribution", ...] = Field((Uniform(),), min_length=1, description="Distributions to mix.")
    weights: tuple[PositiveFloat, ...] = Field((1.0,), description="Weight of each part; they need not add up to 1.")

    @model_validator(mode="after")
    def _paired(self) -> "Mixture":
        if len(self.parts) != len(self.weights):
            raise ValueError(f"{len(self.parts)} parts but {len(self.weights)} weights")
        return self

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` independent numbers."""
        share = np.asarray(self.weights) / sum(self.weights)
        which = rng.choice(len(self.parts), size, p=share)
        drawn = np.stack([part.sample(rng, size) for part in self.parts])
        return np.asarray(drawn[which, np.arange(size)], float)

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest number that can be drawn."""
        lows, highs = zip(*(part.support for part in self.parts), strict=True)
        return min(lows), max(highs)


AnyDistribution: TypeAlias = Annotated[
    Uniform | LogUniform | Normal | LogNormal | Weibull | Choice | Empirical | Mixture, Field(discriminator="kind")
]
_KINDS: dict[str, type[Distribution]] = {
    cls.model_fields["kind"].default: cls
    for cls in (Uniform, LogUniform, Normal, LogNormal, Weibull, Choice, Empirical, Mixture)
}

_NEITHER = "neither a number nor a distribution such as uniform(0.8, 1.2)"


def _read(value: Any) -> Any:
    """Turn plain data or the short form into a distribution; numbers are returned unchanged.

    As it is read here and not in the union below, error messages refer only to the kind that was meant.
    """
    if isinstance(value, str):
        value = _from_text(value)
    if isinstance(value, (int, float)) and not math.isfinite(value):
        raise ValueError("a number must be finite")
    if isinstance(value, (int, float, Distribution)):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(_NEITHER)
    kind = value.get("kind")
    if kind not in _KINDS:
        raise ValueError(f"{kind!r} is not a distribution; available: {', '.join(_KINDS)}")
    try:
        return _KINDS[kind].parse(value)
    except UserError as error:
        raise ValueError(str(error)) from error


def _from_text(text: str) -> float | dict[str, Any]:
    """Read a number or the short form ``uniform(0.8, 1.2)``, ``normal(5, sd=2)``."""
    found = re.fullmatch(r"\s*([a-z]+)\s*\((.*)\)\s*", text)
    if not found:
        try:
            return float(text)
        except ValueError:
            raise ValueError(_NEITHER) from None
    kind, inner = found.groups()
    if kind not in _KINDS:
        raise ValueError(f"{kind!r} is not a distribution; available: {', '.join(_KINDS)}")
    if kind == "mixture":
        raise ValueError("a mixture has no short form; specify kind, parts and weights")
    names = [name for name in _KINDS[kind].model_fields if name != "kind"]
    parts = [part.strip() for part in inner.split(",") if part.strip()]
    if names == ["values"]:
        return {"kind": kind, "values": parts}
    given = [part.partition("=")[::2] if "=" in part else None for part in parts]
    if len(parts) > len(names):
        raise ValueError(f"{kind} takes {len(names)} numbers ({', '.join(names)}), not {len(parts)}")
    pairs = [(pair[0].strip(), pair[1].strip()) if pair else (names[i], parts[i]) for i, pair in enumerate(given)]
    if len(dict(pairs)) < len(pairs):
        raise ValueError(f"one of {', '.join(names)} is given twice")
    return {"kind": kind} | dict(pairs)


Draw: TypeAlias = Annotated[float | AnyDistribution, BeforeValidator(_read)]
"""A number, or a distribution of numbers, also in the short form ``uniform(0.8, 1.2)``."""


def draw(value: float | Distribution, rng: np.random.Generator) -> float:
    """Draw one number from a `Draw`."""
    return float(value.sample(rng, 1)[0]) if isinstance(value, Distribution) else float(value)


def number(value: float | Distribution | None) -> float:
    """Return the value of a per-image draw that has been fixed.

    Raises
    ------
    TypeError
        If it is still a distribution.
    """
    if isinstance(value, (int, float)):
        return float(value)
    raise TypeError(f"{value!r} was not fixed; call fix(recipe, rng) first")


def draw_many(value: float | Distribution, rng: np.random.Generator, size: int) -> Floats:
    """Draw `size` independent numbers from a `Draw`."""
    return value.sample(rng, size) if isinstance(value, Distribution) else np.full(size, float(value))


@dataclass(frozen=True)
class Within:
    """Annotation: all numbers that a `Draw` can give lie in [low, high]."""

    low: float = -math.inf
    high: float = math.inf

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after the value itself is valid."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, value: float | Distribution | None) -> float | Distribution | None:
        if value is None:
            return None
        low, high = value.support if isinstance(value, Distribution) else (value, value)
        if low < self.low or high > self.high:
            reach = f"reaches from {low:g} to {high:g}" if low < high else f"is {low:g}"
            raise ValueError(f"it {reach}; the allowed range is {self.low:g} to {self.high:g}")
        return value


@dataclass(frozen=True)
class PerImage:
    """Annotation: this `Draw` is drawn once per image, when a recipe is fixed."""


@dataclass(frozen=True)
class PerParticle:
    """Annotation: this `Draw` is drawn separately for every particle of an image."""


@dataclass(frozen=True)
class OneOf:
    """Annotation: one of these alternatives is chosen per image, when a recipe is fixed."""


@dataclass(frozen=True)
class Template:
    """Annotation: these nested parameters keep their distributions when a recipe is fixed."""


def with_probability(probability: float, value: Distribution) -> Mixture:
    """Return a distribution that gives a number from `value` with this probability, and 0 otherwise."""
    return Mixture(parts=(Choice(values=(0.0,)), value), weights=(1 - probability, probability))


ParamsT = TypeVar("ParamsT", bound=Params)


def fix(params: ParamsT, rng: np.random.Generator) -> ParamsT:
    """Replace every per-image draw by a number drawn from it and choose among alternatives, also nested ones."""
    changes: dict[str, Any] = {}
    for name, info in type(params).model_fields.items():
        value = getattr(params, name)
        if value is not None and any(isinstance(mark, PerImage) for mark in info.metadata):
            changes[name] = draw(value, rng)
        elif value and any(isinstance(mark, OneOf) for mark in info.metadata):
            changes[name] = (fix(value[rng.integers(len(value))], rng),)
        elif any(isinstance(mark, Template) for mark in info.metadata):
            continue
        elif isinstance(value, Params) and not isinstance(value, Distribution):
            changes[name] = fix(value, rng)
        elif isinstance(value, tuple) and any(isinstance(item, Params) for item in value):
            changes[name] = tuple(fix(item, rng) for item in value)
    return params.replace(**changes)
