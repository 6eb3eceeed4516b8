"""The entries of a COCO file: images and annotations, with what is wrong in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from particleforge.errors import UserError, printable
from particleforge.plain_data import read_json


@dataclass(frozen=True, eq=False)
class Entry:
    """An image or an annotation of a COCO file.

    Parameters
    ----------
    file
        The file.
    noun
        What it is, for messages.
    number
        Its place in the file, counted from 1.
    data
        Its fields.
    """

    file: Path
    noun: str
    number: int
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name it by its place and its id."""
        return f"{self.noun} {self.number} (id {shown(self.data['id'])})" if "id" in self.data else self.short

    @property
    def short(self) -> str:
        """Name it by its place alone."""
        return f"{self.noun} {self.number}"

    def wrong(self, what: str, hint: str = "") -> UserError:
        """Error that names the file and the entry."""
        return UserError(f"{printable(str(self.file))}: {self.name} {what}", hint)

    def key(self, field: str) -> int | str:
        """Value of a field that identifies an image: a whole number or text."""
        value = self._required(field)
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise self.wrong(f"has the {field} {shown(value)}; a whole number or text is needed.")
        return value

    def text(self, field: str) -> str:
        """Text that is not empty."""
        value = self._required(field)
        if not isinstance(value, str) or not value:
            raise self.wrong(f"has the {field} {shown(value)}; text is needed.")
        return value

    def whole(self, field: str) -> int | None:
        """Return a whole number, or None if it is left out."""
        value = self.data.get(field)
        if value is None or is_whole(value):
            return value
        raise self.wrong(f"has the {field} {shown(value)}; a whole number is needed.")

    @property
    def is_crowd(self) -> bool:
        """Whether it marks a region instead of a particle."""
        value = self.data.get("iscrowd")
        if value not in (None, 0, 1) or isinstance(value, float):
            raise self.wrong(f"has the iscrowd {shown(value)}; 0 (a particle) or 1 (a region) is needed.")
        return bool(value)

    def _required(self, field: str) -> Any:
        if self.data.get(field) is None:
            raise self.wrong(f"has no {field}.")
        return self.data[field]


def read_entries(file: Path) -> tuple[list[Entry], dict[int | str, list[Entry]]]:
    """Images of a COCO file, and the annotations of each by its id.

    Raises
    ------
    UserError
        If the file is not COCO, an image or annotation is not a mapping or has no id of an image, two images have the
        same id, or an annotation refers to an image that is not listed.
    """
    content = read_json(file)
    images = _listed(file, content, "image")
    by_image: dict[int | str, list[Entry]] = {}
    for image in images:
        if image.key("id") in by_image:
            raise image.wrong("has the id of another image.")
        by_image[image.key("id")] = []
    for annotation in _listed(file, content, "annotation"):
        key = annotation.key("image_id")
        if key not in by_image:
            raise annotation.wrong(f"refers to the image {shown(key)}, which is not listed.")
        by_image[key].append(annotation)
    return images, by_image


def is_whole(value: Any) -> TypeGuard[int]:
    """Whether a value is a whole number; JSON also has true and 1.0, which are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def shown(value: Any) -> str:
    """Value as it is in the file, cut to a readable length."""
    text = printable(repr(value))
    return text if len(text) <= 40 else f"{text[:40]}..."


def _listed(file: Path, content: Any, noun: str) -> list[Entry]:
    field = f"{noun}s"
    listed = content.get(field) if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise UserError(
            f"{printable(str(file))} is not a COCO file: it has no list of {field}.",
            "Export the annotations as COCO instances.",
        )
    for number, data in enumerate(listed, 1):
        if not isinstance(data, dict):
            raise UserError(f"{printable(str(file))}: {noun} {number} is {shown(data)}; a mapping of fields is needed.")
    return [Entry(file, noun, number, data) for number, data in enumerate(listed, 1)]
