"""Size distributions of several measurements beside each other."""

import json
from collections.abc import Sequence
from pathlib import Path

from particleforge.errors import UserError
from particleforge.measurement.report.comparison import write_comparison
from particleforge.measurement.results import SUMMARY, TABLE, read_table
from particleforge.measurement.rules import Rules
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
    rules = {folder.name: _rules(folder) for folder in results}
    first = rules[names[0]]
    for name, own in rules.items():
        if own != first:
            raise UserError(f"{name} was measured by other rules than {names[0]}.", "Measure both by the same rules.")
    samples = {folder.name: Sizes.of(read_table(folder / TABLE), first) for folder in results}
    about = {"command": "compare-sizes", "results": [str(folder) for folder in results]}
    return write_comparison(out, samples, rules=first.sentences(), provenance=about, precision=precision)


def _rules(folder: Path) -> Rules:
    if not (folder / SUMMARY).is_file():
        raise UserError(f"{folder} holds no results.", "Give folders that measure or sizes wrote.")
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    if not summary["complete"]:
        raise UserError(f"The measurement in {folder} is not complete.", "Its command continues it.")
    given = summary["provenance"]["params"]
    return Rules.parse({name: given[name] for name in Rules.model_fields if name in given})
