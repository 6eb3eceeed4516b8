"""Where annotations go that cannot be saved in their folder; no Qt here."""

from pathlib import Path

from particleforge.sample import Sample
from particleforge.store.annotated import save_annotation
from particleforge.store.files import new_part
from particleforge.widgets.workspace import free_name, workspace

RESCUED = "rescued"
"""Folder of the workspace for annotations that could not be saved where they belong."""


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
