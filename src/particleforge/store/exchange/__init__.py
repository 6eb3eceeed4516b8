"""Formats of annotated images of other programs, one file each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from particleforge.registry import Registry

if TYPE_CHECKING:
    from particleforge.sample import Sample
    from particleforge.step import Stepwise


class ExchangeFormat(Protocol):
    """The interface of a format."""

    def read(self, folder: Path) -> Iterator[Sample]:
        """Read the samples of a folder, one after another."""

    @property
    def write(self) -> Stepwise[[Iterable[Sample], Path], Path]:
        """Write samples into a new folder, step by step."""


FORMATS: Registry[ExchangeFormat] = Registry("exchange format", __name__)
