"""That the size of a pixel is known only as well as the microscope is calibrated."""

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, Field

from particleforge.errors import UserError
from particleforge.measurement.uncertainty.component import LENGTHS, Component
from particleforge.params import Params

MOST_PERCENT = 50.0
"""A pixel size less certain than this is not known."""
_NUMBER = r"(\d+\.?\d*|\.\d+)"
_TEXT = re.compile(rf"\s*{_NUMBER}\s*%\s*(?:[,;(]?\s*k\s*=\s*{_NUMBER}\s*\)?)?\s*")
HINT = "Write a percentage such as '0.5 %', or as on a certificate '1 % (k=2)'."


def relative_uncertainty(text: str) -> float:
    """Convert text such as ``0.5 %``, or ``1 % (k=2)`` for an expanded uncertainty, to a relative standard uncertainty.

    Raises
    ------
    UserError
        If it is not a percentage above 0 and of at most 50 %.

    Examples
    --------
    >>> from particleforge.measurement.uncertainty.pixel_size import relative_uncertainty
    >>> relative_uncertainty("0.5 %"), relative_uncertainty("1 % (k=2)")
    (0.005, 0.005)
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        comma = " The decimal separator is a point." if re.search(r"\d,\d", text) else ""
        raise UserError(f"{text!r} is not a relative uncertainty.", HINT + comma)
    percent, factor = float(found[1]), float(found[2] or 1)
    if not (percent > 0 and factor > 0):
        raise UserError(f"{text!r} is not above zero.", HINT)
    if percent / factor > MOST_PERCENT:
        raise UserError(
            f"{text!r} is a standard uncertainty of {percent / factor:g} %, above {MOST_PERCENT:g} %.",
            "Calibrate the pixel size first, or leave it empty to measure in pixels.",
        )
    return percent / factor / 100


def _check(text: str) -> str:
    try:
        relative_uncertainty(text)
    except UserError as error:
        raise ValueError(str(error)) from error
    return text


RelativeUncertainty: TypeAlias = Annotated[str, AfterValidator(_check)]
"""Text such as ``0.5 %`` as a parameter."""


class Calibration(Params):
    """How well the pixel size is known."""

    pixel_size_uncertainty: RelativeUncertainty | None = Field(
        None,
        title="Uncertainty of the pixel size",
        description="Relative standard uncertainty of the pixel size from the calibration, for example '0.5 %'; an "
        "expanded one with its factor, as on a certificate: '1 % (k=2)'. Empty: not included in intervals.",
    )


@dataclass(frozen=True)
class PixelSize(Component):
    """The uncertainty of the calibration, which scales all lengths alike.

    Parameters
    ----------
    given
        As typed; None if it is not known.
    unit
        Unit of the lengths, ``nm`` or ``px``.
    """

    name: ClassVar[str] = "pixel_size"
    title: ClassVar[str] = "Pixel size"
    evaluation: ClassVar[Literal["A", "B"]] = "B"

    given: str | None
    unit: str

    @property
    def method(self) -> str:
        """How it was evaluated, or why it is not included."""
        if self.unit == "px":
            return "sizes are in pixels"
        if self.given is None:
            return "its uncertainty was not given"
        return f"given as {self.given}, the same for all images"

    def standard(self, figure: str) -> float | None:
        """Return the standard uncertainty of ln(figure); 0 for figures that are not lengths."""
        if figure not in LENGTHS:
            return 0.0
        return None if self.given is None or self.unit == "px" else relative_uncertainty(self.given)
