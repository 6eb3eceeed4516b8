"""What a loaded model can do: one base class per role."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.params import Params
from particleforge.step import run

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from particleforge.models.detections import Detections
    from particleforge.models.normalize import Percentiles
    from particleforge.models.tiled import Picture, Tiled
    from particleforge.models.unet import UNet
    from particleforge.step import Step

OptionsT = TypeVar("OptionsT", bound=Params)


class Model:
    """A loaded model.

    Parameters
    ----------
    role
        Name of its role.
    verb
        Verb that uses it.
    provenance
        Plain data: what it was trained on and how.
    """

    role: ClassVar[str] = ""
    verb: ClassVar[str] = ""
    provenance: Mapping[str, Any]

    def headline(self) -> dict[str, Any]:
        """Plain data to report when its training is done."""
        return {}


class Detector(Model, ABC, Generic[OptionsT]):
    """Finds the particles of a micrograph.

    Parameters
    ----------
    Options
        Class of its options.
    """

    role = "detector"
    verb = "measure"
    Options: ClassVar[type[Params]]

    @abstractmethod
    def steps(self, micrograph: Micrograph, options: OptionsT) -> Step[Detections]:
        """Find all particles in a single image, reporting progress.

        Raises
        ------
        UserError
            If the image is a stack or contains pixels that are not finite.
        """

    def detect(self, image: npt.ArrayLike | Micrograph, pixel_size: str | None = None, **options: Any) -> Detections:
        """Find all particles in a single image.

        Parameters
        ----------
        image
            A micrograph, or (Y, X) grey values. Unlike `measure`, this does not leave out burnt-in data bars.
        pixel_size
            Side of a pixel with its unit, such as ``"0.5 nm"``; None: that of the micrograph.
        **options
            Fields of `Options`, by name.

        Raises
        ------
        UserError
            If the image is a stack or contains pixels that are not finite, or there is no such option.
        """
        return run(self.steps(Micrograph.of(image, pixel_size), self.Options.parse(options)))  # type: ignore[arg-type]

    def settle(self, picture: Picture, percentiles: Percentiles, options: OptionsT) -> Step[dict[str, Any]]:
        """Settle, for a picture that is searched window by window, what must be the same in all windows.

        Parameters
        ----------
        picture
            A large image.
        percentiles
            Gives percentiles of all its grey values.
        options
            How it is searched.

        Returns
        -------
        Plain data for `tiled`, such as the scale.

        Raises
        ------
        UserError
            If this detector needs the image in one piece, or the options do not suit the image.
        """
        raise UserError(
            f"{picture.name} is searched in tiles, which this kind of detector cannot do.",
            "Choose another detector, cut the image into parts, or raise tiles_from_mp if there is enough memory.",
        )

    def tiled(self, picture: Picture, settled: Mapping[str, Any], options: OptionsT) -> Tiled:
        """Prepare to search a picture window by window.

        Parameters
        ----------
        picture
            A large image.
        settled
            What `settle` returned for it.
        options
            As for `settle`.
        """
        raise NotImplementedError

    @property
    def body(self) -> UNet | None:
        """Network whose weights other kinds may start from; None if there is none."""
        return None

    def native_options(self) -> Params:
        """Options for images at the scale it was trained on."""
        return self.Options()


@dataclass(frozen=True, eq=False)
class Classified:
    """Classes of particles of an image.

    Parameters
    ----------
    classes
        Names of the classes.
    ids
        (n,) labels of the particles, in ascending order.
    probabilities
        (n, k) probability of each class.
    """

    classes: tuple[str, ...]
    ids: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]

    @property
    def likeliest(self) -> dict[int, tuple[str, float]]:
        """Likeliest class of each particle, with its probability, by label."""
        best = self.probabilities.argmax(1) if len(self.ids) else ()
        found = zip(self.ids.tolist(), best, self.probabilities, strict=True)
        return {number: (self.classes[int(index)], float(row[index])) for number, index, row in found}


class Classifier(Model, ABC):
    """Recognises the class of an image, or of each of its particles.

    Parameters
    ----------
    classes
        Names of the classes.
    of
        What gets a class: ``images`` or ``particles``.
    """

    role = "classifier"
    verb = "classify"
    classes: tuple[str, ...]
    of: str

    @abstractmethod
    def classify(self, image: npt.ArrayLike | Micrograph) -> dict[str, float]:
        """Probability of each class of an image, the likeliest first.

        Parameters
        ----------
        image
            A micrograph, or (Y, X) grey values.

        Raises
        ------
        UserError
            If it is a classifier of particles, or the image is a stack or contains pixels that are not finite.
        """

    @abstractmethod
    def classify_particles(self, image: npt.ArrayLike | Micrograph, labels: npt.NDArray[Any]) -> Classified:
        """Probabilities of the classes of all particles of an image.

        Parameters
        ----------
        image
            A micrograph, or (Y, X) grey values.
        labels
            (Y, X) ids of the particles, 0 = background.

        Raises
        ------
        UserError
            If it is a classifier of images, the labels have another shape, or the image is a stack or contains pixels
            that are not finite.
        """


@dataclass(frozen=True, eq=False)
class Estimate:
    """A parameter estimated from images of one material.

    Parameters
    ----------
    parameter
        Its name in the recipe.
    value
        Estimate from all images together.
    in_recipe
        The nearest value possible in the recipe: within its limits, and an integer where required.
    per_image
        (n,) estimates from single images; None if several are evaluated at once.
    spread
        Standard deviation of `per_image`; None for one image.
    standard_error
        Standard error of `value`, by leaving out each image in turn (jackknife); None for one image.
    limits
        Smallest and largest value of the parameter.
    held_out
        Mean absolute errors on held-out samples.
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
        Plain data of the recipe it was trained on; empty if there was none.
    """

    role = "estimator"
    verb = "estimate"
    recipe: Mapping[str, Any]

    @abstractmethod
    def estimate(self, micrographs: Iterable[Micrograph]) -> list[Estimate]:
        """Estimate every parameter from images of a single material.

        Raises
        ------
        UserError
            If there is no image, or one is empty or does not fit.
        """
