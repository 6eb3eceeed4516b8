"""Pairs of images and masks, ``images/NAME.tif`` and ``masks/NAME.tif``, as used by UTILE-Gen and many others."""

from collections.abc import Iterable, Iterator, Sized
from pathlib import Path

from particleforge.errors import UserError
from particleforge.sample import Sample
from particleforge.step import Progress, Step, stepwise
from particleforge.store.files import claim_name, complete_folder, new_part
from particleforge.store.image_files import image_paths, image_stem
from particleforge.store.labels import read_labels, write_labels
from particleforge.store.micrographs import read_micrograph, write_micrograph

LAYOUT = "images/ and masks/ or labels/, with files of the same names"
MARKS_UNKNOWN = False


@stepwise
def write(samples: Iterable[Sample], folder: Path) -> Step[Path]:
    """Write samples as a new folder of pairs; masks are uint16 if all ids fit, otherwise uint32.

    Yields
    ------
    Progress
        Counted in samples.

    Returns
    -------
    The folder.

    Raises
    ------
    UserError
        If `folder` exists, two samples have the same name, a sample is annotated only in part, or the disk
        is full.
    """
    taken: set[str] = set()
    with complete_folder(folder) as part:
        new_part(part, "images")
        new_part(part, "masks")
        for done, sample in enumerate(samples, 1):
            write_pair(sample, part, taken)
            yield Progress(done, total_of(samples, done), sample.name)
    return folder


def read(folder: Path) -> Iterator[Sample]:
    """Read pairs one by one, sorted by name. Images may differ in size.

    Raises
    ------
    UserError
        Immediately if a folder or a partner is missing; during the iteration if a file cannot be read.
    """
    for part in ("images", "masks"):
        if not (folder / part).is_dir():
            raise UserError(f"{folder} has no folder {part}/.", "It needs images/NAME.tif and masks/NAME.tif.")
    if not any((folder / "images").iterdir()) and not any((folder / "masks").iterdir()):
        return iter(())
    images, masks = ({image_stem(path): path for path in image_paths(folder / part)} for part in ("images", "masks"))
    for stem in sorted(images.keys() ^ masks.keys()):
        lacking = "masks" if stem in images else "images"
        raise UserError(
            f"{folder}: {stem} has no file in {lacking}/.", "Add it (an all-zero mask for no particles) or remove both."
        )
    return (Sample(read_micrograph(path), read_labels(masks[stem])) for stem, path in images.items())


def recognises(folder: Path) -> bool:
    """Whether there are images and masks."""
    return (folder / "images").is_dir() and any((folder / part).is_dir() for part in ("masks", "labels"))


def write_pair(sample: Sample, folder: Path, taken: set[str]) -> None:
    """Write one image and its mask.

    Raises
    ------
    UserError
        If the sample is annotated only in part, which a mask cannot represent.
    """
    if sample.known is not None and not sample.known.all():
        raise UserError(
            f"{sample.name}: {1 - sample.known.mean():.1%} of the image is not annotated; masks cannot store that.",
            "Annotate it fully, crop it, or use COCO, which preserves such regions.",
        )
    name = f"{claim_name(sample.name, taken)}.tif"
    write_micrograph(folder / "images" / name, sample.micrograph)
    write_labels(folder / "masks" / name, sample.labels, narrow=True)


def total_of(samples: Iterable[Sample], done: int) -> int:
    """Return the number of samples if known beforehand, otherwise of those done."""
    return len(samples) if isinstance(samples, Sized) else done
