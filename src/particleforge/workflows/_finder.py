"""Find the particles in an image, for `measure` and `predict`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from pickle import PicklingError
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import Field

from particleforge.burnt_in import is_blank, marks, picture_rows
from particleforge.lengths_px import size_px, sizes_in_nm
from particleforge.micrograph import GivenPixelSize, Micrograph
from particleforge.models.kind import kinds
from particleforge.models.opening import methods_of, open_model
from particleforge.params import OneOfSeveral, Params
from particleforge.step import run
from particleforge.store.source import Plane

if TYPE_CHECKING:
    from particleforge.models.detections import Detections
    from particleforge.models.roles import Detector


def _options() -> Mapping[str, type[Params]]:
    return {f"{kind.title} models": kind.Options for kind in kinds("detector") if kind.Options is not None}


DetectorOptions: TypeAlias = Annotated[dict[str, Any], OneOfSeveral(_options)]
"""Options of a detector as plain data; they depend on its kind."""


class Finding(GivenPixelSize):
    """How to find particles."""

    burnt_in: Literal["leave_out", "keep"] = Field(
        "leave_out", description="Whether burnt-in data bars, and scale bars with their letters, are left out."
    )
    options: DetectorOptions = Field(
        {}, description="Options of the detector, by name; they depend on the kind of detector."
    )


class Finder:
    """Finds the particles in images, without those in burnt-in bars unless these are kept.

    Parameters
    ----------
    model
        Name or folder of a detector, or a loaded one.
    options
        Options of the detector, as plain data.
    pixel_size_nm
        Side of a pixel; None: from the files.
    keep_burnt_in
        Whether data bars and scale bars are searched as well.

    Raises
    ------
    UserError
        If the detector cannot be read, or has no such option.
    """

    def __init__(
        self,
        model: str | Path | Detector[Any],
        options: Mapping[str, Any],
        pixel_size_nm: float | None,
        keep_burnt_in: bool,
    ) -> None:
        self._given = model, options, pixel_size_nm, keep_burnt_in
        self.detector = open_model(model, "detector")
        self.options = self.detector.Options.parse(options)
        self.pixel_size_nm, self.keep_burnt_in = pixel_size_nm, keep_burnt_in
        self.method = methods_of(model, self.detector, self.options)
        """How particles are found, in sentences for a paper."""

    def __reduce__(self) -> tuple[type[Finder], tuple[Any, ...]]:
        """Another process opens the model again; one that is only in memory stays in this one."""
        if not isinstance(self._given[0], (str, Path)):
            raise PicklingError(f"{self._given[0]} is not a name or a folder.")
        return Finder, self._given

    def check(self, planes: Iterable[Plane]) -> None:
        """Check that sizes in nm can be used in some image; otherwise each would fail with the same sentence.

        Raises
        ------
        UserError
            If they cannot.
        """
        sizes = sizes_in_nm(self.options) if self.pixel_size_nm is None else []
        if sizes and not any(plane.source.pixel_size_nm for plane in planes):
            size_px(sizes[0], None)

    def __call__(self, plane: Plane) -> tuple[Micrograph, Detections]:
        """Read an image and find its particles.

        Raises
        ------
        UserError
            If the image cannot be read or used.
        """
        return self.find(plane.read())

    def find(self, micrograph: Micrograph) -> tuple[Micrograph, Detections]:
        """Find the particles in an image; it is returned with its pixel size if another one was given.

        Raises
        ------
        UserError
            If it cannot be used.
        """
        if self.pixel_size_nm is not None:
            micrograph = micrograph.with_pixel_size(self.pixel_size_nm)
        if self.keep_burnt_in:
            return micrograph, run(self.detector.steps(micrograph, self.options))
        grey = micrograph.grey
        first, stop = picture_rows(grey)
        picture = replace(micrograph, pixels=grey[first:stop], axes="YX")
        found = run(self.detector.steps(picture, self.options)).moved(first, micrograph.shape)
        return micrograph, found.outside(marks(grey))


def detected(micrograph: Micrograph, found: Detections) -> dict[str, Any]:
    """Return as plain data what is known of a detection, with ``blank`` if the image shows nothing."""
    return dict(found.found) | ({"blank": True} if is_blank(micrograph.grey) else {})
