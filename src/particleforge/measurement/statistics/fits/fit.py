"""The base of fitted distributions."""

from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.params import Params


class Fit(Params):
    r"""A distribution of sizes by number, fitted by maximum likelihood.

    Weights enter the log-likelihood as :math:`n \sum w \ln f(d) / \sum w`. Its fields are ``kind`` and the parameters.
    """

    name: ClassVar[str]
    lengths: ClassVar[tuple[str, ...]]
    """Parameters that are lengths; the others have no unit."""

    @classmethod
    def of(cls, values: Floats, weights: Floats) -> Self:
        """Fit to (n,) sizes, at least two of them different, of (n,) weights."""
        return cls.from_row(cls.solve(values[None], weights[None])[0])

    @classmethod
    def from_row(cls, row: Floats) -> Self:
        """Make the fit of a row that `solve` returned."""
        return cls(**dict(zip(cls.parameter_names(), row.tolist(), strict=True)))

    @classmethod
    def parameter_names(cls) -> list[str]:
        """Names of the parameters, in the order of `solve`."""
        return [name for name in cls.model_fields if name != "kind"]

    @classmethod
    @abstractmethod
    def solve(cls, values: Floats, weights: Floats) -> Floats:
        """(B, k) most likely parameters of B samples at once.

        Parameters
        ----------
        values
            (B, n) sizes of the samples, or (1, n) if they share them.
        weights
            (B, n).
        """

    @classmethod
    @abstractmethod
    def log_density(cls, d: Floats, parameters: Floats) -> Floats:
        """(B, n) logarithm of the density by number, for (B, n) or (1, n) sizes and (B, k) parameters."""

    @abstractmethod
    def cumulative(self, d: Floats) -> Floats:
        """Share of particles below each of (n,) sizes d."""

    def density(self, d: Floats) -> Floats:
        """Density by number of each of (n,) sizes d."""
        return np.asarray(np.exp(self.log_density(d[None], self.row[None])[0]), float)

    def parameters(self) -> dict[str, float]:
        """Fitted parameters by name."""
        return {name: float(getattr(self, name)) for name in self.parameter_names()}

    @property
    def row(self) -> Floats:
        """(k,) parameters in the order of `solve`."""
        return np.fromiter(self.parameters().values(), float)

    def scaled(self, factor: float) -> Self:
        """Return the same distribution with all lengths multiplied, for another unit."""
        return self.replace(**{name: getattr(self, name) * factor for name in self.lengths})


class Unimodal(Fit):
    """A fit with one mode, from which samples can be drawn."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        """Draw sizes above zero."""


def mean_and_sd(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """(B,) means and standard deviations of the rows of (B, n) or (1, n) values with (B, n) weights."""
    total = weights.sum(axis=1)
    mean = (weights * values).sum(axis=1) / total
    return mean, np.sqrt((weights * (values - mean[:, None]) ** 2).sum(axis=1) / total)


def mean_log(log_density: Floats, weights: Floats) -> Floats:
    """(B,) weighted mean of (B, n) logarithms of densities."""
    return np.asarray((weights * np.maximum(log_density, -690.0)).sum(axis=1) / weights.sum(axis=1), float)
