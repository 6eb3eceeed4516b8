"""Weights that torchvision publishes, from files that a person has downloaded; nothing is downloaded here."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from particleforge.errors import UserError

SITE = "https://download.pytorch.org/models/"
_HASH = re.compile(r"-([0-9a-f]{8,64})\.pth$")


def cached_weights(file: str, what: str) -> Path:
    """File of published weights in torch's own folder of downloads.

    Parameters
    ----------
    file
        Its name, for example ``resnet18-f37072fd.pth``.
    what
        What it holds, for messages, for example ``The COCO weights for resnet50``.

    Raises
    ------
    UserError
        If it is not there.
    """
    from torch import hub

    path: Path = Path(hub.get_dir()) / "checkpoints" / file
    if not path.is_file():
        raise UserError(
            f"{what} are not on this computer, and nothing is downloaded without being asked.",
            f"Download {SITE}{file} to {path}, give the file as start, or start from scratch.",
        )
    return path


def check_hash(path: Path) -> None:
    """Check that the contents of a file are those that its name, NAME-HASH.pth, states.

    Raises
    ------
    UserError
        If there is no such file, its name states no hash, or its contents have another one.
    """
    if not path.is_file():
        raise UserError(f"{path} is not a file.", "Give the file of the weights, or start from scratch.")
    stated = _HASH.search(path.name)
    if stated is None:
        raise UserError(
            f"{path.name} does not state the hash of its contents, as NAME-1234abcd.pth does.",
            "Give the file as it was downloaded, with its name.",
        )
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(stated[1]):
        raise UserError(
            f"{path} is damaged: its hash begins with {found[: len(stated[1])]}, but its name states {stated[1]}.",
            "Download it again.",
        )
