"""What the step Sizes remembers from one day to the next: columns, and the last folder of each kind of file."""

import json
from pathlib import Path
from typing import Any

from pydantic import Field

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.plain_data import read_json
from particleforge.store.files import atomic_write, new_part
from particleforge.widgets.bench.sizes.columns import FIRST
from particleforge.widgets.workspace import workspace

FILE = "sizes-view.json"


class Remembered(Params):
    """Choices of a person."""

    columns: tuple[str, ...] = Field(FIRST, description="Properties in the table of particles.")
    folders: dict[str, str] = Field({}, description="Last folder of each kind of file.")

    def folder(self, kind: str) -> Path | None:
        """Folder in which a file of a kind was written last, if it is still there."""
        path = Path(self.folders[kind]) if kind in self.folders else None
        return path if path is not None and path.is_dir() else None


def read_remembered() -> Remembered:
    """Read the choices; the defaults if there are none, or they are damaged."""
    path = workspace() / FILE
    try:
        return Remembered.parse(read_json(path)) if path.is_file() else Remembered()
    except UserError:  # of no consequence: it is written again
        return Remembered()


def remember(**fields: Any) -> Remembered:
    """Change some of the choices, and return all.

    Raises
    ------
    UserError
        If the workspace is not writable.
    """
    changed = read_remembered().replace(**fields)
    new_part(workspace().parent, workspace().name)
    with atomic_write(workspace() / FILE) as temporary:
        temporary.write_text(json.dumps(changed.model_dump(mode="json"), indent=1) + "\n", encoding="utf-8")
    return changed
