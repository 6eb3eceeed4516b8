"""The folder that holds everything of a project."""

from pathlib import Path

PLUGIN = "napari-particleforge"
ANNOTATIONS, DATASETS, MODELS, RESULTS = "annotations", "datasets", "models", "results"


def workspace() -> Path:
    """Workspace folder: the one of napari's preferences, else ParticleForge in the home folder.

    It need not exist. Annotated images are in `ANNOTATIONS`, laid out for `read_annotated`; synthetic samples in
    ``DATASETS/NAME.zarr``, detectors in ``MODELS/NAME``.
    """
    return Path(_preference()).expanduser() if _preference() else Path.home() / "ParticleForge"


def free_name(folder: Path, stem: str, suffix: str = "") -> str:
    """First of ``STEM-1``, ``STEM-2`` ... that is not in a folder."""
    number = 1
    while (folder / f"{stem}-{number}{suffix}").exists():
        number += 1
    return f"{stem}-{number}"


def _preference() -> str:
    try:
        from napari.settings import get_plugin_settings
    except ImportError:  # napari below 0.9 keeps no settings of plugins
        return ""
    try:
        settings = get_plugin_settings(PLUGIN)
    except KeyError:  # run from a folder that is not installed
        return ""
    return str(settings.workspace.folder).strip()
