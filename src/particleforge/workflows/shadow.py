"""Grow aggregates with the parameters estimated from images, and describe them: a digital shadow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from particleforge.draws import fix
from particleforge.errors import UserError
from particleforge.measurement.figures import BARS, save_figure
from particleforge.measurement.picture import INK, SMALL_PT, TEXT_PT
from particleforge.recipes.any import parse_recipe
from particleforge.recipes.fields import innermost, with_value
from particleforge.recipes.recipe import DescribingRecipe
from particleforge.seeds import stream
from particleforge.step import Progress, Step, stepwise
from particleforge.store.csv_text import csv_rows
from particleforge.store.files import atomic_write
from particleforge.store.run_folder import locked
from particleforge.verb import verb
from particleforge.workflows.estimate import EstimateParams, estimate, estimates_report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from particleforge.models.roles import Estimate, Estimator

TABLE, SUMMARY, FIGURE = "shadow.csv", "shadow.json", "shadow.png"
MOST_REFUSED = 0.5
"""Share of the draws that may fail to give an aggregate."""
REPORT_EVERY = 10
COLUMNS = 3
TITLES = {"radius_of_gyration_nm": "R_g (nm)", "gyration_over_mean_radius": "R_g / mean radius"}


class ShadowParams(EstimateParams):
    """How many aggregates to grow."""

    n: int = Field(500, ge=1, le=1_000_000, title="Aggregates", description="Aggregates to grow.")
    seed: int = Field(0, ge=0, description="Seed of the aggregates.")


@dataclass(frozen=True)
class Shadow:
    """A digital shadow.

    Parameters
    ----------
    estimates
        The parameters.
    recipe
        Recipe of the aggregates.
    descriptors
        One row per aggregate, columns as `describe` names them.
    refused
        Number of draws that gave no aggregate.
    """

    estimates: Sequence[Estimate]
    recipe: DescribingRecipe
    descriptors: pd.DataFrame
    refused: int


def _report(grown: Shadow, args: Mapping[str, Any]) -> dict[str, Any]:
    means = {f"mean {name}": f"{value:.4g}" for name, value in grown.descriptors.mean().items()}
    recipe = grown.recipe.model_dump(mode="json")
    about = {"aggregates": len(grown.descriptors), "refused": grown.refused, "recipe": recipe}
    return estimates_report(grown.estimates, args) | means | about


@verb(_report)
def shadow(
    model: Path | str | Estimator, images: Path | str, out: Path | str, params: ShadowParams = ShadowParams()
) -> Step[Shadow]:
    """Estimate parameters from images of one material, grow aggregates with them, and describe them.

    What the model does not estimate is drawn as in the recipe it was trained on.

    Parameters
    ----------
    model : name, folder or estimator
        Folder of an estimator of aggregates, or hetero: the built-in one.
    images
        An image or a folder of images, all of a single material.
    out
        New folder: what estimate writes, shadow.csv with one row per aggregate, shadow.json with means and standard
        deviations, shadow.png with histograms.
    params
        Number of aggregates, and pixel size.

    Raises
    ------
    UserError
        As `estimate`, or if the model was not trained on aggregates, or most draws give none.
    """
    from particleforge.models.opening import open_model

    estimator = open_model(model, "estimator")
    estimated_recipe(estimator.recipe, ())  # refused before anything is estimated
    found = yield from estimate.steps(estimator, images, out, params)
    recipe = estimated_recipe(estimator.recipe, found)
    table, refused = yield from grow.steps(recipe, params.n, params.seed)
    out = Path(out)
    with locked(out):
        _write(out, table, recipe, refused, params)
    return Shadow(found, recipe, table, refused)


def _write(out: Path, table: pd.DataFrame, recipe: DescribingRecipe, refused: int, params: ShadowParams) -> None:
    """Write table, figure and summary of the aggregates."""
    with atomic_write(out / TABLE) as path:
        text = csv_rows([str(name) for name in table], table.itertuples(index=False))
        path.write_text(text, encoding="utf-8", newline="")
    save_figure(histograms({"": table}), out / FIGURE)
    summary = {
        "params": params.model_dump(mode="json"),
        "recipe": recipe.model_dump(mode="json"),
        "refused": refused,
        "descriptors": {
            name: {"mean": _number(table[name].mean()), "sd": _number(table[name].std())} for name in table
        },
    }
    with atomic_write(out / SUMMARY) as path:
        path.write_text(json.dumps(summary, indent=1, allow_nan=False, ensure_ascii=False), encoding="utf-8")


def estimated_recipe(recipe: Mapping[str, Any], estimates: Sequence[Estimate]) -> DescribingRecipe:
    """Recipe of a model with the values that were estimated.

    Raises
    ------
    UserError
        If it cannot describe what it draws.
    """
    data = innermost(recipe)
    for one in estimates:
        data = with_value(data, one.parameter, one.in_recipe)
    found = parse_recipe(data)
    if not isinstance(found, DescribingRecipe):
        raise UserError(
            f"The estimator was trained on a recipe of kind {found.kind!r}; a shadow needs aggregates.",
            "Train one on a dataset of kind aggregate.",
        )
    return found


@stepwise
def grow(recipe: DescribingRecipe, count: int, seed: int) -> Step[tuple[pd.DataFrame, int]]:
    """Grow and describe aggregates; draws that give none are repeated.

    Returns
    -------
    The descriptors, one row per aggregate, and the number of draws that gave none.

    Raises
    ------
    UserError
        If most draws give none.
    """
    rows: list[dict[str, float]] = []
    refused = 0
    while len(rows) < count:
        rng = stream(seed, "shadow", len(rows) + refused)
        try:
            rows.append(fix(recipe, rng).describe(rng))
        except UserError as error:
            refused += 1
            if refused > max(10, MOST_REFUSED * (len(rows) + refused)):
                raise UserError(
                    f"{refused} of {len(rows) + refused} aggregates could not be grown. {error.message}", error.hint
                ) from error
            continue
        if len(rows) % REPORT_EVERY == 0:
            yield Progress(len(rows), count, f"{len(rows)} of {count} aggregates")
    return pd.DataFrame(rows), refused


def histograms(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Histogram of every descriptor; several tables in the same bins for comparison.

    Parameters
    ----------
    tables
        Tables of descriptors by their names; the first is drawn filled, the others as lines.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = -(-len(described(tables)) // COLUMNS)
    fig = Figure(figsize=(3 * COLUMNS, 2.2 * lines), layout="constrained", facecolor="white")
    FigureCanvasAgg(fig)
    draw_histograms(fig, tables, COLUMNS)
    return fig


def described(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Descriptors of the first table for which any table has values."""
    first = next(iter(tables.values()))
    return [str(name) for name in first if any(len(_values(table, name)) for table in tables.values())]


