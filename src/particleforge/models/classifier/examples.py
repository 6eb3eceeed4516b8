"""Crops with classes, from annotated samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.models.classifier.crops import Bytes, image_crops, particle_crops, touching_border
from particleforge.models.classifier.train_params import ClassifierParams
from particleforge.models.sources import classes_of
from particleforge.sample import CLASS, GROUP, Sample
from particleforge.seeds import stream
from particleforge.step import Progress, Step
from particleforge.wording import listed, plural

Ints = npt.NDArray[np.int64]
MOST_OF_AN_IMAGE = 200
"""Largest number of particles of one image that are learned from."""
HINT = (
    "Give the classes as folders images/CLASS/, in a table classes.csv next to images/, or as the column class of the "
    "truth of a dataset."
)


@dataclass(frozen=True, eq=False)
class Examples:
    """Crops and their classes.

    Parameters
    ----------
    crops
        (n, S, S) crops.
    classes
        (n,) numbers of their classes.
    images
        (n,) numbers of the images they are from.
    """

    crops: Bytes
    classes: Ints
    images: Ints

    def __len__(self) -> int:
        return len(self.classes)


def particle_classes(sample: Sample) -> Mapping[int, str]:
    """Classes of the particles of a sample by label: those of its truth, else that of the image for all of them."""
    known = classes_of(sample)
    if known is not None or CLASS not in sample.targets:
        return known or {}
    return dict.fromkeys(map(int, np.unique(sample.labels[sample.labels > 0])), str(sample.targets[CLASS]))


def class_names(samples: Iterable[Sample], of: str) -> Iterable[set[str]]:
    """Yield the classes of each sample: of its image, or of its particles."""
    for sample in samples:
        if of == "particles":
            yield set(particle_classes(sample).values())
        else:
            yield {str(sample.targets[CLASS])} if CLASS in sample.targets else set()


def hold_out_groups(samples: Sequence[Sample], params: ClassifierParams) -> tuple[list[Sample], list[Sample]]:
    """Keep a share of the images of each class for validation; images of a group stay on one side.

    A class is never held out as a whole: one that is in a single group is only learned from.
    """
    names = list(class_names(samples, params.of))
    groups = [str(sample.targets.get(GROUP) or f"image {number}") for number, sample in enumerate(samples)]
    counts = Counter(name for found in names for name in found)
    held: set[str] = set()
    for name in sorted(counts, key=lambda name: (counts[name], name)):
        own = [index for index, found in enumerate(names) if name in found]
        order = sorted({groups[index] for index in own})
        stream(params.seed, "held out", name).shuffle(order)
        for group in order[:-1]:
            if sum(groups[index] in held for index in own) >= params.held_out * len(own):
                break
            if not _empties(group, held, groups, names):
                held.add(group)
    train_on = [sample for sample, group in zip(samples, groups, strict=True) if group not in held]
    return train_on, [sample for sample, group in zip(samples, groups, strict=True) if group in held]


def _empties(group: str, held: set[str], groups: Sequence[str], names: Sequence[set[str]]) -> bool:
    """Whether a class would have nothing left to be learned from if a group were held out, too."""
    left = set().union(*(found for found, other in zip(names, groups, strict=True) if other not in held | {group}))
    return not set().union(*names) <= left


def known_classes(samples: Sequence[Sample], params: ClassifierParams) -> tuple[str, ...]:
    """Every class of samples, in alphabetical order.

    Raises
    ------
    UserError
        If there are fewer than two.
    """
    names = sorted(set().union(*class_names(samples, params.of)))
    if len(names) < 2:
        there = f"the only class is {names[0]}" if names else "none of them has a class"
        raise UserError(
            f"A classifier needs {params.of} of at least two classes; of {plural(len(samples), 'image')} {there}.", HINT
        )
    return tuple(names)


def remarks_on_classes(train_on: Sequence[Sample], held_out: Sequence[Sample], of: str) -> list[str]:
    """State what a person should know of the classes."""
    counts = Counter(name for found in class_names(train_on, of) for name in found)
    checked = set().union(*class_names(held_out, of)) if held_out else set()
    remarks = []
    if single := sorted(name for name in counts if counts[name] == 1 and name not in checked):
        remarks.append(
            f"{listed(single)}: only one image shows this class, so how well it is recognised on others is not known."
        )
    elif unchecked := sorted(counts.keys() - checked):
        remarks.append(f"No image of {listed(unchecked)} is held out, so how well it is recognised is not known.")
    return remarks


def collect(samples: Sequence[Sample], classes: Sequence[str], params: ClassifierParams) -> Step[Examples]:
    """Crop what has a class; particles at the border of their image are left out, as their shape is not known.

    Of more than `MOST_OF_AN_IMAGE` particles of an image a part is drawn.
    """
    crops: list[Bytes] = [np.zeros((0, params.crop.crop_px, params.crop.crop_px), np.uint8)]
    numbers: list[int] = []
    images: list[int] = []
    for image, sample in enumerate(samples):
        if params.of == "images":
            found = image_crops(sample.micrograph.grey, params.crop) if CLASS in sample.targets else crops[0]
            named = [str(sample.targets.get(CLASS))] * len(found)
        else:
            found, named = _particles(sample, params)
        crops.append(found)
        numbers += [classes.index(name) for name in named]
        images += [image] * len(named)
        yield Progress(image + 1, len(samples), "Cropping")
    return Examples(np.concatenate(crops), np.array(numbers, np.int64), np.array(images, np.int64))


def _particles(sample: Sample, params: ClassifierParams) -> tuple[Bytes, list[str]]:
    known = particle_classes(sample)
    cut = set(touching_border(sample.labels).tolist())
    there = set(np.unique(sample.labels).tolist())
    usable = np.array([number for number in known if number in there and number not in cut], np.int64)
    if len(usable) > MOST_OF_AN_IMAGE:
        usable = stream(params.seed, "particles", sample.name).choice(usable, MOST_OF_AN_IMAGE, replace=False)
    labels = np.where(np.isin(sample.labels, usable), sample.labels, 0)
    ids, crops = particle_crops(sample.micrograph.grey, labels, params.crop)
    return crops, [known[int(number)] for number in ids]
