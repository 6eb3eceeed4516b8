"""Measure label images made elsewhere."""

from pathlib import Path

from pydantic import Field

from particleforge.errors import UserError
from particleforge.measurement.headline import measurement_report
from particleforge.measurement.measured import Measured
from particleforge.measurement.results import Measurement, Results
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.micrograph import Length, Micrograph, parse_length_nm
from particleforge.step import Progress, Step
from particleforge.store.image_files import image_paths, image_stem
from particleforge.store.labels import check_instances, open_labels, read_labels
from particleforge.store.micrographs import read_micrograph
from particleforge.verb import verb


class SizesParams(Rules):
    """How to measure label images."""

    pixel_size: Length | None = Field(
        None, description="Side of a pixel with its unit, such as '0.5 nm'; empty: what the image files say."
    )

    precision: Precision = Field(Precision(), description="How sure figures are to be.")
    reports: bool = Field(True, description="Whether to write reports, of each image and of all together.")

    @property
    def pixel_size_nm(self) -> float | None:
        """Side of a pixel in nm where it is given."""
        return None if self.pixel_size is None else parse_length_nm(self.pixel_size)


@verb(measurement_report, resumable=True)
def sizes(
    labels: Path | str,
    out: Path | str,
    params: SizesParams = SizesParams(),
    images: Path | str | None = None,
) -> Step[Measurement]:
    """Measure the particles of label images: tables, size distributions and figures.

    Parameters
    ----------
    labels
        A label image or a folder of them (TIFF or PNG, 0 = background).
    out
        New folder for labels, tables, figures and reports; an interrupted run of the same inputs is continued.
    params
        How to measure.
    images
        Folder of the micrographs, paired by name without suffix; without it the figures show the labels on white.

    Returns
    -------
    Measurement
        Where it was written and the summary. The pixel size is the one of `params`, else of the micrograph, else of
        the label file; where none of them says, sizes are in px only.

    Raises
    ------
    UserError
        If a label image has no micrograph, or no label image can be measured. A single one that is broken or has
        another shape than its micrograph does not end the run; it stands under ``failed`` in the summary.
    """
    labels, out, images = Path(labels), Path(out), None if images is None else Path(images)
    micrographs = _paired(image_paths(labels), images)
    source = {"labels": str(labels), "images": None if images is None else str(images)}
    about = {"command": "sizes", "params": params.model_dump(mode="json"), "source": source}
    results = Results(out, about, params, params.precision, params.reports)
    yield Progress(0, len(micrographs), "Measuring")
    for done, (path, image) in enumerate(micrographs.items(), start=1):
        name = image_stem(path)
        if name not in results.measured:
            try:
                measured = results.measure(_read(path, image, params.pixel_size_nm))
            except UserError as error:
                results.fail(name, error)
                yield Progress(done, len(micrographs), f"{name}: not measured. {error.message}")
                continue
            results.write(measured)
            yield Progress(done, len(micrographs), f"{name}: {len(measured.table)} particles")
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


def _read(path: Path, image: Path | None, pixel_size_nm: float | None) -> Measured:
    """Labels, image and pixel size; nothing is measured yet."""
    labels = read_labels(path)
    check_instances(labels, str(path))
    micrograph = Micrograph(labels, name=path.name) if image is None else read_micrograph(image)
    size = pixel_size_nm or micrograph.pixel_size_nm or open_labels(path).pixel_size_nm
    square = micrograph.with_pixel_size(size).square_pixel_size_nm
    grey = None if image is None else micrograph.grey_or_nan
    return Measured(image_stem(path), labels=labels, grey=grey, pixel_size_nm=square)
