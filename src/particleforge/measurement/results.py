"""Measures images one by one and writes tables, label images, a summary, figures and reports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from particleforge.errors import UserError, none_done, printable
from particleforge.measurement.changes import compare
from particleforge.measurement.measured import Measured
from particleforge.measurement.outputs import Outputs
from particleforge.measurement.results_folder import FIGURES, REPORTS, TABLE, ResultsFolder, write_json
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.uncertainty.pixel_size import Calibration
from particleforge.store.files import claim_name, new_part

if TYPE_CHECKING:
    import pandas as pd

    from particleforge.measurement.aggregation.degree import Aggregation
    from particleforge.measurement.nanomaterial import NanoShare
    from particleforge.measurement.statistics.describe import Description
    from particleforge.measurement.uncertainty.uncertainty import Uncertainty
    from particleforge.micrograph import Micrograph


@dataclass(frozen=True)
class Measurement:
    """Where a measurement was written.

    Parameters
    ----------
    out
        The folder.
    table
        Particle table of all images as CSV, columns as in `particleforge.measurement.columns.written`.
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
        self.out, self._rules, self._precision = out, rules, precision
        self._outputs, self._calibration = outputs, calibration
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
        return self.write(self.measure(bare, scores), finding, micrograph.all_remarks)

    def add_labels(self, name: str, labels: npt.NDArray[Any], pixel_size_nm: float | None = None) -> "pd.DataFrame":
        """Measure and write particles without an image; otherwise like `add`."""
        return self.write(self.measure(Measured(name, labels=labels, pixel_size_nm=pixel_size_nm)))

    def measure(self, bare: Measured, scores: Mapping[int, float] | None = None) -> Measured:
        """Fill in the table of an image, without writing anything.

        Raises
        ------
        UserError
            If labels and image differ in shape, or two images have the same name.
        """
        from particleforge.measurement.aggregation.degree import aggregation
        from particleforge.measurement.aggregation.table import measure_aggregates
        from particleforge.measurement.particles import measure_particles

        labels, grey = bare.labels, bare.grey
        if labels is None or not labels.size:
            raise UserError(f"{bare.name}: the label image is empty.")
        if grey is not None and grey.shape != labels.shape:
            raise UserError(
                f"{bare.name}: the labels have shape {labels.shape}, but the image has {grey.shape}.",
                "The shapes must be equal; was one of them resized or cropped?",
            )
        name = claim_name(bare.name, self._names)
        table = measure_particles(
            labels,
            image=name,
            pixel_size_nm=bare.pixel_size_nm,
            intensity=grey,
            scores=scores,
            rules=self._rules,
            rows=(rows := self._rules.rows(grey)),
        )
        table = table.assign(**bare.columns)
        aggregates = measure_aggregates(labels, table, rules=self._rules, rows=rows, pixel_size_nm=bare.pixel_size_nm)
        found = aggregation(table, aggregates, self._rules, self._precision)
        return replace(bare, name=name, table=table, rules=self._rules, rows=rows, aggregation=found)

    def write(
        self, measured: Measured, finding: Mapping[str, Any] | None = None, remarks: Sequence[str] = ()
    ) -> "pd.DataFrame":
        """Write the measurement of one image and return its table.

        Parameters
        ----------
        measured
            The image and its particles.
        finding
            Plain data on how the particles were found.
        remarks
            Sentences on the image that a person should know.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        from particleforge.measurement.distribution import summarize
        from particleforge.measurement.methods import methods
        from particleforge.measurement.statistics.describe import describe
        from particleforge.measurement.statistics.sizes import Sizes
        from particleforge.measurement.uncertainty.assess import of_image

        name, table, joined = measured.name, measured.table, measured.aggregation
        sampled = describe(Sizes.of(table, self._rules), self._precision)
        uncertainty = of_image(measured, sampled, finding or {}, self._calibration.pixel_size_uncertainty)
        description, nano = uncertainty.widened(sampled), self._nano(table, uncertainty)
        entry = {
            "pixel_size_nm": measured.pixel_size_nm,
            "rows": measured.rows and list(measured.rows),
            **summarize(table, self._rules, uncertainty),
            "nanomaterial": nano and nano.plain(),
            **({} if joined is None else {"aggregation": joined.plain()}),
            **(finding or {}),
            **({"remarks": list(remarks)} if remarks else {}),
        }
        about = methods(table, self._rules, uncertainty, self.folder.provenance, {name: entry})
        measured = replace(measured, methods=about, uncertainty=uncertainty, nano=nano)
        try:
            self._draw(measured)
            if self._outputs.reports:
                self._report(measured, finding or {}, entry, description)
        except BaseException:
            self.folder.remove_files(name)
            raise
        self.folder.add(name, table, entry, None if joined is None else joined.table)
        return table

    def _draw(self, measured: Measured) -> None:
        """Write the labels and a figure of them."""
        from particleforge.measurement.figures import particle_figure, save_figure
        from particleforge.measurement.lettering import letter

        name, labels = measured.name, measured.labels
        if labels is None:
            return
        self.folder.write_labels(name, labels, measured.pixel_size_nm)
        figure = particle_figure(
            measured.grey,
            labels,
            measured.table,
            name=name,
            pixel_size_nm=measured.pixel_size_nm,
            rules=self._rules,
            lines=measured.outlines,
        )
        letter(figure, self._outputs.figure_text_pt)
        folder = new_part(self.out, FIGURES)
        save_figure(figure, *(folder / f"{name}{suffix}" for suffix in self._outputs.figure_suffixes()))

    def _report(
        self, measured: Measured, finding: Mapping[str, Any], entry: Mapping[str, Any], description: "Description"
    ) -> None:
        """Write the report of one image, and its figures as JSON."""
        from particleforge.measurement.certainty import unsure
        from particleforge.measurement.report.warnings import remarks_on
        from particleforge.measurement.report.write import SUFFIXES, write_report

        name, sure = measured.name, entry.get("certainty")
        about = self.folder.provenance | {"image": name} | dict(finding)
        about |= {} if sure is None else {"certainty": round(sure, 2)}
        folder = new_part(self.out, REPORTS)
        paths = [folder / f"{name}{suffix}" for suffix in (SUFFIXES if self._outputs.image_pdfs else SUFFIXES[:1])]
        warnings = [*remarks_on({name: entry}), *unsure({name: entry})]
        write_report(paths, measured, provenance=about, description=description, warnings=warnings)
        write_json(folder / f"{name}.json", {**entry, "distribution": description.plain()})

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
        from particleforge.measurement.methods import methods
        from particleforge.measurement.statistics.describe import describe
        from particleforge.measurement.statistics.sizes import Sizes
        from particleforge.measurement.uncertainty.assess import of_images

        images, failed = self.folder.images, self.folder.failed
        if failed and not images:
            raise none_done(failed, "measured")
        excluded = self.folder.not_pooled
        images = {name: entry for name, entry in images.items() if name not in excluded}
        table = self.folder.pooled(self.folder.table())
        found = [entry["pixel_size_nm"] for entry in images.values() if entry["count"]]
        known = [size for size in found if size is not None]
        mixed = 0 < len(known) < len(found)
        one_size = not mixed and (not known or max(known) <= 1.001 * min(known))
        sampled = describe(Sizes.of(table[:0] if mixed else table, self._rules), self._precision)
        calibration = self._calibration.pixel_size_uncertainty
        uncertainty = of_images(table, self._rules, sampled, images, calibration)
        description, nano = uncertainty.widened(sampled), self._nano(table, uncertainty)
        joined = None if mixed else self._aggregation(table)
        pooled = summarize(table, self._rules, uncertainty) | {"aggregation": joined and joined.plain()}
        pooled["nanomaterial"] = nano and nano.plain()
        pooled["px"] = pooled["px"] if one_size else None
        pooled["nm"] = None if len(known) < len(found) else pooled["nm"]
        about = methods(table, self._rules, uncertainty, self.folder.provenance, images, len(excluded))
        if self._outputs.reports:
            size = known[0] if one_size and known else None
            together = Measured(
                self.out.name,
                table,
                pixel_size_nm=size,
                rules=self._rules,
                aggregation=joined,
                methods=about,
                uncertainty=uncertainty,
                nano=nano,
            )
            self._overview(together, pooled, description)
        self.folder.finish(pooled, about)
        return Measurement(self.out, self.out / TABLE, self.folder.summary)

    def _nano(self, table: "pd.DataFrame", uncertainty: "Uncertainty") -> "NanoShare | None":
        """Share of particles that count for the definition of a nanomaterial; None if it is not known."""
        from particleforge.measurement.nanomaterial import nano_share

        return nano_share(table, self._precision, uncertainty.factor * uncertainty.others["d50"])

    def _aggregation(self, table: "pd.DataFrame") -> "Aggregation | None":
        """Single and aggregated particles of all images; None if rows of an earlier version do not say."""
        from particleforge.measurement.aggregation.degree import aggregation

        if table["aggregate"].isna().any():
            return None
        return aggregation(table, self.folder.pooled(self.folder.aggregates()), self._rules, self._precision)

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
