"""Annotated images that detectors are judged on, read one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from particleforge.errors import UserError
from particleforge.mask import Mask
from particleforge.measurement.summary_file import SUMMARY
from particleforge.micrograph import Micrograph
from particleforge.models.sources import classes_of
from particleforge.quality.coco import CocoImage, coco_images, is_coco_results
from particleforge.quality.instances import Instances
from particleforge.quality.matching import unknown_region
from particleforge.sample import Sample
from particleforge.store.annotated import read_files
from particleforge.store.annotated_files import AnnotatedFiles, annotated_files, label_folder
from particleforge.store.dataset import Dataset
from particleforge.store.exchange import coco
from particleforge.store.image_files import image_stem
from particleforge.store.selection import Selection


@dataclass(frozen=True, eq=False)
class Truth:
    """An annotated image.

    Parameters
    ----------
    micrograph
        The image.
    particles
        Its true particles, and regions in which nobody knows them.
    whole
        Whether these are whole particles, including what others hide.
    coco
        The image in the COCO file that it is from, to find results that belong to it; None for others.
    """

    micrograph: Micrograph
    particles: Instances
    whole: bool = False
    coco: CocoImage | None = None

    @property
    def name(self) -> str:
        """Name of the image."""
        return self.micrograph.name


@dataclass(frozen=True)
class Case:
    """A file with one or several annotated images.

    Parameters
    ----------
    name
        Its name for people.
    read
        Reads the images; raises `UserError` if this is not possible.
    """

    name: str
    read: Callable[[], Iterator[Truth]]


def cases(source: Path, selection: Selection, whole: bool = True) -> list[Case]:
    """Find the annotated images of a dataset or a folder; none is read yet.

    Parameters
    ----------
    source
        The dataset, folder or COCO file.
    selection
        Which part of each image is read.
    whole
        Whether whole particles are wanted where they are known, instead of what is visible of them.

    Raises
    ------
    UserError
        If there are none.
    """
    if (source / "zarr.json").exists():
        found = _of_dataset(Dataset.open(source), whole)
    elif source.suffix.lower() == ".json" or is_coco_folder(source):
        found = [Case(one.name, partial(_of_coco, one)) for one in coco_images(source)]
    elif source.is_dir():
        files = annotated_files(source)
        found = [Case(image_stem(one.image), partial(_of_files, one, selection, whole)) for one in files]
    else:
        raise UserError(f"{source} is not a folder.", "Give NAME.zarr datasets, annotated folders or COCO files.")
    if not found:
        raise UserError(f"{source} contains no image.", "Choose another dataset.")
    return found


def is_dataset(path: Path) -> bool:
    """Whether a path looks like annotated images rather than like a detector or what it found."""
    if path.suffix.lower() == ".json":
        return path.is_file() and not is_coco_results(path)
    return (path / "zarr.json").exists() or ((path / "images").is_dir() and not (path / SUMMARY).exists())


def is_coco_folder(path: Path) -> bool:
    """Whether a folder holds a COCO file and no labels of its own."""
    return path.is_dir() and label_folder(path) is None and coco.recognises(path)


def _of_dataset(dataset: Dataset, whole: bool) -> list[Case]:
    if not (dataset.schema.image and dataset.schema.labels):
        raise UserError(f"{dataset.path} has no images with labels.", "Use a dataset with both.")
    return [Case(f"sample {index}", partial(_of_sample, dataset, index, whole)) for index in range(len(dataset))]


def _of_sample(dataset: Dataset, index: int, whole: bool) -> Iterator[Truth]:
    yield _truth(dataset[index], whole)


def _of_files(files: AnnotatedFiles, selection: Selection, whole: bool) -> Iterator[Truth]:
    return (_truth(sample, whole) for sample in read_files(files, selection))


def _of_coco(image: CocoImage) -> Iterator[Truth]:
    micrograph, particles = image.read()
    whole = particles.only(~particles.are_regions).overlap
    yield Truth(replace(micrograph, name=image.name), particles, whole, image)


def _truth(sample: Sample, whole: bool) -> Truth:
    """Truth of a sample; particles of which nothing is visible are left out, as nobody can find them."""
    outlines, shape = sample.outlines if whole else None, sample.micrograph.shape
    if outlines is None:
        particles = Instances.of_labels(sample.labels)
        labels = particles.runs.ids.tolist()
    else:
        masks = {one.label: Mask.within(one.points_px, shape) for one in outlines if one.visible_fraction > 0}
        labels = [label for label, mask in masks.items() if mask.pixels.any()]
        particles = Instances.of_masks([masks[label] for label in labels], shape)
    classes = classes_of(sample)
    if classes is not None and classes.keys() >= set(labels):
        particles = replace(particles, classes=tuple(classes[label] for label in labels))
    region = unknown_region(sample.known)
    truth = particles if region is None else particles.with_region(region)
    return Truth(sample.micrograph, truth, outlines is not None)
