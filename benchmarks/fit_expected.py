"""Fit what the bundled detector expects of its detections, on annotated images that it has measured.

``python benchmarks/fit_expected.py RESULTS=SET [RESULTS=SET ...]``, where RESULTS is what ``particleforge measure base
SET/images --no-reports --out RESULTS`` wrote, and SET is as for ``worst_images.py``; where only boxes are known, only
the F1 is used. Prints the ``expected`` part of ``particleforge.yaml``, which F1 came with which expected one, and how
often intervals hold.

The F1 is fitted by logistic regression, the errors of sizes by Student's t with 4 degrees of freedom, whose scale is
then chosen so that intervals of twice the standard deviation, together with sampling, hold in `HELD` of the images.
Images of small sets weigh up to four times as much. Expected values are cross-validated in ten parts.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, logit
from worst_images import judge

from particleforge.measurement.particles import measure_particles
from particleforge.measurement.statistics.density import Smoother
from particleforge.measurement.statistics.figures import NAMES, size_figures
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.store.labels import read_labels

SIGNALS = ("agreement", "kept", "mean_probability")
HELD = {"geometric_mean": 0.95, "gsd": 0.93, "d10": 0.93, "d50": 0.94, "d90": 0.93, "count": 0.95}
PARTS = 10
FREEDOM = 4

Floats = np.ndarray[Any, np.dtype[np.float64]]


def figures_of(table: pd.DataFrame) -> dict[str, float]:
    """Figures by number, in pixels, and the count."""
    sizes = Sizes.of(table, unit="px")
    values = size_figures(sizes, Smoother.of(sizes)) if len(sizes) else np.full(len(NAMES), np.nan)
    found = {name: float(value) for (group, name), value in zip(NAMES, values, strict=True) if group == "number"}
    return {name: found.get(name, np.nan) for name in HELD} | {"count": float(len(table))}


def rows_of(results: Path, data: Path) -> list[dict[str, float]]:
    """Compare what was found in each image with what is true."""
    rows = []
    for name, entry in json.loads((results / "summary.json").read_text())["images"].items():
        found, true = read_labels(results / "labels" / f"{name}.tif"), data / "labels" / f"{name}.png"
        if not found.any():
            continue
        parts = {name: one["components"].get("sampling", {}) for name, one in entry["uncertainty"]["figures"].items()}
        row = {name: entry[name] for name in SIGNALS} | {"f1": judge(data, name, found, None).score.f1}
        row |= {f"sampling {name}": (parts[name].get("standard_percent") or 0) / 100 for name in HELD}
        row |= {"count found": float(entry["count"])} | dict.fromkeys(HELD, np.nan)
        if true.is_file():
            field = entry["rows"] and tuple(entry["rows"])
            ours, theirs = (figures_of(measure_particles(one, rows=field)) for one in (found, read_labels(true)))
            row |= {name: np.log(theirs[name] / ours[name]) for name in HELD}
        rows.append(row)
    return rows


def minimum(loss: Callable[[Floats], float], start: list[float]) -> Floats:
    """Parameters with the smallest loss."""
    options = {"maxiter": 10_000, "xatol": 1e-4, "fatol": 1e-6}
    return np.asarray(minimize(loss, np.array(start), method="Nelder-Mead", options=options).x)


def fit_f1(table: pd.DataFrame) -> Floats:
    """Intercept and weights of the signals."""
    signals, f1 = table[list(SIGNALS)].to_numpy(), table["f1"].clip(0.02, 0.98).to_numpy()
    middle, spread = signals.mean(0), signals.std(0)
    known = np.column_stack([np.ones(len(table)), (signals - middle) / spread])

    def loss(weights: Floats) -> float:
        at = known @ weights
        fit = np.average(np.logaddexp(0, at) - f1 * at, weights=table["weight"])
        return float(fit + 0.01 * (weights[1:] ** 2).sum())

    weights = minimum(loss, [0.0] * known.shape[1])
    slopes = weights[1:] / spread
    return np.concatenate([[weights[0] - slopes @ middle], slopes])


def expected(weights: Floats, table: pd.DataFrame) -> Floats:
    """Logit of the expected F1."""
    at = weights[0] + table[list(SIGNALS)].to_numpy() @ weights[1:]
    return np.asarray(logit(np.clip(expit(at), 0.01, 0.99)))


def fit_error(table: pd.DataFrame, name: str, at: Floats) -> tuple[Floats, Floats, Floats]:
    """Parameters of the error of a figure, which images it could be computed of, and which intervals hold."""
    known = (np.isfinite(table[name]) & (table["count found"] > 1)).to_numpy()
    error, weight = table[name].to_numpy()[known], table["weight"].to_numpy()[known]
    terms = np.column_stack([np.ones(known.sum()), at[known], np.log(table["count found"].to_numpy()[known])])

    def loss(by: Floats) -> float:
        scale = np.exp(terms @ by)
        tail = np.log(scale) + (FREEDOM + 1) / 2 * np.log1p((error / scale) ** 2 / FREEDOM)
        return float((weight * tail).sum() + 2 * (by[1:] ** 2).sum())

    by, sampling = minimum(loss, [-3.0, -0.3, -0.2]), table[f"sampling {name}"].to_numpy()[known]

    def held(factor: float) -> Floats:
        return np.asarray(np.abs(error) <= 2 * np.hypot(sampling, factor * np.exp(terms @ by)))

    factors = np.geomspace(0.1, 10, 400)
    factor = next(f for f in factors if np.average(held(f), weights=weight) >= HELD[name])
    return by + np.array([np.log(factor), 0, 0]), known, held(factor)


def limits(table: pd.DataFrame, at: Floats) -> tuple[float, float]:
    """Distances on the scale of the logit beyond which one in ten images lies, below and above."""
    f1, weight, steps = table["f1"].to_numpy(), table["weight"].to_numpy(), np.arange(0.2, 4, 0.05)
    below = next(s for s in steps if np.average(f1 < expit(at - s), weights=weight) <= 0.1)
    above = next(s for s in steps if np.average((f1 > expit(at + s)) & (expit(at + s) < 0.975), weights=weight) <= 0.1)
    return float(below), float(above)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", help="RESULTS=SET")
    sets = [rows_of(*map(Path, text.split("=", 1))) for text in parser.parse_args().sets]
    most = max(map(len, sets))
    weights = [max(1.0, min(4.0, most / 3 / len(rows))) for rows in sets]
    table = pd.concat(
        [pd.DataFrame(rows).assign(weight=w, set=i) for i, (rows, w) in enumerate(zip(sets, weights, strict=True))]
    )
    table = table.reset_index(drop=True)
    part = np.random.default_rng(0).integers(PARTS, size=len(table))
    at = np.zeros(len(table))
    for left_out in range(PARTS):
        at[part == left_out] = expected(fit_f1(table[part != left_out]), table[part == left_out])
    by, (below, above) = fit_f1(table), limits(table, at)
    names = ("intercept", "agreement", "kept", "prob")
    lines = [
        ", ".join(f"{n}: {v:.2f}" for n, v in zip(names, by, strict=True)) + f", below: {below:.2f}, above: {above:.2f}"
    ]
    say = sys.stdout.write
    for name in HELD:
        error, known, held = fit_error(table, name, at)
        lines.append(f"{name}: {{intercept: {error[0]:.2f}, logit: {error[1]:.2f}, ln_count: {error[2]:.2f}}}")
        of_sets = [held[table["set"].to_numpy()[known] == i] for i in range(len(sets))]
        say(f"{name}: held in " + ", ".join(f"{one.mean():.2f} of {len(one)}" for one in of_sets if len(one)) + "\n")
    say("\nexpected:\n  f1: {" + lines[0] + "}\n  errors:\n" + "".join(f"    {line}\n" for line in lines[1:]) + "\n")
    value = expit(at)
    for low, high in ((0, 0.5), (0.5, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 1)):
        here = (value >= low) & (value < high)
        f1 = table["f1"].to_numpy()[here]
        if len(f1):
            say(f"expected {low:.2f} to {high:.2f}: {len(f1)} images, mean {value[here].mean():.2f}, ")
            say(f"F1 {f1.mean():.2f}, ")
            say(f"{(f1 >= 0.8).mean():.0%} at least 0.8\n")


if __name__ == "__main__":
    main()
