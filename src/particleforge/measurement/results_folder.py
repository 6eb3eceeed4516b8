"""A folder of results: the one place that knows its files."""

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.measurement.aggregation.table import aggregate_names, arranged_aggregates
from particleforge.measurement.followed_files import AGAIN, forget_movies, write_followed
from particleforge.measurement.pooling import not_pooled
from particleforge.measurement.rules import Rules
from particleforge.measurement.summary_file import SUMMARY, enter_outcome, read_summary
from particleforge.measurement.table_file import TableFile, read_table
from particleforge.store.files import atomic_write
from particleforge.store.journal import Journal
from particleforge.store.row_files import RowFiles, read_all
from particleforge.store.run_folder import claim
from particleforge.store.whole_masks import whole_file
from particleforge.wording import named

if TYPE_CHECKING:
    import pandas as pd

TABLE, PARQUET, AGGREGATES = "particles.csv", "particles.parquet", "aggregates.csv"
LABELS, FIGURES, REPORTS, ROWS = "labels", "figures", "reports", "rows"
PARTICLES = "particles"
"""Name of the label image of a large image in its OME-Zarr."""
MOST_IN_CSV = 1_000_000
"""An image with more particles has its rows in files of its own; see `ResultsFolder`."""
_SHARE = 20
"""A running measurement writes its summary again when one image in twenty is new; the journal has those in between."""


