"""Folders of runs that can be interrupted and continued."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from particleforge.errors import UserError
from particleforge.store.files import atomic_write, new_folder

NOTE = "run.yaml"
TOLD = 3
"""Differences that are named."""


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
            f"{out} holds a run with other inputs or parameters{_difference(note, text)}; see {note}.",
            "Choose another place for the output, or remove it.",
        )
    new_folder(out)
    with atomic_write(note) as path:
        path.write_text(text, encoding="utf-8")


def _difference(note: Path, text: str) -> str:
    """Say in a few words in what a run differs from one that was noted before."""
    try:
        there = _flat(yaml.safe_load(note.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError):
        return ""
    here = _flat(yaml.safe_load(text))
    names = [name for name in {**there, **here} if there.get(name) != here.get(name)]
    told = [f"{name} is {there.get(name)!r} there and {here.get(name)!r} here" for name in names[:TOLD]]
    more = f", and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return f" ({', '.join(told)}{more})" if told else ""


def _flat(data: Any, name: str = "") -> dict[str, Any]:
    """Values by their names, joined by dots."""
    if not isinstance(data, dict):
        return {name: data}
    inner = [_flat(value, f"{name}.{key}" if name else str(key)) for key, value in data.items()]
    return {key: value for part in inner for key, value in part.items()}
