"""Formats of annotated images of other programs, one file each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from particleforge.errors import UserError
from particleforge.registry import Registry

if TYPE_CHECKING:
    from particleforge.sample import Sample
    from particleforge.step import Stepwise


class ExchangeFormat(Protocol):
    """The interface of a format."""

    LAYOUT: str
    """What a folder in this format holds, in a few words."""
    MARKS_UNKNOWN: bool
    """Whether it can mark parts of an image as not annotated."""

    def recognises(self, folder: Path) -> bool:
        """Whether a folder looks like this format; nothing is checked."""

    def read(self, folder: Path) -> Iterator[Sample]:
        """Read the samples of a folder, one after another."""

    @property
    def write(self) -> Stepwise[[Iterable[Sample], Path], Path]:
        """Write samples into a new folder, step by step."""


FORMATS: Registry[ExchangeFormat] = Registry("exchange format", __name__)


def recognised(folder: Path) -> str:
    """Name of the format of a folder.

    Raises
    ------
    UserError
        If `folder` does not exist, or is in no format or several.
    """
    if not folder.exists():
        raise UserError(f"{folder} does not exist.", "Check the path.")
    found = [name for name, format in FORMATS.members().items() if format.recognises(folder)]
    if len(found) == 1:
        return found[0]
    known = "; ".join(f"{name} ({format.LAYOUT})" for name, format in FORMATS.members().items())
    if found:
        raise UserError(f"{folder} may be read as {' or as '.join(found)}.", "Choose one with --format.")
    raise UserError(f"{folder} has none of the formats that can be imported.", f"Formats: {known}.")
