"""The tree of tags in a file of DigitalMicrograph."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BufferedReader
from pathlib import Path
from typing import Any, TypeAlias

Tags: TypeAlias = Mapping[str, Any]
"""Values and further tags by name; those without a name by their number."""

DEEPEST, MOST_FIELDS, LONGEST_TEXT = 64, 1000, 4096
"""Limits that no real file comes near."""

_GROUP, _DATA = 20, 21
_NUMBERS = {2: "h", 3: "i", 4: "H", 5: "I", 6: "f", 7: "d", 8: "B", 9: "b", 10: "b", 11: "q", 12: "Q"}
_STRUCT, _TEXT, _ARRAY = 15, 18, 20
_CHARACTERS = 4


@dataclass(frozen=True)
class Block:
    """Where in the file the numbers of an array are, in bytes; a short array of 16-bit numbers may be a text."""

    offset: int
    size: int
    text: str = ""


def read_tags(path: Path) -> tuple[str, Tags]:
    """Read all tags; arrays are left in the file.

    Returns
    -------
    str
        Byte order of the data: ``<`` or ``>``.
    Tags
        The tags.

    Raises
    ------
    ValueError
        If the file is cut short, or what it holds is not such a tree.
    """
    with path.open("rb") as file:
        start = file.read(4)
        version = int.from_bytes(start, "big")
        if len(start) < 4 or version not in (3, 4):
            raise ValueError("it does not begin as files of DigitalMicrograph do")
        file.seek(4 if version == 3 else 8, 1)  # size of the tags
        little = int.from_bytes(file.read(4), "big") == 1
        return "<" if little else ">", _Reader(file, version, little, path.stat().st_size).group()


@dataclass
class _Reader:
    file: BufferedReader
    version: int
    little: bool
    end: int
    depth: int = field(default=0)

    def group(self) -> Tags:
        """Tags of a group."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError(f"its tags are nested more than {DEEPEST} deep")
        self._bytes(2)  # sorted, closed
        found: dict[str, Any] = {}
        for number in range(self._count()):
            kind, length = struct.unpack(">BH", self._bytes(3))
            name = self._bytes(length).decode("latin-1") or str(number)
            if self.version == 4:
                self._count()  # size of the tag
            if kind not in (_GROUP, _DATA):
                raise ValueError(f"there is no tag of type {kind}")
            found[name] = self.group() if kind == _GROUP else self._data()
        self.depth -= 1
        return found

    def _data(self) -> Any:
        if self._bytes(4) != b"%%%%":
            raise ValueError("a tag holds no data")
        count = self._count()
        if not 0 < count <= MOST_FIELDS:
            raise ValueError(f"a tag describes its data by {count} numbers")
        kind, *about = (self._count() for _ in range(count))
        if kind in _NUMBERS:
            return self._number(_NUMBERS[kind])
        block = Block(self.file.tell(), _size([kind, *about]))
        if kind == _ARRAY and about[0] == _CHARACTERS and block.size <= LONGEST_TEXT:
            text = self._bytes(block.size).decode("utf-16-le" if self.little else "utf-16-be", "replace")
            return replace(block, text=text.rstrip("\0"))
        if block.offset + block.size > self.end:
            raise ValueError("it is cut short")
        self.file.seek(block.size, 1)
        return block

    def _number(self, layout: str) -> Any:
        layout = ("<" if self.little else ">") + layout
        return struct.unpack(layout, self._bytes(struct.calcsize(layout)))[0]

    def _count(self) -> int:
        """Read a number of the tree itself, always big-endian."""
        size = 4 if self.version == 3 else 8
        return int.from_bytes(self._bytes(size), "big")

    def _bytes(self, count: int) -> bytes:
        found = self.file.read(count)
        if len(found) < count:
            raise ValueError("it is cut short")
        return found


def _size(about: Sequence[int]) -> int:
    """Bytes of data from its description: a type, and what the type needs.

    A text: its length. An array: the description of an element, and their number. A structure: the length of its name,
    the number of fields, and for each the length of its name and its type.
    """
    kind, *rest = about
    if kind in _NUMBERS:
        return struct.calcsize(f"<{_NUMBERS[kind]}")
    if kind == _TEXT and len(rest) == 1:
        return rest[0]
    if kind == _ARRAY and len(rest) >= 2:
        return _size(rest[:-1]) * rest[-1]
    if kind == _STRUCT and len(rest) == 2 + 2 * rest[1]:
        return rest[0] + sum(rest[2::2]) + sum(_size([field]) for field in rest[3::2])
    raise ValueError(f"data of type {kind} is not described well")
