"""What corrected particles teach; no Qt here."""

import numpy as np

from particleforge.annotate.progress import annotated
from particleforge.store.particle_edits import Edited
from particleforge.store.project import Project
from particleforge.store.teaching import save_teaching


def teach(project: Project, name: str, edited: Edited) -> None:
    """Write what is sure in an image for detectors to learn from.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    origin = edited.particles.origin
    save_teaching(project, name, edited.particles.labels, origin.sure, edited.background, origin.complete)


def still_needed(edited: Edited) -> str:
    """Return what an image still needs to teach a detector alone, in a sentence."""
    origin, labels = edited.particles.origin, edited.particles.labels
    sure = np.where(np.isin(labels, list(origin.sure)), labels, 0)
    progress = annotated(sure, None if origin.complete else edited.background)
    return progress.needed or "What is sure here is enough to teach a detector."
