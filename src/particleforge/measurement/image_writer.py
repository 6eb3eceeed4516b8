"""Measures one image and writes what belongs to it alone: labels, figure and report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.errors import UserError
from particleforge.mask import WholeLabels
from particleforge.measurement.measured import Measured
from particleforge.measurement.outputs import Outputs
from particleforge.measurement.results_folder import FIGURES, LABELS, REPORTS, remove_files, write_json
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.uncertainty.pixel_size import Calibration
from particleforge.store.files import new_part
from particleforge.store.row_files import RowFiles

if TYPE_CHECKING:
    import pandas as pd

    from particleforge.measurement.statistics.describe import Description


@dataclass(frozen=True)
class Written:
    """What an image whose own files are written adds to the tables and the summary.

    Parameters
    ----------
    name
        Name of the image.
    table
        Its particles, as returned by `measure_particles`, or the files of its rows.
    entry
        Its entry in the summary.
    aggregates
        Its aggregates; None: not known.
    """

    name: str
    table: "pd.DataFrame | RowFiles"
    entry: Mapping[str, Any]
    aggregates: "pd.DataFrame | None" = None


@dataclass(frozen=True)
class ImageWriter:
    """Measures images and writes their files, in any process: it holds plain data only.

    Parameters
    ----------
    out
        A folder of results.
    provenance
        Plain data: the command, its parameters, the images and the model.
    rules
        Which particles count.
    precision
        Precision of the intervals.
    outputs
        Which reports and figures to write.
    calibration
        How well the pixel size is known.
    """

    out: Path
    provenance: Mapping[str, Any]
    rules: Rules
    precision: Precision
    outputs: Outputs
    calibration: Calibration

    def measure(
        self,
        bare: Measured,
        scores: Mapping[int, float] | None = None,
        classes: Mapping[int, tuple[str, float]] | None = None,
    ) -> Measured:
        """Fill in the table of an image, without writing anything.

        Parameters
        ----------
        bare
            Labels, image and pixel size.
        scores
            Score by label.
        classes
            Class and its probability by label; None: classes are those of the rule.

        Raises
        ------
        UserError
            If labels and image differ in shape.
        """
        from particleforge.measurement.aggregation.degree import aggregation
        from particleforge.measurement.aggregation.table import measure_aggregates
        from particleforge.measurement.given_classes import with_classes
        from particleforge.measurement.particles import measure_particles

        labels, grey = bare.labels, bare.grey
        if labels is None or not labels.size:
            raise UserError(f"{bare.name}: the label image is empty.")
        if grey is not None and grey.shape != labels.shape:
            raise UserError(
                f"{bare.name}: the labels have shape {labels.shape}, but the image has {grey.shape}.",
                "The shapes must be equal; was one of them resized or cropped?",
            )
        every = WholeLabels(labels, bare.whole)
        table = measure_particles(
            every,
            image=bare.name,
            pixel_size_nm=bare.pixel_size_nm,
            intensity=grey,
            scores=scores,
            rules=self.rules,
            rows=(rows := self.rules.rows(grey)),
        )
        table = table.assign(**bare.columns)
        aggregates = measure_aggregates(every, table, rules=self.rules, rows=rows, pixel_size_nm=bare.pixel_size_nm)
        found = aggregation(table, aggregates, self.rules, self.precision)
        table = table if classes is None else with_classes(table, classes)
        size = self._grain_size(bare, rows, classes) if self.outputs.grain_size else None
        return replace(bare, table=table, rules=self.rules, rows=rows, aggregation=found, grain_size=size)

    def _grain_size(
        self, bare: Measured, rows: tuple[int, int] | None, classes: Mapping[int, tuple[str, float]] | None
    ) -> Mapping[str, Any]:
        """ASTM grain size of the rows that show the specimen."""
        from particleforge.measurement.grain_size.grain_size import grain_size

        labels = np.asarray(bare.labels)[slice(*(rows or (None,)))]
        phases = None if classes is None else {label: name for label, (name, _) in classes.items()}
        return grain_size(labels, bare.pixel_size_nm, bare.name, phases, self.precision.confidence_percent)

    def write(
        self, measured: Measured, finding: Mapping[str, Any] | None = None, remarks: Sequence[str] = ()
    ) -> Written:
        """Write the files of one image.

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
        from particleforge.measurement.grain_size.grain_size import grain_remarks
        from particleforge.measurement.methods import methods
        from particleforge.measurement.nanomaterial import nano_share
        from particleforge.measurement.statistics.describe import describe
        from particleforge.measurement.statistics.sizes import Sizes
        from particleforge.measurement.uncertainty.assess import of_image

        name, table, joined = measured.name, measured.table, measured.aggregation
        remarks = [*remarks, *grain_remarks(measured.grain_size)]
        sampled = describe(Sizes.of(table, self.rules), self.precision)
        uncertainty = of_image(measured, sampled, finding or {}, self.calibration.pixel_size_uncertainty)
        nano = nano_share(table, self.precision, uncertainty.size_error)
        entry = {
            **measured.columns,
            "pixel_size_nm": measured.pixel_size_nm,
            "shape": measured.image_shape and list(measured.image_shape),
            "rows": measured.rows and list(measured.rows),
            **summarize(table, self.rules, uncertainty),
            "nanomaterial": nano and nano.plain(),
            **({} if joined is None else {"aggregation": joined.plain()}),
            **({} if measured.grain_size is None else {"grain_size": measured.grain_size}),
            **(finding or {}),
            **({"remarks": list(remarks)} if remarks else {}),
        }
        about = methods(table, self.rules, uncertainty, self.provenance, {name: entry})
        measured = replace(measured, methods=about, uncertainty=uncertainty, nano=nano)
        try:
            self._draw(measured)
            if self.outputs.reports:
                self._report(measured, finding or {}, entry, uncertainty.widened(sampled))
        except BaseException:
            remove_files(self.out, name)
            raise
        return Written(name, table, entry, None if joined is None else joined.table)

    def write_rows(
        self,
        bare: Measured,
        rows: RowFiles,
        finding: Mapping[str, Any] | None = None,
        remarks: Sequence[str] = (),
        aggregates: "pd.DataFrame | None" = None,
    ) -> Written:
        """Write the files of an image whose particles were measured tile by tile, and whose labels are stored already.

        Their number may be millions: only the columns that summary and report need are read. A measurement ends with
        `Results.enter` of what is returned, and `Results.finish`.

        Parameters
        ----------
        bare
            Its name, pixel size, shape and rows that show the specimen; no labels and no table.
        rows
            Its particles, in `ResultsFolder.rows`, in parts in the order of their labels.
        finding, remarks
            As for `write`.
        aggregates
            Its aggregates as `measure_aggregates` gives them; None: not known, even if particles have a column
            ``aggregate``.

        Raises
        ------
        UserError
            If a file is damaged, or the disk is full or not writable.

        Examples
        --------
        >>> rows = results.folder.rows("montage")  # doctest: +SKIP
        >>> for tile in tiles:  # in any process  # doctest: +SKIP
        ...     rows.write((0, *tile), measured(tile))
        >>> bare = Measured("montage", pixel_size_nm=0.5, shape=(20_000, 20_000))  # doctest: +SKIP
        >>> results.enter(results.writer.write_rows(bare, rows))  # doctest: +SKIP
        >>> results.finish()  # doctest: +SKIP
        """
        from particleforge.measurement.aggregation.degree import aggregation
        from particleforge.measurement.many_rows import read_used

        table = read_used([rows], self.rules, aggregates is not None)
        joined = None if aggregates is None else aggregation(table, aggregates, self.rules, self.precision)
        written = self.write(replace(bare, table=table, rules=self.rules, aggregation=joined), finding, remarks)
        return replace(written, table=rows)

    def _draw(self, measured: Measured) -> None:
        """Write the labels and a figure of them."""
        from particleforge.measurement.figures import particle_figure, save_figure
        from particleforge.measurement.lettering import letter
        from particleforge.store.labels import write_labels
        from particleforge.store.whole_masks import write_whole

        name, labels, size = measured.name, measured.labels, measured.pixel_size_nm
        if labels is None:
            return
        sides = None if size is None else (size, size)
        path = new_part(self.out, LABELS) / f"{name}.tif"
        write_labels(path, labels, pixel_size_nm=sides)
        write_whole(path, labels, measured.whole)
        figure = particle_figure(
            measured.grey,
            labels,
            measured.table,
            name=name,
            pixel_size_nm=size,
            rules=self.rules,
            lines=measured.outlines,
        )
        letter(figure, self.outputs.figure_text_pt)
        folder = new_part(self.out, FIGURES)
        save_figure(figure, *(folder / f"{name}{suffix}" for suffix in self.outputs.figure_suffixes()))

    def _report(
        self, measured: Measured, finding: Mapping[str, Any], entry: Mapping[str, Any], description: "Description"
    ) -> None:
        """Write the report of one image, and its figures as JSON."""
        from particleforge.measurement.certainty import unsure
        from particleforge.measurement.report.warnings import remarks_on
        from particleforge.measurement.report.write import SUFFIXES, write_report

        name, sure = measured.name, entry.get("certainty")
        about = {**self.provenance, "image": name, **finding}
        about |= {} if sure is None else {"certainty": round(sure, 2)}
        folder = new_part(self.out, REPORTS)
        paths = [folder / f"{name}{suffix}" for suffix in (SUFFIXES if self.outputs.image_pdfs else SUFFIXES[:1])]
        warnings = [*remarks_on({name: entry}), *unsure({name: entry})]
        write_report(paths, measured, provenance=about, description=description, warnings=warnings)
        write_json(folder / f"{name}.json", {**entry, "distribution": description.plain()})
