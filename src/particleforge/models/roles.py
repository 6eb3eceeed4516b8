"""What a loaded model can do: one protocol per role."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from particleforge.micrograph import Micrograph
from particleforge.params import Params
from particleforge.step import run

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from particleforge.models.detections import Detections
    from particleforge.step import Step

OptionsT = TypeVar("OptionsT", bound=Params)


class Model:
    """A model that is loaded and can be used.

    Parameters
    ----------
    role
        Name of what it can do.
    verb
        What it is used by.
    provenance
        Plain data: what it was trained on and how.
    """

    role: ClassVar[str] = ""
    verb: ClassVar[str] = ""
    provenance: Mapping[str, Any]

    def headline(self) -> dict[str, Any]:
        """Plain data to say when its training is done."""
        return {}


class Detector(Model, ABC, Generic[OptionsT]):
    """Finds the particles of a micrograph.

    Parameters
    ----------
    Options
        What can be chosen when it is used.
    """

    role = "detector"
    verb = "measure"
    Options: ClassVar[type[Params]]

    @abstractmethod
    def steps(self, micrograph: Micrograph, options: OptionsT) -> Step[Detections]:
        """Find all particles of a single image, reporting as it goes.

        Raises
        ------
        UserError
            If the image is a stack or has pixels that are not finite.
        """

    def detect(self, image: npt.ArrayLike | Micrograph, pixel_size: str | None = None, **options: Any) -> Detections:
        """Find all particles of a single image.

        Parameters
        ----------
        image
            A micrograph, or (Y, X) grey values. Unlike `measure`, this does not leave out burnt-in data bars.
        pixel_size
            Side of a pixel with its unit, such as ``"0.5 nm"``; None: what a micrograph says.
        **options
            By name, as `Options` has them.

        Raises
        ------
        UserError
            If the image is a stack or has pixels that are not finite, or there is no such option.
        """
        return run(self.steps(Micrograph.of(image, pixel_size), self.Options.parse(options)))  # type: ignore[arg-type]

    def native_options(self) -> Params:
        """Options for images at the scale it was trained for."""
        return self.Options()


@dataclass(frozen=True, eq=False)
class Estimate:
    """A parameter as estimated from some images of one material.

    Parameters
    ----------
    parameter
        Its name in the recipe.
    value
        From all images together.
    in_recipe
        The nearest value the recipe could have: between its limits, and whole where it must be.
    per_image
        (n,) from each image by itself; None where several are read at once.
    spread
        Standard deviation of `per_image`; None for one image.
    standard_error
        How far `value` would scatter with other images, by leaving out each in turn; None for one image.
    limits
        Least and largest value of the parameter.
    held_out
        Mean absolute errors on samples that were held out.
    """

    parameter: str
    value: float
    in_recipe: float
    per_image: npt.NDArray[np.float64] | None
    spread: float | None
    standard_error: float | None
    limits: tuple[float, float]
    held_out: Mapping[str, float]


class Estimator(Model, ABC):
    """Estimates parameters of a recipe from images.

    Parameters
    ----------
    recipe
        Plain data of the recipe it learned from; empty where there was none.
    """

    role = "estimator"
    verb = "estimate"
    recipe: Mapping[str, Any]

    @abstractmethod
    def estimate(self, micrographs: Iterable[Micrograph]) -> list[Estimate]:
        """Estimate every parameter from images of one and the same material.

        Raises
        ------
        UserError
            If there is no image, or one is empty or does not fit.
        """
