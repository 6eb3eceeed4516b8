"""Whose annotation it is that a folder holds, and what may be done with it; no Qt here."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from particleforge.sample import Sample
from particleforge.store.annotated import save_annotation
from particleforge.store.files import new_part
from particleforge.store.originals import ORIGINALS, are_kept, files_of
from particleforge.widgets.workspace import ANNOTATIONS, free_name, workspace

RESCUED = "rescued"
"""Folder of the workspace for annotations that could not be saved where they belong."""


class Choice(Enum):
    """What to do with labels that somebody else made."""

    CONTINUE = "Continue here"
    COPY = "Work on a copy"
    LOOK = "Look only"


@dataclass(frozen=True)
class Foreign:
    """Labels that ParticleForge has not made.

    Parameters
    ----------
    folder
        Annotated folder.
    file
        The label image.
    """

    folder: Path
    file: Path

    @property
    def question(self) -> str:
        """What to ask before they are changed."""
        place = f"{ORIGINALS}/labels/"
        if self.file.suffix == ".tif":
            changed = f"{self.file.name} is changed; a copy of it as it is now is kept in {place}."
        else:
            changed = (
                f"labels are saved as TIFF: {self.file.stem}.tif takes the place of {self.file.name}, "
                f"which moves to {place}."
            )
        return f"This image already has labels: {self.file}. If you continue here, {changed}"

    @property
    def tips(self) -> dict[Choice, str]:
        """What each choice does."""
        return {
            Choice.CONTINUE: f"Change the labels in {self.folder}.",
            Choice.COPY: f"Annotate a copy in {copy_folder()}; {self.file.name} stays as it is.",
            Choice.LOOK: "Show the labels as a layer that cannot be changed.",
        }


def foreign(folder: Path, name: str) -> Foreign | None:
    """Return the labels of an image that must not be changed unasked; None if there are none.

    Those in the workspace were made here, unless they are of another format; those whose originals are kept were asked
    about before.
    """
    files = files_of(folder, "labels", name)
    if not files or are_kept(folder, name):
        return None
    own = folder.absolute() == (workspace() / ANNOTATIONS).absolute() and files[0].name == f"{name}.tif"
    return None if own else Foreign(folder, files[0])


def copy_folder() -> Path:
    """Folder in which a copy of foreign labels is annotated."""
    return workspace() / ANNOTATIONS


def rescue(sample: Sample) -> Path:
    """Save an annotation that could not be saved in its folder; return the new folder that holds it.

    Raises
    ------
    UserError
        If that fails, too.
    """
    into = workspace() / RESCUED
    place = new_part(into, free_name(into, sample.name))
    save_annotation(place, sample)
    return place


def rescued() -> list[Path]:
    """Folders of annotations that could not be saved where they belong."""
    into = workspace() / RESCUED
    return sorted(path for path in into.iterdir() if path.is_dir()) if into.is_dir() else []
