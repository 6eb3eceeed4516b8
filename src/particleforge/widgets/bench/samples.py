"""A project of bundled micrographs to try things out; no Qt here."""

import shutil
from pathlib import Path

from particleforge.store.files import atomic_write, new_part
from particleforge.store.image_files import image_paths
from particleforge.widgets.sample_data import FOLDER
from particleforge.widgets.workspace import workspace

PROJECT = "sample project"
PARTS = {"spheres": FOLDER / "spheres" / "more" / "images", "rods": FOLDER / "rods" / "images"}


def sample_project() -> Path:
    """Copy the bundled micrographs into a folder of the workspace, unless they are there; return the folder.

    Raises
    ------
    UserError
        If the workspace is not writable.
    """
    folder = workspace() / PROJECT
    for group, images in PARTS.items():
        into = new_part(folder, group)
        for image in image_paths(images):
            if not (into / image.name).exists():
                with atomic_write(into / image.name) as temporary:
                    shutil.copyfile(image, temporary)
    return folder
