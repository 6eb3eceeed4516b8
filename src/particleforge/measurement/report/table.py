"""A table of a report."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

_WORDS = re.compile(r"[^\W\d_]{2}")
"""Beginning of a cell with words."""


@dataclass(frozen=True)
class Table:
    """A table of a report; the first column is the heading of its row, and may be a link."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    links: Sequence[str] = ()

    @cached_property
    def words(self) -> list[bool]:
        """Whether each column holds words rather than numbers."""
        columns = range(len(self.head))
        return [column == 0 or any(_WORDS.match(row[column]) for row in self.rows) for column in columns]