def draw_histograms(fig: Figure, tables: Mapping[str, pd.DataFrame], across: int, ink: str = INK) -> None:
    """Draw what `histograms` shows on an empty figure.

    Parameters
    ----------
    fig
        Figure to draw on.
    tables
        See `histograms`.
    across
        Number of histograms per row.
    ink
        Colour of text and lines.
    """
    columns = described(tables)
    panels = fig.subplots(-(-len(columns) // across), across, squeeze=False).ravel()
    for axes, name in zip(panels, columns, strict=False):
        found = {label: _values(table, name) for label, table in tables.items()}
        pooled = np.concatenate(list(found.values()))
        edges = np.histogram_bin_edges(pooled, bins=min(30, max(5, int(np.sqrt(len(pooled))))))
        for number, (label, values) in enumerate(found.items()):
            style = {"color": BARS} if number == 0 else {"color": ink, "histtype": "step"}
            weights = np.full(len(values), 1 / max(1, len(values)) if len(tables) > 1 else 1.0)
            axes.hist(values, edges, weights=weights, label=label or None, **style)
        axes.set_title(TITLES.get(name, name.replace("_", " ")), loc="left", fontsize=TEXT_PT, color=ink)
        axes.set_facecolor("none")
        axes.tick_params(labelsize=SMALL_PT, color=ink, labelcolor=ink)
        axes.set_yticks([])
        for side in axes.spines.values():
            side.set_color(ink)
    for axes in panels[len(columns) :]:
        axes.set_visible(False)
    if len(tables) > 1:
        bars = panels[0].get_legend_handles_labels()
        fig.legend(*bars, loc="outside upper left", frameon=False, fontsize=SMALL_PT, labelcolor=ink, ncols=2)


def _values(table: pd.DataFrame, name: Any) -> npt.NDArray[np.float64]:
    """Values of a descriptor; empty if a table does not have it."""
    return table[name].dropna().to_numpy(float) if name in table else np.empty(0)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