class ResultsFolder:
    """Reads and writes the files of a measurement.

    They are ``particles.csv``, ``aggregates.csv``, ``summary.json``, and ``labels/NAME.tif`` or, of images that were
    searched in tiles, the label image ``particles`` of ``labels/NAME.zarr``. If an image has more than a million
    particles, there is no ``particles.csv`` in the end: the particles of all images are in ``rows/NAME``, as Parquet
    files that ``pandas.read_parquet`` reads as one table. `open` one to read it,
    `begin` one to write it image by image, with the folder locked (`particleforge.store.run_folder.locked`);
    `particleforge.measurement.changes` compares the inputs with those of an interrupted run. Unknown columns of the
    tables and entries of the summary are kept. While a measurement of many images runs, entries of the latest ones are
    in the journal of the summary only (`particleforge.store.journal`).

    The summary holds

    ``provenance``
        What was measured, with which parameters, and the ``version`` of this package.
    ``complete``
        False until all images are measured.
    ``pooled``
        Result of `summarize` for the particles of all pooled images; None until complete.
    ``methods``
        How it was measured, as a paragraph for a paper; once complete.
    ``images``
        Entry of each image, by name.
    ``not_pooled``
        Reason why an image is not among the pooled ones, by name.
    ``failed``
        Reason why an image could not be measured, by name.
    ``left_out``
        What was skipped in the folders of images: number of files by suffix, and of ``subfolders``.
    ``inputs``
        Fingerprints of what each image was measured from, by its name; None for one that was not reached.
    ``remarks``
        Sentences on the images, and on what has changed since an interrupted or earlier run.
    ``movies``
        What is known of each movie whose particles were followed, by its name; not there if none were.

    Parameters
    ----------
    path
        The folder.
    summary
        Contents of its ``summary.json``.

    Examples
    --------
    >>> from particleforge.measurement.results_folder import ResultsFolder
    >>> results = ResultsFolder.open("spheres-results")  # doctest: +SKIP
    >>> results.table()["ecd_nm"].median(), results.labels(results.names[0]).shape  # doctest: +SKIP
    """

    def __init__(self, path: Path, summary: dict[str, Any]) -> None:
        self.path, self.summary = path, summary
        self._journal, self._added, self._held = Journal(path / SUMMARY), 0, 0
        self._rows = TableFile(path / TABLE)
        self._aggregates = TableFile(path / AGGREGATES, aggregate_names, arranged_aggregates)

    @classmethod
    def open(cls, path: Path | str) -> "ResultsFolder":
        """Open results for reading, including those of an incomplete run.

        Raises
        ------
        UserError
            If the folder holds no results, or its summary is damaged.
        """
        folder = Path(path)
        if not (folder / SUMMARY).is_file() or not ((folder / TABLE).is_file() or (folder / ROWS).is_dir()):
            raise UserError(f"{folder} holds no results.", "Give a folder written by measure or sizes.")
        return cls(folder, read_summary(folder))

    @classmethod
    def begin(
        cls, path: Path, provenance: Mapping[str, Any], left_out: Mapping[str, int] = MappingProxyType({})
    ) -> "ResultsFolder":
        """Create a folder of results, or continue an interrupted one: complete images are kept with their rows.

        Parameters
        ----------
        path
            A folder that does not exist yet, is empty, or holds a run of the same provenance.
        provenance
            Plain data: the command, its parameters, the images and the model.
        left_out
            What was skipped in the folders of images.

        Raises
        ------
        UserError
            If the folder holds something else or is not writable.
        """
        claim(path, provenance)
        before = read_summary(path) if (path / SUMMARY).is_file() else {}
        known = {
            "provenance": before.get("provenance", {}) | {"version": version("napari-particleforge"), **provenance},
            "complete": False,
            "pooled": None,
            "images": before.get("images", {}),
            "failed": {},
            "left_out": dict(left_out),
            "inputs": before.get("inputs", {}),
            "remarks": [],
        }
        results = cls(path, before | known)
        whole = results._whole()
        lost = [name for name in results.images if name not in whole]
        results.drop(lost)
        if lost:
            results.remark(f"{TABLE} or {AGGREGATES} lacked rows of {named(lost)}, to be measured again.")
        return results

    def _whole(self) -> set[str]:
        """Names of the images all of whose rows are there."""
        rows, joined = self._rows.counts(), self._aggregates.counts()
        return {
            name
            for name, entry in self.images.items()
            if (rows[name] or len(self.rows(name))) == entry.get("count", rows[name])
            and joined[name] == entry.get("aggregation", {}).get("aggregates_found", joined[name])
        }

    @property
    def provenance(self) -> dict[str, Any]:
        """What was measured, and how."""
        return dict(self.summary["provenance"])

    @property
    def rules(self) -> Rules:
        """Return the rules with which the results were made."""
        given = self.provenance.get("params", {})
        return Rules.parse({name: given[name] for name in Rules.model_fields if name in given})

    @property
    def complete(self) -> bool:
        """Whether all images were measured."""
        return bool(self.summary["complete"])

    @property
    def images(self) -> dict[str, dict[str, Any]]:
        """Entry of each measured image in the summary, by name."""
        return dict(self.summary["images"])

    @property
    def names(self) -> list[str]:
        """Names of the images that were measured."""
        return list(self.images)

    @property
    def failed(self) -> dict[str, str]:
        """Reasons why images could not be measured, by name."""
        return dict(self.summary["failed"])

    @property
    def not_pooled(self) -> dict[str, str]:
        """Reasons why images are not pooled, by name."""
        return not_pooled(self.images, self.rules)

    def pooled(self, table: "pd.DataFrame") -> "pd.DataFrame":
        """Return the rows of a table of particles or aggregates whose images are pooled."""
        return table[~table["image"].isin(list(self.not_pooled))] if self.not_pooled else table

    @property
    def left_out(self) -> dict[str, int]:
        """What was skipped in the folders of images; empty in results of earlier versions."""
        return dict(self.summary.get("left_out", {}))

    def rows(self, name: str) -> RowFiles:
        """Files for the particles of an image that is measured part by part; see `ImageWriter.write_rows`."""
        return RowFiles(self.path / ROWS / name)

    @property
    def many(self) -> list[RowFiles]:
        """Particles of the images whose rows are in files of their own."""
        return [rows for name in self.names if (rows := self.rows(name)).folder.is_dir()]

    def table(self) -> "pd.DataFrame":
        """Read the particles of all images."""
        if not (many := self.many):
            return read_table(self.path / TABLE)
        import pandas as pd

        rest = [read_table(self.path / TABLE)] if (self.path / TABLE).is_file() else []
        return pd.concat([*(one for one in rest if len(one)), read_all(many)], ignore_index=True)

    def aggregates(self) -> "pd.DataFrame":
        """Read the aggregates of all images.

        Raises
        ------
        UserError
            If there are none, as in results of earlier versions.
        """
        if not (self.path / AGGREGATES).is_file():
            raise UserError(f"{self.path} holds no {AGGREGATES}.", "Repeat the measurement with this version.")
        return read_table(self.path / AGGREGATES)

    def labels(self, name: str) -> npt.NDArray[Any]:
        """Read the (Y, X) label image of an image, all at once.

        Raises
        ------
        UserError
            If it does not exist or cannot be read.
        """
        from particleforge.store.label_image import LABELS as GROUP
        from particleforge.store.label_image import LabelImage
        from particleforge.store.labels import read_labels

        store = label_store(self.path, name)
        if not store.is_dir():
            return read_labels(store.with_suffix(".tif"))
        labels = LabelImage(store / GROUP / PARTICLES)
        return labels.read(tuple(slice(0, length) for length in labels.layout.shape))

    def add(
        self,
        name: str,
        table: "pd.DataFrame | RowFiles",
        entry: Mapping[str, Any],
        aggregates: "pd.DataFrame | None" = None,
    ) -> None:
        """Add the particles and aggregates of an image and its entry in the summary; the image is complete then.

        Too many rows for the table of all images are put into files of their own; fewer rows in files are moved into
        the table.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        if aggregates is not None:
            self._aggregates.append(aggregates)
        few = len(table) <= MOST_IN_CSV
        if few:
            for part in table.batches() if isinstance(table, RowFiles) else [table]:
                self._rows.append(part)
        elif not isinstance(table, RowFiles):
            for start in range(0, len(table), MOST_IN_CSV):
                self.rows(name).write((start // MOST_IN_CSV,), table.iloc[start : start + MOST_IN_CSV])
        self._note({"name": name, "entry": dict(entry), "inputs": self.summary.get("inputs", {}).get(name)})
        if few and isinstance(table, RowFiles):
            shutil.rmtree(table.folder)

    def drop(self, names: Collection[str]) -> None:
        """Remove images with all that was written of them.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        for name in names:
            forget_movies(self.path, self.summary)
            remove_files(self.path, name)
            shutil.rmtree(label_store(self.path, name), ignore_errors=True)
            self.summary["images"].pop(name)
        for file in (self._rows, self._aggregates):
            file.keep(list(self.images))
        self._reopen()

    def arrange(self, names: Sequence[str]) -> None:
        """Put images and their rows into an order.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        images, failed = self.images, self.failed
        self.summary["failed"] = {name: failed[name] for name in names if name in failed}
        order = [name for name in names if name in images]
        if order != list(images):
            self.summary["images"] = {name: images[name] for name in order}
            for file in (self._rows, self._aggregates):
                file.keep(order)
            self._write_summary()

    def remark(self, text: str) -> None:
        """Add a remark unless it is there."""
        if text not in self.summary["remarks"]:
            self.summary["remarks"].append(text)

    def fail(self, name: str, reason: str) -> None:
        """Record why an image could not be measured."""
        self._note({"name": name, "reason": reason, "inputs": self.summary.get("inputs", {}).get(name)})

    def finish(self, pooled: Mapping[str, Any], methods: str = "") -> None:
        """Write the table also as Parquet, and mark the results as complete.

        Parameters
        ----------
        pooled
            Result of `summarize` for the particles of all pooled images.
        methods
            How they were measured, as a paragraph.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        if not self.many:
            with atomic_write(self.path / PARQUET) as temporary:
                self.table().to_parquet(temporary, index=False)
        self.summary |= {"complete": True, "pooled": dict(pooled), "not_pooled": self.not_pooled, "methods": methods}
        self._write_summary()

    def follow(self, table: "pd.DataFrame", movies: Mapping[str, Any]) -> None:
        """Write the particles again with their tracks, and what is known of the movies."""
        write_followed(self.path / TABLE, self.path / PARQUET, table)
        self.summary |= {"movies": dict(movies), "remarks": [one for one in self.summary["remarks"] if one != AGAIN]}
        self._write_summary()

    def _reopen(self) -> None:
        self.summary |= {"complete": False, "pooled": None}
        self._write_summary()

    def _note(self, line: Mapping[str, Any]) -> None:
        """Note the outcome of an image, in the journal where the summary has become long."""
        forget_movies(self.path, self.summary)
        enter_outcome(self.summary, line)
        self._added += 1
        if self._added * _SHARE > self._held:
            self._reopen()
        else:
            self._journal.add(line)

    def _write_summary(self) -> None:
        write_json(self.path / SUMMARY, self.summary)
        self._journal.clear()
        self._added, self._held = 0, len(self.summary["images"]) + len(self.summary["failed"])


def label_store(folder: Path, name: str) -> Path:
    """Path of the OME-Zarr that holds the labels of a large image in a folder of results."""
    return folder / LABELS / f"{name}.zarr"


def remove_files(folder: Path, name: str) -> None:
    """Remove what was written of an image into a folder of results, apart from its rows."""
    from particleforge.measurement.report.write import SUFFIXES

    labels = Path(LABELS, f"{name}.tif")
    own = [labels, whole_file(labels), *(Path(FIGURES, f"{name}{suffix}") for suffix in (".png", ".svg", ".pdf"))]
    for path in (*own, *(Path(REPORTS, f"{name}{suffix}") for suffix in (*SUFFIXES, ".json"))):
        (folder / path).unlink(missing_ok=True)
    shutil.rmtree(folder / ROWS / name, ignore_errors=True)


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write plain data as JSON, completely or not at all.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False), encoding="utf-8")
