"""The folder that holds everything in a project, and the other preferences."""

from pathlib import Path
from typing import Any

from particleforge.models.device import VARIABLE

PLUGIN = "napari-particleforge"
ANNOTATIONS, RECIPES, DATASETS, MODELS, RESULTS = "annotations", "recipes", "datasets", "models", "results"
READ_ONLY = "projects"
"""Folder of the workspace for the projects of folders in which nothing can be written."""


def workspace() -> Path:
    """Workspace folder: the one in napari's preferences, else ParticleForge in the home folder.

    It need not exist. Annotated images are in `ANNOTATIONS`, laid out for `read_annotated`; synthetic samples in
    ``DATASETS/NAME.zarr``, detectors in ``MODELS/NAME``.
    """
    folder = str(preference("workspace", "folder", "")).strip()
    return Path(folder).expanduser() if folder else Path.home() / "ParticleForge"


def free_name(folder: Path, stem: str, suffix: str = "") -> str:
    """First of ``STEM-1``, ``STEM-2`` ... that is not in a folder."""
    number = 1
    while (folder / f"{stem}-{number}{suffix}").exists():
        number += 1
    return f"{stem}-{number}"


def preference(group: str, name: str, default: Any) -> Any:
    """Value the user chose in napari's preferences; the default if there is none."""
    try:
        from napari.settings import get_plugin_settings
    except ImportError:  # napari below 0.9 has no settings for plugins
        return default
    try:
        settings = get_plugin_settings(PLUGIN)
    except KeyError:  # run from source, not installed
        return default
    return getattr(getattr(settings, group), name)


def job_environment() -> dict[str, str]:
    """Environment variables of jobs, according to the preferences."""
    device = str(preference("computing", "device", "auto"))
    return {} if device == "auto" else {VARIABLE: device}
