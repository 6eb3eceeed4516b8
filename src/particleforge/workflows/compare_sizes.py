"""Size distributions of several measurements beside each other."""

from collections.abc import Sequence
from pathlib import Path

from particleforge.errors import UserError
from particleforge.measurement.report.comparison import write_comparison
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.compare import Comparison
from particleforge.measurement.statistics.sizes import Sizes


def compare_sizes(results: Sequence[Path], out: Path, precision: Precision = Precision()) -> dict[str, Comparison]:
    """Compare measurements with the first of them; write a report.

    Parameters
    ----------
    results
        Folders that `measure` or `sizes` wrote, all by the same rules.
    out
        ``.html`` or ``.pdf``.
    precision
        Of intervals and regroupings.

    Returns
    -------
    dict
        Comparison by the name of the folder.

    Raises
    ------
    UserError
        If a folder holds no complete results, two have the same name, their rules differ, or one has no particle.
    """
    names = [folder.name for folder in results]
    if len(set(names)) < len(names):
        raise UserError(f"Two of {', '.join(names)} have the same name.", "Rename one of the folders.")
    folders = {folder.name: _complete(folder) for folder in results}
    first = folders[names[0]].rules
    for name, folder in folders.items():
        if folder.rules != first:
            raise UserError(f"{name} was measured by other rules than {names[0]}.", "Measure both by the same rules.")
    samples = {name: Sizes.of(folder.table(), first) for name, folder in folders.items()}
    about = {"command": "compare-sizes", "results": [str(folder) for folder in results]}
    return write_comparison(out, samples, rules=first.sentences(), provenance=about, precision=precision)


def _complete(folder: Path) -> ResultsFolder:
    found = ResultsFolder.open(folder)
    if not found.complete:
        raise UserError(f"The measurement in {folder} is not complete.", "Its command continues it.")
    return found
