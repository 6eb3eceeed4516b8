"""Folders of runs that can be interrupted and continued."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from particleforge.errors import UserError
from particleforge.store.files import atomic_write, new_folder

NOTE = "run.yaml"


def claim(out: Path, what: Mapping[str, Any]) -> None:
    """Make the folder of a run, or recognise it as an interrupted one of the very same run.

    Parameters
    ----------
    out
        The folder.
    what
        Plain data that tells runs apart: inputs and parameters. It is kept in ``run.yaml``.

    Raises
    ------
    UserError
        If the folder holds anything else.
    """
    text = yaml.safe_dump(dict(what), sort_keys=False, allow_unicode=True)
    note = out / NOTE
    if note.is_file():
        if note.read_text(encoding="utf-8") == text:
            return
        raise UserError(
            f"{out} holds a run with other inputs or parameters; see {note}.",
            "Choose another place for the output, or remove it.",
        )
    new_folder(out)
    with atomic_write(note) as path:
        path.write_text(text, encoding="utf-8")
