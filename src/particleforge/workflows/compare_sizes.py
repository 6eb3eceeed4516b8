"""Compare the size distributions of several measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from particleforge.errors import UserError
from particleforge.measurement.aggregation.degree import aggregation
from particleforge.measurement.pooling import not_pooled_sentence
from particleforge.measurement.report.comparison import deviation, write_comparison
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.compare import Comparison
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.measurement.uncertainty.assess import of_images
from particleforge.measurement.uncertainty.several import Uncertainties
from particleforge.measurement.uncertainty.stored import StoredUncertainty
from particleforge.step import Progress, Step
from particleforge.verb import InPlace, verb
from particleforge.wording import plural

if TYPE_CHECKING:
    import pandas as pd

GROUP = "group"
"""Column of tables by which images can be compared."""


def _report(found: Mapping[str, Comparison], args: Mapping[str, Any]) -> dict[str, Any]:
    lines = {
        name: f"Wasserstein {100 * one.wasserstein:.1f} %, p {one.p_value:.3g}, geometric mean "
        f"{deviation(one.geometric_mean_percent, one.geometric_mean_interval)}, count {one.count_percent:+.1f} %"
        for name, one in found.items()
    }
    return {"report": str(args["out"]), **lines, "comparisons": {name: asdict(one) for name, one in found.items()}}


@verb(_report)
def compare_sizes(
    reference: Path | str,
    results: Annotated[Sequence[Path | str], InPlace()] = (),
    out: Path | str | None = None,
    params: Precision = Precision(),
    by: str = "",
) -> Step[dict[str, Comparison]]:
    """Compare measurements with a reference; write a report.

    Parameters
    ----------
    reference
        Folder of results with which the others are compared.
    results
        Folders written by measure or sizes, all with the same rules; densities may differ.
    out
        Report to write, .html or .pdf.
    params
        Precision of intervals and of permutation tests.
    by
        The word group: groups of images of a single folder of results are compared with the first of them.

    Returns
    -------
    dict
        Comparison by name of folder or group.

    Raises
    ------
    UserError
        If a folder holds no complete results, two have the same name, their rules differ, or one has no particle.
    """
    if out is None:
        raise UserError("The argument out is missing.", "Give the report to write, for example --out comparison.html.")
    yield Progress(0, 1, "Comparing")
    samples = _groups(Path(reference), results, by) if by else _folders([Path(one) for one in (reference, *results)])
    first = next(iter(samples.values())).rules
    for name, one in samples.items():
        if one.rules != first:
            raise UserError(
                f"{name} was measured with other rules than {next(iter(samples))}.", "Measure both with the same rules."
            )
    joined = {
        name: aggregation(one.table, one.aggregates, first, params)
        for name, one in samples.items()
        if one.aggregates is not None
    }
    about = {"command": "compare-sizes", "results": [str(folder) for folder in (reference, *results)]}
    stated = first.sentences() | _not_known([name for name in samples if name not in joined])
    excluded = {image: why for one in samples.values() for image, why in one.not_pooled.items()}
    stated |= {"Images": not_pooled_sentence(excluded)} if excluded else {}
    return write_comparison(
        Path(out),
        {name: Sizes.of(one.table, first) for name, one in samples.items()},
        rules=stated,
        provenance=about | ({"by": by} if by else {}),
        precision=params,
        aggregations=joined,
        uncertainties=Uncertainties(
            {name: one.uncertainty for name, one in samples.items()},
            {name: (one.scales, one.calibration) for name, one in samples.items() if one.calibration is not None},
        ),
    )


@dataclass(frozen=True, eq=False)
class _Compared:
    """Images that are compared with others.

    Parameters
    ----------
    rules
        With which they were measured, apart from densities.
    table
        The particles of those that are pooled.
    aggregates
        Their aggregates; None in results of earlier versions.
    uncertainty
        What is known of it apart from sampling.
    scales
        Their pixel sizes.
    calibration
        Uncertainty of the pixel sizes as text; None if it is not known.
    not_pooled
        Why images are not pooled, by name.
    """

    rules: Rules
    table: pd.DataFrame
    aggregates: pd.DataFrame | None
    uncertainty: StoredUncertainty
    scales: frozenset[float]
    calibration: str | None
    not_pooled: Mapping[str, str]


def _folders(given: Sequence[Path]) -> dict[str, _Compared]:
    """Results to compare, by the names of their folders."""
    names = [folder.name for folder in given]
    if len(set(names)) < len(names):
        raise UserError(f"Two of the folders {', '.join(names)} have the same name.", "Rename one of the folders.")
    return {folder.name: _of_folder(_complete(folder), f"{folder.name}/") for folder in given}


def _of_folder(folder: ResultsFolder, prefix: str) -> _Compared:
    table = folder.pooled(folder.table())
    known = "aggregate" in table and not table["aggregate"].isna().any()
    return _Compared(
        folder.rules.replace(density_g_cm3=None),
        table,
        folder.pooled(folder.aggregates()) if known else None,
        StoredUncertainty.of(folder.summary["pooled"]),
        frozenset(entry["pixel_size_nm"] for entry in folder.images.values()),
        folder.provenance.get("params", {}).get("pixel_size_uncertainty"),
        {f"{prefix}{image}": why for image, why in folder.not_pooled.items()},
    )


def _groups(path: Path, others: Sequence[Path | str], by: str) -> dict[str, _Compared]:
    """Put the images of one folder of results into groups, in the order of their first images."""
    if by != GROUP:
        raise UserError(f"Results cannot be compared by {by!r}.", f"Compare them by {GROUP!r}.")
    if others:
        raise UserError("Groups are compared within one folder of results.", "Give a single folder, or leave out by.")
    folder = _complete(path)
    table, whole = folder.table(), _of_folder(folder, "")
    members: dict[str, list[str]] = {}
    if GROUP in table:
        for image, group in table.groupby("image", sort=False)[GROUP].first().dropna().items():
            members.setdefault(str(group), []).append(str(image))
    if len(members) < 2:
        raise UserError(
            f"The images in {path} are of {plural(len(members), GROUP)}; a comparison needs at least two.",
            "Put the images of the project into groups, then measure it again.",
        )
    return {name: _of_group(folder, whole, images) for name, images in members.items()}


def _of_group(folder: ResultsFolder, whole: _Compared, images: Sequence[str]) -> _Compared:
    """Take some images of results, with the uncertainty they would have as results of their own."""
    entries = {name: folder.images[name] for name in images}
    pooled = {name: entry for name, entry in entries.items() if name not in folder.not_pooled}
    table, joined = whole.table, whole.aggregates
    table = table[table["image"].isin(list(pooled))].reset_index(drop=True)
    precision = Precision.parse(folder.provenance.get("params", {}).get("precision", {}))
    sampled = describe(Sizes.of(table, folder.rules), precision)
    found = of_images(table, folder.rules, sampled, pooled, whole.calibration)
    return replace(
        whole,
        table=table,
        aggregates=None if joined is None else joined[joined["image"].isin(list(pooled))].reset_index(drop=True),
        uncertainty=StoredUncertainty.of({"uncertainty": found.plain()}),
        scales=frozenset(entry["pixel_size_nm"] for entry in entries.values()),
        not_pooled={image: why for image, why in folder.not_pooled.items() if image in entries},
    )


def _not_known(names: Sequence[str]) -> dict[str, str]:
    """State whose aggregates are not known."""
    if not names:
        return {}
    return {"Aggregates": f"not known for {', '.join(names)}, of an earlier version; measure again to know them"}


def _complete(folder: Path) -> ResultsFolder:
    found = ResultsFolder.open(folder)
    if not found.complete:
        raise UserError(f"The measurement in {folder} is not complete.", "Run its command again to continue it.")
    return found
