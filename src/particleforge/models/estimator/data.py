"""Prepared images of samples with their targets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from particleforge.errors import UserError
from particleforge.models.estimator.preparation import Bytes, Preparation
from particleforge.models.estimator.target import Floats, Ints, Target, shown_by
from particleforge.recipes.fields import innermost, value_of
from particleforge.sample import Sample
from particleforge.seeds import stream
from particleforge.step import Progress, Step

REPORT_EVERY = 32


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images with their targets.

    Parameters
    ----------
    images
        (n, Y, X) uint8, prepared.
    shown
        Per target (n,) values shown by single images; nan if an image has none.
    asked
        Per target (n,) values of the parameter.
    groups
        (n,) index of the group of samples with the same parameters.
    hints
        (n, h) further values shown by single images; nan if an image has none.
    """

    images: Bytes
    shown: tuple[Floats, ...]
    asked: tuple[Floats, ...]
    groups: Ints
    hints: Floats

    def split(self, held_out: float, seed: int) -> tuple[Ints, Ints]:
        """Return indices for training and held-out indices, without splitting groups.

        Raises
        ------
        UserError
            If there are too few samples.
        """
        names, counts = np.unique(self.groups, return_counts=True)
        order = stream(seed, "held out").permutation(len(names))
        taken = np.cumsum(counts[order]) - counts[order] < held_out * len(self.groups)
        away = np.isin(self.groups, names[order[taken]])
        if len(names) < 4 or away.all() or not away.any():
            raise UserError(
                f"There are {len(self.groups)} samples with {len(names)} different parameters; that is too few to hold "
                "some out.",
                "Draw more samples or batches.",
            )
        return np.flatnonzero(~away), np.flatnonzero(away)


def collect(
    samples: Sequence[Sample],
    targets: Sequence[Target],
    shared: Sequence[str],
    preparation: Preparation,
    hints: Sequence[str] = (),
) -> Step[Pictures]:
    """Prepare all samples.

    Parameters
    ----------
    samples
        Training samples.
    targets
        What is estimated from their images.
    shared
        Parameters that samples of a group have in common.
    preparation
        Prepares images.
    hints
        Names of further values they show; see `Target.shown`.

    Raises
    ------
    UserError
        If a sample lacks a target or its image does not fit.
    """
    images = np.empty((len(samples), *preparation.shape), np.uint8)
    shown, asked = np.empty((2, len(targets), len(samples)))
    common, further = np.empty((len(shared), len(samples))), np.empty((len(samples), len(hints)))
    for i, sample in enumerate(samples):
        recipe = innermost(sample.recipe)
        common[:, i] = [value_of(recipe, name) for name in shared]
        for k, target in enumerate(targets):
            shown[k, i] = target.of_sample(sample)
            asked[k, i] = value_of(recipe, target.parameter)
        further[i] = [shown_by(sample, name) for name in hints]
        images[i] = preparation(sample.micrograph)
        if i % REPORT_EVERY == 0:
            yield Progress(i, len(samples), "Preparing images")
    groups = np.unique(common, axis=1, return_inverse=True)[1].reshape(-1)
    return Pictures(images, tuple(shown), tuple(asked), groups.astype(np.int64), further)
