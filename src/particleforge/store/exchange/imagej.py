"""Selections of ImageJ: each image with ``NAME.zip`` of the ROI Manager, next to it or in ``labels/``.

Written are ``NAME.tif`` and ``NAME.zip`` with one selection for each particle, exact to the pixel.
"""

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from particleforge.sample import Sample
from particleforge.step import Progress, Step, stepwise
from particleforge.store.annotated import samples_in
from particleforge.store.annotated_files import has_rois
from particleforge.store.exchange.pairs import check_known, total_of
from particleforge.store.files import atomic_write, claim_name, complete_folder
from particleforge.store.micrographs import write_micrograph
from particleforge.store.roi_outlines import as_selections

LAYOUT = "images with the selections of ImageJ, NAME.zip or RoiSet.zip"
MARKS_UNKNOWN = False
DATE = (1980, 1, 1, 0, 0, 0)
"""Date of all entries, so that equal samples give equal bytes."""


@stepwise
def write(samples: Iterable[Sample], folder: Path) -> Step[Path]:
    """Write samples as a new folder of images and their selections.

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
        for done, sample in enumerate(samples, 1):
            check_known(sample)
            name = claim_name(sample.name, taken)
            write_micrograph(part / f"{name}.tif", sample.micrograph)
            with atomic_write(part / f"{name}.zip") as path, zipfile.ZipFile(path, "w") as archive:
                for label, content in as_selections(sample.labels):
                    archive.writestr(zipfile.ZipInfo(f"{label:05d}.roi", DATE), content)
            yield Progress(done, total_of(samples, done), sample.name)
    return folder


def read(folder: Path) -> Iterator[Sample]:
    """Read images with their selections one by one; see `particleforge.store.annotated`.

    Raises
    ------
    UserError
        Immediately if a file is missing or left over; during the iteration if one cannot be read.
    """
    return samples_in(folder)


def recognises(folder: Path) -> bool:
    """Whether there are files of selections that belong to images."""
    return folder.is_dir() and has_rois(folder)
