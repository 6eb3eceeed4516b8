"""Pairs of images and masks, ``images/NAME.tif`` and ``masks/NAME.tif``, as used by UTILE-Gen and many others."""

from collections.abc import Iterable, Iterator, Sized
from pathlib import Path

from particleforge.errors import UserError
from particleforge.sample import Sample
from particleforge.step import Progress, Step, stepwise
from particleforge.store.annotated import samples_in
from particleforge.store.annotated_files import has_rois, label_folder
from particleforge.store.files import claim_name, complete_folder, new_part
from particleforge.store.labels import write_labels
from particleforge.store.micrographs import write_micrograph

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
    """Read pairs one by one, sorted by name; see `particleforge.store.annotated`. Images may differ in size.

    Raises
    ------
    UserError
        Immediately if a folder or a partner is missing; during the iteration if a file cannot be read.
    """
    parts = [folder / "images", label_folder(folder)]
    if all(part is not None and part.is_dir() and not any(part.iterdir()) for part in parts):
        return iter(())
    return samples_in(folder)


def recognises(folder: Path) -> bool:
    """Whether there are images and masks, and no selections of ImageJ."""
    parts = [folder / part for part in ("masks", "labels")]
    return (folder / "images").is_dir() and any(part.is_dir() for part in parts) and not has_rois(folder)


def write_pair(sample: Sample, folder: Path, taken: set[str]) -> None:
    """Write one image and its mask.

    Raises
    ------
    UserError
        If the sample is annotated only in part, which a mask cannot represent.
    """
    check_known(sample)
    name = f"{claim_name(sample.name, taken)}.tif"
    write_micrograph(folder / "images" / name, sample.micrograph)
    write_labels(folder / "masks" / name, sample.labels, narrow=True)


def check_known(sample: Sample) -> None:
    """Check that a sample is annotated everywhere.

    Raises
    ------
    UserError
        With the share that is not.
    """
    if sample.known is not None and not sample.known.all():
        raise UserError(
            f"{sample.name}: {1 - sample.known.mean():.1%} of the image is not annotated, which this format cannot "
            "store.",
            "Annotate it fully, crop it, or use COCO, which preserves such regions.",
        )


def total_of(samples: Iterable[Sample], done: int) -> int:
    """Return the number of samples if known beforehand, otherwise of those done."""
    return len(samples) if isinstance(samples, Sized) else done
