"""Compare the size distributions of several measurements."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.measurement.aggregation.degree import aggregation
from particleforge.measurement.pooling import not_pooled_sentence
from particleforge.measurement.report.comparison import deviation, write_comparison
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.compare import Comparison
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.measurement.uncertainty.several import Uncertainties
from particleforge.measurement.uncertainty.stored import StoredUncertainty
from particleforge.step import Progress, Step
from particleforge.verb import verb


def _report(found: Mapping[str, Comparison], args: Mapping[str, Any]) -> dict[str, Any]:
    lines = {
        name: f"Wasserstein {100 * one.wasserstein:.1f} %, p {one.p_value:.3g}, geometric mean "
        f"{deviation(one.geometric_mean_percent, one.geometric_mean_interval)}, count {one.count_percent:+.1f} %"
        for name, one in found.items()
    }
    return {"report": str(args["out"]), **lines, "comparisons": {name: asdict(one) for name, one in found.items()}}


@verb(_report)
def compare_sizes(
    reference: Path | str, results: Sequence[Path | str], out: Path | str, params: Precision = Precision()
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

    Returns
    -------
    dict
        Comparison by folder name.

    Raises
    ------
    UserError
        If a folder holds no complete results, two have the same name, their rules differ, or one has no particle.
    """
    given = [Path(folder) for folder in (reference, *results)]
    names = [folder.name for folder in given]
    if len(set(names)) < len(names):
        raise UserError(f"Two of the folders {', '.join(names)} have the same name.", "Rename one of the folders.")
    yield Progress(0, 1, "Comparing")
    folders = {folder.name: _complete(folder) for folder in given}
    rules = {name: folder.rules.replace(density_g_cm3=None) for name, folder in folders.items()}
    first = rules[names[0]]
    for name, own in rules.items():
        if own != first:
            raise UserError(
                f"{name} was measured with other rules than {names[0]}.", "Measure both with the same rules."
            )
    tables = {name: folder.pooled(folder.table()) for name, folder in folders.items()}
    samples = {name: Sizes.of(table, first) for name, table in tables.items()}
    joined = {
        name: aggregation(table, folders[name].pooled(folders[name].aggregates()), first, params)
        for name, table in tables.items()
        if "aggregate" in table and not table["aggregate"].isna().any()
    }
    about = {"command": "compare-sizes", "results": [str(folder) for folder in given]}
    stated = first.sentences() | _not_known([name for name in names if name not in joined])
    excluded = {f"{name}/{image}": why for name, folder in folders.items() for image, why in folder.not_pooled.items()}
    stated |= {"Images": not_pooled_sentence(excluded)} if excluded else {}
    return write_comparison(
        Path(out),
        samples,
        rules=stated,
        provenance=about,
        precision=params,
        aggregations=joined,
        uncertainties=_uncertainties(folders),
    )


def _uncertainties(folders: Mapping[str, ResultsFolder]) -> Uncertainties:
    """Read what is known of the uncertainty of each sample."""
    known = {name: StoredUncertainty.of(folder.summary["pooled"]) for name, folder in folders.items()}
    given = {
        name: folder.provenance.get("params", {}).get("pixel_size_uncertainty") for name, folder in folders.items()
    }
    sizes = {
        name: frozenset(entry["pixel_size_nm"] for entry in folder.images.values()) for name, folder in folders.items()
    }
    return Uncertainties(known, {name: (sizes[name], text) for name, text in given.items() if text is not None})


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
