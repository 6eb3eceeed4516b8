"""Particle sizes from label images made elsewhere."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import tifffile
from pydantic import Field

from particleforge.errors import UserError
from particleforge.micrograph import Length, Micrograph, parse_length_nm
from particleforge.params import Params
from particleforge.step import Progress, Step, stepwise
from particleforge.store.labels import check_instances, read_labels
from particleforge.store.micrographs import image_paths, image_stem, read_micrograph
from particleforge.store.tiff_scale import tiff_pixel_size_nm
from particleforge.workflows.results import Measurement, Results


class SizesParams(Params):
    """How to measure label images."""

    pixel_size: Length | None = Field(
        None, description="Side of a pixel with its unit, such as '0.5 nm'; empty: what the image files say."
    )

    @property
    def pixel_size_nm(self) -> float | None:
        """Side of a pixel in nm where it is given."""
        return None if self.pixel_size is None else parse_length_nm(self.pixel_size)


@stepwise
def sizes(
    labels_folder: Path | str,
    out: Path | str,
    params: SizesParams = SizesParams(),
    images: Path | str | None = None,
) -> Step[Measurement]:
    """Measure the particles of label images: tables, size distributions and figures.

    Parameters
    ----------
    labels_folder
        Folder of label images (TIFF or PNG, 0 = background), or one of them.
    out
        A folder that is not there yet; see `Results` for what it holds.
    params
        How to measure.
    images
        Folder with the micrographs, paired by name without suffix, or None: then the figures show the labels on white.

    Returns
    -------
    Measurement
        Where it was written and the summary. The pixel size is the one of `params`, else of the micrograph, else of
        the label file; where none of them says, sizes are in px only.

    Raises
    ------
    UserError
        If a label image has no micrograph or another shape, or a file is missing, broken or of another kind.
    """
    labels_folder, out, images = Path(labels_folder), Path(out), None if images is None else Path(images)
    micrographs = _paired(image_paths(labels_folder), images)
    source = {"labels": str(labels_folder), "images": None if images is None else str(images)}
    results = Results(out, {"command": "sizes", "params": params.model_dump(mode="json"), "source": source})
    yield Progress(0, len(micrographs), "Measuring")
    for done, (path, image) in enumerate(micrographs.items(), start=1):
        table = _measure(results, path, image, params.pixel_size_nm)
        yield Progress(done, len(micrographs), f"{image_stem(path)}: {len(table)} particles")
    return results.finish()


def _paired(labels: list[Path], images: Path | None) -> dict[Path, Path | None]:
    """Micrograph of each label image."""
    if images is None:
        return dict.fromkeys(labels)
    by_stem = {image_stem(path): path for path in image_paths(images)}
    missing = [path.name for path in labels if image_stem(path) not in by_stem]
    if missing:
        raise UserError(
            f"{images} has no image for {len(missing)} of {len(labels)} label images, such as {missing[0]}.",
            "Names without suffix must be equal; leave the images out to measure the labels alone.",
        )
    return {path: by_stem[image_stem(path)] for path in labels}


def _measure(results: Results, path: Path, image: Path | None, pixel_size_nm: float | None) -> pd.DataFrame:
    labels = read_labels(path)
    check_instances(labels, str(path))
    if image is None:
        bare = Micrograph(labels, name=path.name).with_pixel_size(pixel_size_nm or _size_in_file(path))
        return results.add_labels(image_stem(path), labels, bare.square_pixel_size_nm)
    micrograph = read_micrograph(image)
    size = pixel_size_nm or micrograph.pixel_size_nm or _size_in_file(path)
    return results.add(replace(micrograph.with_pixel_size(size), name=image_stem(path)), labels)


def _size_in_file(path: Path) -> tuple[float, float] | None:
    """Pixel size that a label image itself carries; only TIFFs can."""
    if path.suffix.lower() not in (".tif", ".tiff"):
        return None
    with tifffile.TiffFile(path) as tif:
        return tiff_pixel_size_nm(tif)
