"""Patches and their particles as a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from particleforge.models.maskrcnn.network import Target
from particleforge.models.patches import Patch
from particleforge.models.whole import Pixels, whole_particles


@dataclass(frozen=True)
class Batch:
    """Data of one training step.

    Parameters
    ----------
    images
        (B, 1, Y, X).
    targets
        Particles of each image; one without any teaches the background.
    seed
        Of the boxes that are drawn in this step.
    """

    images: Tensor
    targets: list[Target]
    seed: int

    def to(self, device: torch.device) -> Self:
        """Return it on a device."""
        moved = [{name: tensor.to(device) for name, tensor in target.items()} for target in self.targets]
        return replace(self, images=self.images.to(device), targets=moved)


def collate(patches: Sequence[Patch], classes: Sequence[str], seed: int) -> Batch:
    """Make a batch of patches.

    Parameters
    ----------
    patches
        Of equal size.
    classes
        Names of the classes; empty: they are not distinguished.
    seed
        See `Batch`.
    """
    images = torch.from_numpy(np.stack([patch.image for patch in patches]))[:, None]
    return Batch(images, [target(patch, classes) for patch in patches], seed)


def target(patch: Patch, classes: Sequence[str]) -> Target:
    """Boxes, classes and masks of the particles of a patch, and where it is not known what it shows."""
    numbers = {name: number for number, name in enumerate(classes, start=1)}
    particles = whole_particles(patch)
    named = {label: numbers.get((patch.classes or {}).get(label, ""), 0) if classes else 1 for label in particles}
    chosen = [label for label in particles if named[label]]
    masks = np.zeros((len(chosen), *patch.labels.shape), np.uint8)
    for mask, label in zip(masks, chosen, strict=True):
        mask[particles[label]] = 1
    boxes = np.array([_box(particles[label]) for label in chosen], np.int32).reshape(-1, 4)
    found = {
        "boxes": torch.from_numpy(boxes),
        "labels": torch.tensor([named[label] for label in chosen], dtype=torch.int64),
        "masks": torch.from_numpy(masks),
    }
    unknown = _unknown(patch, particles, named)
    return found if unknown is None else found | {"unknown": torch.from_numpy(unknown)}


def _unknown(patch: Patch, particles: Mapping[int, Pixels], named: Mapping[int, int]) -> np.ndarray | None:
    """(Y, X) where the image may show what is not among the targets; None: nowhere."""
    nameless = [label for label in particles if not named[label]]
    if patch.known is None and not nameless:
        return None
    unknown = np.zeros(patch.labels.shape, np.bool_) if patch.known is None else ~patch.known
    for label in nameless:
        unknown[particles[label]] = True
    return unknown


def _box(pixels: Pixels) -> tuple[int, int, int, int]:
    """Left, top, right and bottom, the latter two just outside."""
    rows, columns = pixels
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
