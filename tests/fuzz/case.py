"""What a generator of inputs gives, and what may be expected of an outcome."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fuzz.serve import Outcome


@dataclass(frozen=True)
class Case:
    """A command on an input, and a judgement: what is wrong with the outcome, or nothing."""

    about: str
    words: list[str]
    judge: Callable[[Outcome, Path], str] = lambda outcome, folder: ""


@dataclass(frozen=True)
class Workshop:
    """What the generators start from, made once."""

    picture: np.ndarray
    """(Y, X) uint8, bright particles on a dark ground."""
    labels: np.ndarray
    """(Y, X) uint16 of the same particles."""
    dataset: Path
    """A drawn dataset."""
    model: Path
    """Folder of a small detector."""
    results: Path
    """Results of measuring `picture.tif` in `results`' parent by thresholds."""
    count: int
    mean_px: float
    """Geometric mean of the particles in `picture`, as `measure threshold` finds it."""


MEASURE = ["measure", "threshold", "INPUT", "--out", "out", "--no-reports", "--border", "{kind: keep_all}"]
SIZES = ["sizes", "INPUT", "--out", "out", "--no-reports", "--border", "{kind: keep_all}"]


def on(words: list[str], *inputs: str) -> list[str]:
    """Words with the inputs in the place of INPUT."""
    at = words.index("INPUT")
    return [*words[:at], *inputs, *words[at + 1 :]]


def summary(folder: Path) -> dict[str, Any]:
    """Summary of the results in `out`."""
    return json.loads((folder / "out" / "summary.json").read_text())  # type: ignore[no-any-return]


def has_spoken(outcome: Outcome, folder: Path) -> bool:
    """Whether anything at all was reported beside the figures."""
    if outcome.code:
        return True
    found = summary(folder)
    of_images = any(image.get("remarks") for image in found["images"].values())
    return bool(found["failed"] or found["left_out"] or found["remarks"] or of_images)


def figures(folder: Path, unit: str = "nm") -> tuple[int, float]:
    """Number of particles and their geometric mean; NaN where there is none in that unit."""
    pooled = summary(folder)["pooled"] or {}
    return pooled.get("count", 0), (pooled.get(unit) or {}).get("geometric_mean") or math.nan


def differs(folder: Path, count: int, mean: float, unit: str = "nm", tolerance: float = 0.002) -> str:
    """How the figures differ from the true ones; empty if they do not."""
    found = figures(folder, unit)
    same = found[0] == count and math.isclose(found[1], mean, rel_tol=tolerance)
    return "" if same else f"{found[0]} particles of {found[1]:.6g} {unit} for {count} of {mean:.6g} {unit}"


def right_or_said(count: int, mean: float, unit: str = "nm") -> Callable[[Outcome, Path], str]:
    """The true figures, or a word: what damage must lead to."""

    def judge(outcome: Outcome, folder: Path) -> str:
        if has_spoken(outcome, folder):
            return ""
        wrong = differs(folder, count, mean, unit)
        return f"silent difference: {wrong}" if wrong else ""

    return judge


def right(count: int, mean: float, unit: str = "nm") -> Callable[[Outcome, Path], str]:
    """The true figures: what a sound input must lead to."""

    def judge(outcome: Outcome, folder: Path) -> str:
        if outcome.code:
            return f"a sound input was refused: {outcome.err}"
        return differs(folder, count, mean, unit)

    return judge
