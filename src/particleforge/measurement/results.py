"""Measures images one by one and writes tables, label images, a summary, figures and reports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from particleforge.errors import UserError, none_done, printable
from particleforge.measurement.changes import compare
from particleforge.measurement.image_writer import ImageWriter, Written
from particleforge.measurement.measured import Measured
from particleforge.measurement.outputs import Outputs
from particleforge.measurement.results_folder import ROWS, TABLE, ResultsFolder, write_json
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.uncertainty.pixel_size import Calibration
from particleforge.store.files import claim_name

if TYPE_CHECKING:
    import pandas as pd

    from particleforge.measurement.aggregation.degree import Aggregation
    from particleforge.measurement.statistics.describe import Description
    from particleforge.micrograph import Micrograph


@dataclass(frozen=True)
class Measurement:
    """Where a measurement was written.

    Parameters
    ----------
    out
        The folder.
    table
        Particle table of all images as CSV, columns as in `particleforge.measurement.columns.written`; of very many
        particles a folder of Parquet files, see `ResultsFolder`.
    summary
        What ``summary.json`` holds; see `ResultsFolder`.
    """

    out: Path
    table: Path
    summary: dict[str, Any]


class Results:
    """Writes a measurement image by image, so that an interrupted one keeps what it has and can be continued.

    The folder is a `ResultsFolder` with ``figures/NAME.png`` and, with reports, ``report.html`` and ``report.pdf`` of
    all images together and ``reports/NAME.html, .json``; `Outputs` adds further formats. In its summary, ``pooled`` has
    None for ``px`` if images differ in pixel size, for ``nm`` if one of them is unknown, and for ``aggregation`` (see
    `Aggregation`) if sizes are not pooled; an image has ``pixel_size_nm``, the ``rows`` that show the specimen if not
    all do (see `Measured`), the result of `summarize`, how its particles were found, for example the
    ``certainty`` of the detector, and ``remarks`` on how its file was read, if there are any.

    Parameters
    ----------
    out
        A folder that does not exist yet, is empty, or holds an interrupted measurement of the same provenance.
    provenance
        Plain data: the command, its parameters, the images and the model.
    rules
        Which particles count.
    precision
        Precision of the intervals.
    outputs
        Which reports and figures to write.
    left_out
        What was skipped in the folders of images; see `particleforge.store.left_out`.
    calibration
        How well the pixel size is known.

    Raises
    ------
    UserError
        If `out` holds something else or is not writable.
    """

    def __init__(
        self,
        out: Path,
        provenance: Mapping[str, Any],
        rules: Rules = Rules(),
        precision: Precision = Precision(),
        outputs: Outputs = Outputs(reports=False),
        left_out: Mapping[str, int] | None = None,
        calibration: Calibration = Calibration(),
    ) -> None:
        self.folder = ResultsFolder.begin(out, provenance, left_out or {})
        self.out = out
        self.writer = ImageWriter(out, self.folder.provenance, rules, precision, outputs, calibration)
        self._names = {name.casefold() for name in self.folder.names}

    @property
    def measured(self) -> frozenset[str]:
        """Names of the images that were measured."""
        return frozenset(self.folder.names)

    def compare(self, names: Sequence[str], fingerprint: Callable[[str], list[str]]) -> str:
        """Compare with the inputs of the run that is continued; see `particleforge.measurement.changes.compare`."""
        changes = compare(self.folder, names, fingerprint)
        self._names = {name.casefold() for name in self.folder.names}
        return changes

    def state(self, **about: Any) -> None:
        """State in the provenance what does not make other results of them, for example the ``model``."""
        self.folder.summary["provenance"] |= about
        self.writer = replace(self.writer, provenance=self.folder.provenance)

    def claim(self, names: Sequence[str]) -> dict[str, UserError]:
        """Reserve the files of images; return why there can be none of an image, by its name."""
        refused = {}
        for name in names:
            try:
                claim_name(name, self._names)
            except UserError as error:
                refused[name] = error
        return refused

    def note(self, name: str, fingerprints: list[str]) -> None:
        """Note what an image is measured from; it is written together with its particles."""
        self.folder.summary["inputs"][name] = fingerprints

    def arrange(self, names: Sequence[str]) -> None:
        """Put the images into an order, as those of a run that was not interrupted are."""
        self.folder.arrange(names)

    def add(
        self,
        micrograph: "Micrograph",
        labels: npt.NDArray[Any],
        scores: Mapping[int, float] | None = None,
        finding: Mapping[str, Any] | None = None,
    ) -> "pd.DataFrame":
        """Measure and write the particles of one micrograph.

        Parameters
        ----------
        micrograph
            The image; its pixels must be square.
        labels
            (Y, X) ids, 0 = background.
        scores
            Score by id.
        finding
            Plain data on how the particles were found, kept with the image in the summary.

        Returns
        -------
        pandas.DataFrame
            Its particles, as returned by `measure_particles`.

        Raises
        ------
        UserError
            If labels and image differ in shape, two images have the same name, pixels are not square, or the disk is
            full.
        """
        size = micrograph.square_pixel_size_nm
        bare = Measured(micrograph.name, labels=labels, grey=micrograph.grey_or_nan, pixel_size_nm=size)
        return self._add(bare, scores, finding, micrograph.all_remarks)

    def add_labels(self, name: str, labels: npt.NDArray[Any], pixel_size_nm: float | None = None) -> "pd.DataFrame":
        """Measure and write particles without an image; otherwise like `add`."""
        return self._add(Measured(name, labels=labels, pixel_size_nm=pixel_size_nm))

    def _add(
        self,
        bare: Measured,
        scores: Mapping[int, float] | None = None,
        finding: Mapping[str, Any] | None = None,
        remarks: Sequence[str] = (),
    ) -> "pd.DataFrame":
        bare = replace(bare, name=claim_name(bare.name, self._names))
        measured = self.writer.measure(bare, scores)
        self.enter(self.writer.write(measured, finding, remarks))
        return measured.table

    def enter(self, written: Written) -> None:
        """Enter an image whose files are written into the tables and the summary.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        self.folder.add(written.name, written.table, written.entry, written.aggregates)

    def fail(self, name: str, error: UserError) -> None:
        """Record why an image could not be measured; the others continue."""
        self.folder.fail(name, printable(str(error)))

    def finish(self) -> Measurement:
        """Pool the images, apart from those in `not_pooled`, and mark the measurement as complete.

        Raises
        ------
        UserError
            If no image could be measured.
        """
        from particleforge.measurement.distribution import summarize
        from particleforge.measurement.grain_size.grain_size import of_fields
        from particleforge.measurement.many_rows import gather, read_used
        from particleforge.measurement.methods import methods
        from particleforge.measurement.nanomaterial import nano_share
        from particleforge.measurement.statistics.describe import describe
        from particleforge.measurement.statistics.sizes import Sizes
        from particleforge.measurement.uncertainty.assess import of_images

        writer, images, failed = self.writer, self.folder.images, self.folder.failed
        if failed and not images:
            raise none_done(failed, "measured")
        excluded = self.folder.not_pooled
        images = {name: entry for name, entry in images.items() if name not in excluded}
        aggregated = all("aggregation" in entry for entry in images.values())
        many = gather(self.folder)
        table = self.folder.pooled(read_used(many, writer.rules, aggregated) if many else self.folder.table())
        found = [entry["pixel_size_nm"] for entry in images.values() if entry["count"]]
        known = [size for size in found if size is not None]
        mixed = 0 < len(known) < len(found)
        one_size = not mixed and (not known or max(known) <= 1.001 * min(known))
        sampled = describe(Sizes.of(table[:0] if mixed else table, writer.rules), writer.precision)
        uncertainty = of_images(table, writer.rules, sampled, images, writer.calibration.pixel_size_uncertainty)
        description, nano = uncertainty.widened(sampled), nano_share(table, writer.precision, uncertainty.size_error)
        joined = None if mixed else self._aggregation(table)
        pooled = summarize(table, writer.rules, uncertainty) | {"aggregation": joined and joined.plain()}
        pooled["nanomaterial"] = nano and nano.plain()
        grains = [entry["grain_size"] for entry in images.values() if "grain_size" in entry]
        grain_size = of_fields(grains, writer.precision.confidence_percent) if grains else None
        pooled |= {} if grain_size is None else {"grain_size": grain_size}
        pooled["px"] = pooled["px"] if one_size else None
        pooled["nm"] = None if len(known) < len(found) else pooled["nm"]
        about = methods(table, writer.rules, uncertainty, self.folder.provenance, images, len(excluded))
        if writer.outputs.reports:
            size = known[0] if one_size and known else None
            together = Measured(
                self.out.name,
                table,
                pixel_size_nm=size,
                rules=writer.rules,
                aggregation=joined,
                methods=about,
                uncertainty=uncertainty,
                nano=nano,
                grain_size=grain_size,
            )
            self._overview(together, pooled, description)
        self.folder.finish(pooled, about)
        return Measurement(self.out, self.out / (ROWS if many else TABLE), self.folder.summary)

    def _aggregation(self, table: "pd.DataFrame") -> "Aggregation | None":
        """Single and aggregated particles of all images; None if that of some image is not known."""
        from particleforge.measurement.aggregation.degree import aggregation

        images = self.folder.images
        unknown = [name for name in table["image"].unique() if "aggregation" not in images[name]]
        if unknown or table["aggregate"].isna().any():
            return None
        joined = self.folder.pooled(self.folder.aggregates())
        return aggregation(table, joined, self.writer.rules, self.writer.precision)

    def _overview(self, together: Measured, pooled: Mapping[str, Any], description: "Description") -> None:
        """Write the report of all images together."""
        from particleforge.measurement.report.overview import write_overview

        folder = self.folder
        write_overview(
            self.out,
            together,
            folder.images,
            folder.failed,
            folder.left_out,
            provenance=folder.provenance,
            description=description,
        )
        write_json(self.out / "report.json", {**pooled, "distribution": description.plain()})
