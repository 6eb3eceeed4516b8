"""Which page, image and channel of a file is read."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.store.source import Source
from particleforge.wording import plural


class Selection(Params):
    """Which part of image files is read; all numbers count from 1."""

    page: int | None = Field(
        None,
        ge=1,
        description="Number of the page, or of the image of a stack, that is read of each file; empty: all of them, "
        "and of pages that differ in size the largest.",
    )
    series: int | None = Field(
        None,
        ge=1,
        description="Number of the image, or series of images, that is read of files with several; empty: the largest.",
    )
    channel: int | None = Field(
        None,
        ge=1,
        description="Number of the channel that is used; empty: the luminance of colours, else the first channel.",
    )

    @classmethod
    def among(cls, provenance: Mapping[str, Any]) -> "Selection":
        """Read the selection that results were made with from their provenance."""
        params = provenance.get("params", {})
        return cls.parse({name: params[name] for name in cls.model_fields if name in params})

    def of(self, source: Source) -> Source:
        """Part of an image that is selected; nothing is read.

        Raises
        ------
        UserError
            If there is no page, series or channel of this number.
        """
        if self.series is not None:
            images = source.series or (lambda: source,)
            source = images[_index(self.series, len(images), "image", source)]()
        if self.page is not None:
            count = len(source.pages or source)
            number = _index(self.page, count, "page", source)
            found = source.pages[number]() if source.pages else source.at(**source[number].index)
            source = _remarked(found, self.page, count, "pages")
        if self.channel is not None:
            count = source.channels
            number = _index(self.channel, count, "channel", source)
            source = _remarked(source.at(c=number) if "C" in source.axes else source, self.channel, count, "channels")
        return source


ALL = Selection()
"""Everything that is read where nothing is selected."""


def _index(number: int, count: int, noun: str, source: Source) -> int:
    if number > count:
        raise UserError(
            f"{source.place or source.name or 'The image'} has {plural(count, noun)}; there is no number {number}.",
            "The first one is number 1.",
        )
    return number - 1


def _remarked(source: Source, number: int, count: int, nouns: str) -> Source:
    """Add what was left out to the remarks."""
    if count == 1:
        return source
    return replace(source, remarks=(*source.remarks, f"1 of {count} {nouns} of the file read: number {number}."))
