"""What a person said of the particles that a model found: a table of label and verdict for each image."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError

CONFIRMED, REJECTED = "confirmed", "rejected"
COLUMNS = ("label", "verdict")
EXAMPLE = f"Its first line must be label,verdict, the others like 7,{CONFIRMED} or 12,{REJECTED}."


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Verdicts on the labels of an image; those without one may or may not be particles.

    Parameters
    ----------
    path
        The table.
    given
        Verdict by label.
    """

    path: Path
    given: dict[int, str]

    def ids(self, verdict: str) -> list[int]:
        """Labels with this verdict."""
        return [label for label, said in self.given.items() if said == verdict]

    def apply(self, labels: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
        """Return the labels of the confirmed particles only, and where there is surely no particle.

        Raises
        ------
        UserError
            If there is a verdict on a label that the image does not have.
        """
        missing = set(self.given) - set(np.unique(labels[labels > 0]).tolist())
        if missing:
            raise UserError(
                f"{self.path} has a verdict on label {min(missing)}, which the label image does not contain.",
                "Give the verdicts and the label image of the same run.",
            )
        confirmed = np.where(np.isin(labels, self.ids(CONFIRMED)), labels, np.uint32(0))
        return confirmed, np.isin(labels, self.ids(REJECTED))


def read_verdicts(path: Path) -> Verdicts:
    """Read a table of verdicts, NAME.csv.

    Raises
    ------
    UserError
        If it is not a table of labels and verdicts, or a label is in it twice.
    """
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read: {error}.", EXAMPLE) from error
    rows = [[cell.strip() for cell in row] for row in rows if row]
    if not rows or tuple(rows[0][:2]) != COLUMNS:
        raise UserError(f"{path} is not a table of verdicts.", EXAMPLE)
    given: dict[int, str] = {}
    for row in rows[1:]:
        if len(row) < 2 or not row[0].isdecimal() or row[1] not in (CONFIRMED, REJECTED):
            raise UserError(f"{path}: {','.join(row)!r} is not a label and a verdict.", EXAMPLE)
        if int(row[0]) in given:
            raise UserError(f"{path} has two verdicts on label {int(row[0])}.", "Remove one of them.")
        given[int(row[0])] = row[1]
    return Verdicts(path, given)
