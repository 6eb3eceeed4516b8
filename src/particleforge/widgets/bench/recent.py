"""The projects that were opened last; no Qt here."""

import json
from pathlib import Path

from particleforge.errors import UserError
from particleforge.plain_data import read_json
from particleforge.store.files import atomic_write, new_part
from particleforge.widgets.workspace import workspace

FILE = "recent-projects.json"
MOST = 8


def recent_projects() -> list[Path]:
    """Folders of the projects opened last that are still there, the latest first."""
    file = workspace() / FILE
    try:
        found = read_json(file) if file.is_file() else []
    except UserError:  # of no consequence: it is written again
        found = []
    paths = [Path(path) for path in found if isinstance(path, str)] if isinstance(found, list) else []
    return [path for path in paths if path.is_dir()][:MOST]


def remember(folder: Path) -> None:
    """Put a project first.

    Raises
    ------
    UserError
        If the workspace is not writable.
    """
    paths = [folder, *(path for path in recent_projects() if path != folder)][:MOST]
    new_part(workspace().parent, workspace().name)
    with atomic_write(workspace() / FILE) as temporary:
        temporary.write_text(json.dumps([str(path) for path in paths], indent=1) + "\n", encoding="utf-8")
