"""Aggregates as files for other programs: points as XYZ or CSV, surfaces as STL or PLY."""

from collections.abc import Iterable
from pathlib import Path

from particleforge.errors import UserError
from particleforge.recipes.aggregate.descriptors import read_truth
from particleforge.recipes.aggregate.writers import WRITERS
from particleforge.sample import Sample
from particleforge.step import Progress, Step, stepwise
from particleforge.store.exchange.pairs import total_of
from particleforge.store.files import atomic_write, claim_name, complete_folder


@stepwise
def export_aggregates(samples: Iterable[Sample], folder: Path, suffix: str = "xyz") -> Step[Path]:
    """Write the aggregate of every sample into a new folder; lengths are in nm.

    Parameters
    ----------
    samples
        Drawn from a recipe of kind aggregate.
    folder
        New folder.
    suffix
        One of `WRITERS`.

    Returns
    -------
    The folder.

    Raises
    ------
    UserError
        If there is no such format, `folder` exists, or a sample contains no aggregate.
    """
    writer = WRITERS.get(suffix)
    taken: set[str] = set()
    with complete_folder(folder) as part:
        for done, sample in enumerate(samples, 1):
            if sample.truth is None or not {"x_nm", "z_nm", "diameter_nm", "material", "cluster"} <= set(sample.truth):
                raise UserError(
                    f"{sample.name} contains no aggregate.", "Use samples drawn from a recipe of kind aggregate."
                )
            with atomic_write(part / f"{claim_name(sample.name, taken)}.{suffix}") as path:
                writer.write(path, *read_truth(sample.truth))
            yield Progress(done, total_of(samples, done), sample.name)
    return folder
