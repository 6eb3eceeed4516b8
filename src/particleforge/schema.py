"""What the samples of a recipe or a dataset have in addition to image and labels."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field, model_validator

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.sample import Sample
from particleforge.targets.target import AnyTarget

NAME = re.compile("[a-z][a-z0-9_]{0,62}")
RESERVED = ("images", "labels", "known", "rows")
"""What a dataset calls its own arrays and folders."""
HINT = "Make the samples and the recipe's `sample_schema` agree."


def _check_dtype(text: str) -> str:
    try:
        dtype = np.dtype(text)
    except TypeError as error:
        raise ValueError("there is no such type of numbers") from error
    if dtype.kind not in "biuf":
        raise ValueError("truth values and real numbers can be kept")
    return dtype.name


Dtype: TypeAlias = Annotated[str, AfterValidator(_check_dtype)]
"""NumPy name of a numeric type, for example ``float32``."""


class Axis(Params):
    """An axis of an array."""

    name: str = Field("index", description="What is counted or measured along it, for example `radius`.")
    size: int = Field(1, ge=1, description="Maximum number of entries along it; a sample may have fewer.")
    unit: str = Field("", description="Unit of the coordinates, for example `nm`; empty: none.")
    coordinates: tuple[float, ...] = Field(
        (), description="Position of each entry, in the unit. Empty: entries are counted, or another array has them."
    )

    @model_validator(mode="after")
    def _one_each(self) -> "Axis":
        if self.coordinates and len(self.coordinates) != self.size:
            raise ValueError(f"axis {self.name} has {self.size} entries but {len(self.coordinates)} coordinates")
        return self


class Map(Params):
    """An array with one value for each pixel of the image, for example a mask of boundaries."""

    dtype: Dtype = Field("bool", description="NumPy type of the values.")
    meaning: str = Field("", description="What the values mean, in words.")


class Array(Params):
    """An array with its own axes, for example a spectrum."""

    dtype: Dtype = Field("float32", description="NumPy type of the values.")
    axes: tuple[Axis, ...] = Field((Axis(),), description="Its axes, outermost first.")
    meaning: str = Field("", description="What the values mean, in words.")

    @property
    def shape(self) -> tuple[int, ...]:
        """Largest shape of one sample's array."""
        return tuple(axis.size for axis in self.axes)


class Schema(Params):
    """Arrays and targets of all samples of a recipe or a dataset.

    Examples
    --------
    >>> from particleforge.schema import Map, Schema
    >>> from particleforge.targets.category import Category
    >>> schema = Schema(
    ...     maps={"boundary": Map(meaning="Seams between grains.")},
    ...     targets={"phase": Category(names=("anatase", "rutile"))},
    ... )
    """

    image: bool = Field(True, description="Whether samples have an image.")
    labels: bool = Field(True, description="Whether samples have labelled particles.")
    maps: dict[str, Map] = Field({}, description="Arrays with one value for each pixel of the image, by name.")
    arrays: dict[str, Array] = Field({}, description="Arrays with axes of their own, by name.")
    targets: dict[str, AnyTarget] = Field({}, description="Numbers, categories or outlines, by name.")

    @model_validator(mode="after")
    def _names(self) -> "Schema":
        names = [*self.maps, *self.arrays, *self.targets]
        for name in names:
            if not NAME.fullmatch(name):
                raise ValueError(
                    f"{name!r} is not a valid name of an array or a target; names consist of small letters, digits "
                    "and _, and start with a letter"
                )
            if name in RESERVED:
                raise ValueError(f"the name {name!r} is reserved")
            if names.count(name) > 1:
                raise ValueError(f"the name {name!r} is given twice")
        if not self.image and (self.labels or self.maps):
            raise ValueError("labels and maps need an image")
        return self

    def check(self, sample: Sample) -> None:
        """Check that a sample has the arrays of this schema, with their types and shapes.

        Raises
        ------
        UserError
            Naming the sample, the array, what is wanted and what was got.
        """
        _check_names(sample, "maps", self.maps, sample.maps)
        _check_names(sample, "arrays", self.arrays, sample.arrays)
        _check_names(sample, "targets", self.targets, sample.targets)
        for name, wanted in self.maps.items():
            _check_dtype_of(sample, name, sample.maps[name], wanted.dtype)
        for name, array in self.arrays.items():
            got = sample.arrays[name]
            _check_dtype_of(sample, name, got, array.dtype)
            if got.ndim != len(array.shape) or any(a > b for a, b in zip(got.shape, array.shape, strict=True)):
                axes = ", ".join(axis.name for axis in array.axes)
                raise UserError(
                    f"{sample.name}: {name} has shape {got.shape}; {array.shape} at most is wanted ({axes}).", HINT
                )
        if not self.image and sample.has_image:
            raise UserError(f"{sample.name} has an image; the schema has none.", HINT)
        if self.image and not sample.has_image:
            raise UserError(f"{sample.name} has no image; the schema has one.", HINT)
        if not self.labels and (sample.known is None or sample.known.any() or sample.labels.any()):
            raise UserError(f"{sample.name} has labels; the schema has none.", HINT)

    def pack_targets(self, sample: Sample) -> dict[str, Any]:
        """Targets of a sample as plain data.

        Raises
        ------
        UserError
            Naming the sample, the target, its value and what is needed.
        """
        packed = {}
        for name, target in self.targets.items():
            value = sample.targets[name]
            try:
                packed[name] = target.pack(value)
            except ValueError as error:
                raise UserError(f"{sample.name}: {name} is {value!r}; {error}.", HINT) from error
        return packed

    def unpack_targets(self, packed: Mapping[str, Any]) -> dict[str, Any]:
        """Targets out of plain data; see `pack_targets`."""
        return {name: target.unpack(packed[name]) for name, target in self.targets.items()}


def _check_names(sample: Sample, what: str, wanted: Mapping[str, Any], got: Mapping[str, Any]) -> None:
    if wanted.keys() != got.keys():
        raise UserError(
            f"{sample.name} has the {what} {', '.join(sorted(got)) or '(none)'}; wanted are "
            f"{', '.join(sorted(wanted)) or '(none)'}.",
            HINT,
        )


def _check_dtype_of(sample: Sample, name: str, got: npt.NDArray[Any], wanted: str) -> None:
    if got.dtype != np.dtype(wanted):
        raise UserError(f"{sample.name}: {name} is {got.dtype}; {wanted} is wanted.", HINT)
