"""Folders as in StarDist's example notebooks: ``train`` and ``test``, each with ``images`` and ``masks``."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from particleforge.sample import Sample
from particleforge.seeds import stream
from particleforge.step import Progress, Step, stepwise
from particleforge.store.exchange.pairs import read as read_pairs
from particleforge.store.exchange.pairs import write_pair
from particleforge.store.files import complete_folder, new_part

LAYOUT = "train/ and test/, each with images/ and masks/"
MARKS_UNKNOWN = False
TEST_FRACTION = 0.15
PARTS = ("train", "test")


@stepwise
def write(samples: Sequence[Sample], folder: Path, seed: int = 0) -> Step[Path]:
    """Write samples as a new folder with 15 % of them held out in ``test``, at least one if there are several.

    Parameters
    ----------
    samples
        Samples with different names.
    folder
        New folder.
    seed
        Seed of the split.

    Yields
    ------
    Progress
        Counted in samples.

    Returns
    -------
    The folder.

    Raises
    ------
    UserError
        If `folder` exists, two samples have the same name, a sample is annotated only in part, or the disk
        is full.
    """
    held_out = split(len(samples), seed)
    taken: set[str] = set()
    with complete_folder(folder) as whole:
        for part in PARTS:
            new_part(whole, f"{part}/images")
            new_part(whole, f"{part}/masks")
        for i, sample in enumerate(samples):
            write_pair(sample, whole / ("test" if i in held_out else "train"), taken)
            yield Progress(i + 1, len(samples), sample.name)
    return folder


def read(folder: Path, parts: Sequence[str] = PARTS) -> Iterator[Sample]:
    """Read the samples of ``train``, then of ``test``.

    Raises
    ------
    UserError
        As `particleforge.store.exchange.pairs.read`.
    """
    return chain.from_iterable([read_pairs(folder / part) for part in parts])


def recognises(folder: Path) -> bool:
    """Whether there are the two parts."""
    return all((folder / part / "images").is_dir() for part in PARTS)


def split(count: int, seed: int) -> set[int]:
    """Draw the indices of the held-out samples."""
    held_out = max(round(TEST_FRACTION * count), 1) if count > 1 else 0
    return set(stream(seed, "held-out").permutation(count)[:held_out].tolist())
