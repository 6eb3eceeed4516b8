"""What a measurement leaves on disk: label images, particle tables, a summary, figures and reports."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from particleforge.errors import UserError
from particleforge.measurement.columns import written
from particleforge.measurement.distribution import summarize
from particleforge.measurement.figures import particle_figure, save_figure
from particleforge.measurement.measured import Measured
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.report.overview import write_overview
from particleforge.measurement.report.warnings import unsure
from particleforge.measurement.report.write import SUFFIXES, write_report
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.micrograph import Micrograph
from particleforge.store.files import atomic_write, claim_name, disk_errors, new_part
from particleforge.store.labels import write_labels
from particleforge.store.run_folder import claim

TABLE, PARQUET, SUMMARY = "particles.csv", "particles.parquet", "summary.json"


@dataclass(frozen=True)
class Measurement:
    """Where a measurement was written.

    Parameters
    ----------
    out
        The folder.
    table
        Particle table of all images as CSV, columns as in `written`.
    summary
        What ``summary.json`` holds; see `Results`.
    """

    out: Path
    table: Path
    summary: dict[str, Any]


class Results:
    """Writes a measurement image by image, so that an interrupted one leaves all it has and can be continued.

    The folder holds ``labels/NAME.tif``, ``figures/NAME.png``, ``particles.csv``, ``particles.parquet``; with reports
    ``report.html`` and ``report.pdf`` of all images together and ``reports/NAME.html, .pdf, .json``; and
    ``summary.json`` with

    ``provenance``
        `provenance` and the ``version`` of this package.
    ``complete``
        False until all images are measured.
    ``pooled``
        All particles as `summarize` gives them; None until complete. ``px`` is None where images differ in pixel size,
        ``nm`` where one of them is not known.
    ``images``
        By name: ``pixel_size_nm``, ``rows`` that show the specimen if not all do (see `Measured`), what `summarize`
        gives, and where a detector found the particles the ``working_scale`` at which it did and its ``certainty`` (see
        `Instances`).
    ``failed``
        By name: why an image could not be measured.

    Parameters
    ----------
    out
        A folder that is not there yet, or empty, or holds an interrupted measurement of the same provenance.
    provenance
        Plain data: the command, its parameters, what was measured with what.
    rules
        What counts.
    precision
        Of the intervals.
    reports
        Whether there are reports.

    Raises
    ------
    UserError
        If `out` holds something else or cannot be written.
    """

    def __init__(
        self,
        out: Path,
        provenance: Mapping[str, Any],
        rules: Rules = Rules(),
        precision: Precision = Precision(),
        reports: bool = False,
    ) -> None:
        claim(out, provenance)
        self.out, self._rules, self._precision = out, rules, precision
        self._labels, self._figures = new_part(out, "labels"), new_part(out, "figures")
        self._reports = new_part(out, "reports") if reports else None
        self._provenance = {"version": version("napari-particleforge"), **provenance}
        self._images: dict[str, dict[str, Any]] = {}
        self._failed: dict[str, str] = {}
        self._names: set[str] = set()
        self._continue()

    @property
    def measured(self) -> frozenset[str]:
        """Names of the images that are done."""
        return frozenset(self._images)

    def add(
        self,
        micrograph: Micrograph,
        labels: npt.NDArray[Any],
        scores: Mapping[int, float] | None = None,
        finding: Mapping[str, Any] | None = None,
    ) -> pd.DataFrame:
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
            Its particles, as `measure_particles` gives them.

        Raises
        ------
        UserError
            If labels and image differ in shape, two images have the same name, pixels are not square, or the disk is
            full.
        """
        bare = Measured(
            micrograph.name, pd.DataFrame(), labels, micrograph.grey_or_nan, micrograph.square_pixel_size_nm
        )
        return self.write(self.measure(bare, scores), finding)

    def add_labels(self, name: str, labels: npt.NDArray[Any], pixel_size_nm: float | None = None) -> pd.DataFrame:
        """Measure and write particles whose image is not there; otherwise as `add`."""
        return self.write(self.measure(Measured(name, pd.DataFrame(), labels, None, pixel_size_nm)))

    def measure(self, bare: Measured, scores: Mapping[int, float] | None = None) -> Measured:
        """Fill in the table of an image; nothing is written yet.

        Raises
        ------
        UserError
            If labels and image differ in shape, or two images have the same name.
        """
        labels, grey = bare.labels, bare.grey
        if labels is None or not labels.size:
            raise UserError(f"{bare.name}: the label image is empty.")
        if grey is not None and grey.shape != labels.shape:
            raise UserError(
                f"{bare.name}: the labels have shape {labels.shape}, the image {grey.shape}.",
                "They must be equal; was one of them resized or cropped?",
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
        return replace(bare, name=name, table=table, rules=self._rules, rows=rows)

    def write(self, measured: Measured, finding: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Write what was measured of one image and return its table.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        name, table, labels = measured.name, measured.table, measured.labels
        if labels is not None:
            write_labels(self._labels / f"{name}.tif", labels)
            figure = particle_figure(measured.grey, labels, table, name=name, pixel_size_nm=measured.pixel_size_nm)
            save_figure(figure, self._figures / f"{name}.png")
        description = describe(Sizes.of(table, self._rules), self._precision)
        entry = {
            "pixel_size_nm": measured.pixel_size_nm,
            "rows": measured.rows and list(measured.rows),
            **summarize(table, self._rules, description),
            **(finding or {}),
        }
        if self._reports is not None:
            sure = entry.get("certainty")
            about = self._provenance | {"image": name} | dict(finding or {})
            about |= {} if sure is None else {"certainty": round(sure, 2)}
            paths = [self._reports / f"{name}{suffix}" for suffix in SUFFIXES]
            write_report(paths, measured, provenance=about, description=description, warnings=unsure({name: sure}))
            _write_json(self._reports / f"{name}.json", entry | {"distribution": description.plain()})
        self._append(table)
        self._images[name] = entry
        self._failed.pop(name, None)
        self._write_summary(pooled=None)
        return table

    def fail(self, name: str, error: UserError) -> None:
        """Note why an image could not be measured; the others go on."""
        self._failed[name] = str(error)
        self._write_summary(pooled=None)

    def finish(self) -> Measurement:
        """Pool all images and mark the measurement as complete.

        Raises
        ------
        UserError
            If no image could be measured.
        """
        if self._failed and not self._images:
            name, reason = next(iter(self._failed.items()))
            raise UserError(f"None of {len(self._failed)} images could be measured; {name}: {reason}")
        table = self._table()
        with atomic_write(self.out / PARQUET) as temporary:
            table.to_parquet(temporary, index=False)
        found = [entry["pixel_size_nm"] for entry in self._images.values() if entry["count"]]
        known = [size for size in found if size is not None]
        mixed = 0 < len(known) < len(found)
        one_size = not mixed and (not known or max(known) <= 1.001 * min(known))
        poolable = one_size or not mixed
        description = describe(Sizes.of(table if poolable else table[:0], self._rules), self._precision)
        pooled = summarize(table, self._rules, description)
        pooled["px"] = pooled["px"] if one_size else None
        pooled["nm"] = None if len(known) < len(found) else pooled["nm"]
        if self._reports is not None:
            size = known[0] if one_size and known else None
            together = Measured(self.out.name, table, pixel_size_nm=size, rules=self._rules)
            write_overview(
                self.out, together, self._images, self._failed, provenance=self._provenance, description=description
            )
            _write_json(self.out / "report.json", pooled | {"distribution": description.plain()})
        return Measurement(self.out, self.out / TABLE, self._write_summary(pooled))

    def _continue(self) -> None:
        """Take up what an interrupted run has finished; rows of an image it was at are dropped."""
        if (self.out / SUMMARY).is_file():
            self._images = json.loads((self.out / SUMMARY).read_text(encoding="utf-8"))["images"]
            self._names = {name.casefold() for name in self._images}
        rows = self._table() if (self.out / TABLE).is_file() else pd.DataFrame(columns=written())
        kept = rows[rows["image"].isin(list(self._images))]
        with atomic_write(self.out / TABLE) as temporary:
            temporary.write_text(_csv(kept, header=True), encoding="utf-8", newline="")
        self._write_summary(pooled=None)

    def _table(self) -> pd.DataFrame:
        """Read the particles written so far: the same numbers whether or not a run was interrupted."""
        return read_table(self.out / TABLE)

    def _append(self, table: pd.DataFrame) -> None:
        path = self.out / TABLE
        with disk_errors(path), path.open("a", encoding="utf-8", newline="") as file:
            file.write(_csv(table, header=False))

    def _write_summary(self, pooled: dict[str, Any] | None) -> dict[str, Any]:
        summary = {
            "provenance": self._provenance,
            "complete": pooled is not None,
            "pooled": pooled,
            "images": self._images,
            "failed": self._failed,
        }
        _write_json(self.out / SUMMARY, summary)
        return summary


def read_table(path: Path) -> pd.DataFrame:
    """Read ``particles.csv``. Names and classes are text, an image may be called NA; only empty cells are missing."""
    text = {"image": str, "class": str}
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
    numbers = [name for name in table if name not in (*text, "label", "touches_border")]
    return table.astype(dict.fromkeys(numbers, float) | {"label": np.int64, "touches_border": bool})


def _csv(table: pd.DataFrame, header: bool) -> str:
    return table.reindex(columns=written()).to_csv(index=False, header=header, float_format="%.7g", lineterminator="\n")


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False), encoding="utf-8")
