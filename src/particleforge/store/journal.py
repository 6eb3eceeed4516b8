"""Lines added to a JSON file since it was written, so that a large one is not written again for each of them."""

import json
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.plain_data import parse_json
from particleforge.store.files import disk_errors, sha256


class Journal:
    """Lines of plain data next to a file, for as long as this is the version to which they were added.

    Parameters
    ----------
    file
        The file; it exists when the first line is added. The journal of ``NAME.json`` is ``NAME.added.jsonl``.
    """

    def __init__(self, file: Path) -> None:
        self._file, self.path = file, file.with_suffix(".added.jsonl")

    def add(self, line: Any) -> None:
        """Add a line; the first one states to which version of the file.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        with disk_errors(self.path), self.path.open("a", encoding="utf-8", newline="\n") as journal:
            if not journal.tell():
                journal.write(_text(sha256(self._file)))
            journal.write(_text(line))

    def lines(self) -> list[Any]:
        """Return what was added to the file as it is now, up to a line that was cut off."""
        if not self.path.is_file():
            return []
        text, *_ = self.path.read_text(encoding="utf-8", errors="replace").rpartition("\n")
        found = []
        for line in text.split("\n"):
            try:
                found.append(parse_json(line, self.path.name))
            except UserError:
                break
        return found[1:] if found[:1] == [sha256(self._file)] else []

    def clear(self) -> None:
        """Remove all lines: the file holds them now."""
        self.path.unlink(missing_ok=True)


def _text(line: Any) -> str:
    return json.dumps(line, allow_nan=False, ensure_ascii=False) + "\n"
