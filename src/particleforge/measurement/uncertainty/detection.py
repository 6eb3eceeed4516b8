"""That a detector misses particles, finds some that do not exist, and draws outlines too large or too small."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from particleforge.errors import UserError
from particleforge.measurement.uncertainty.component import FIGURES, Component

COMMON_SHARE = 0.5
"""Share of the variance of detection errors that all images have in common, as an assumption: the same detector errs
alike on similar images, which more images do not average out."""
KEY = "detection_error"
"""Name in the summary of an image, of standard uncertainties of ln(figure) by figure."""


@dataclass(frozen=True)
class Detection(Component):
    """What the detector states about its own error.

    Parameters
    ----------
    errors
        Standard deviation of ln(true value / found value) by figure; empty if nothing is known.
    reason
        Why nothing is known.
    """

    name: ClassVar[str] = "detection"
    title: ClassVar[str] = "Detection"
    evaluation: ClassVar[Literal["A", "B"]] = "B"

    errors: Mapping[str, float]
    reason: str = "the outlines are taken as they are; nothing is known of their errors"

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Detection":
        """Read the errors from the entry of an image.

        Raises
        ------
        UserError
            If they are not numbers of at least 0.
        """
        stated = entry.get(KEY)
        if stated is None:
            return cls({})
        if not isinstance(stated, Mapping):
            raise _wrong(f"{stated!r}")
        for figure, value in stated.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
                raise _wrong(f"{value!r} for {figure}")
        return cls({figure: float(stated[figure]) for figure in FIGURES if figure in stated})

    @classmethod
    def pooled(cls, several: Sequence["Detection"], shares: Mapping[str, Sequence[float]]) -> "Detection":
        r"""Combine the errors of images, which they partly have in common.

        With the share :math:`w_i` of each image in the figure and :math:`c` = `COMMON_SHARE`, the pooled variance is
        :math:`c (\sum w_i u_i)^2 + (1 - c) \sum w_i^2 u_i^2`.

        Parameters
        ----------
        several
            Errors of each image with particles.
        shares
            By figure, how much each image contributes, in any unit.
        """
        unknown = sum(not one.errors for one in several)
        if unknown or not several:
            whole = unknown == len(several)
            return cls({}) if whole else cls({}, f"nothing is known for {unknown} of {len(several)} images")
        figures = [name for name in FIGURES if all(name in one.errors for one in several)]
        return cls({name: _pooled([one.errors[name] for one in several], shares[name]) for name in figures})

    @property
    def method(self) -> str:
        """How it was evaluated, or why it is not included."""
        if not self.errors:
            return self.reason
        return "errors of this detector on images with known particles"

    def standard(self, figure: str) -> float | None:
        """Return the standard uncertainty of ln(figure)."""
        return self.errors.get(figure)


def _pooled(errors: Sequence[float], shares: Sequence[float]) -> float:
    total = sum(shares)
    parts = [share / total * error for share, error in zip(shares, errors, strict=True)] if total else [0.0]
    return math.sqrt(COMMON_SHARE * sum(parts) ** 2 + (1 - COMMON_SHARE) * sum(part**2 for part in parts))


def _wrong(what: str) -> UserError:
    return UserError(
        f"The detector states a detection error of {what}; it must be a number of at least 0 for each figure.",
        "This is an error in the detector; report it to whoever provides it.",
    )
