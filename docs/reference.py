"""Write tables of every command and parameter from the code: ``python docs/reference.py``; conf.py calls it too."""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import annotated_types

from particleforge.cli.main import describe
from particleforge.draws import Choice, Mixture, OneOf, PerImage, PerParticle, Within
from particleforge.measurement.aggregation.table import aggregate_columns
from particleforge.measurement.column import Column
from particleforge.measurement.columns import ColumnNames, columns
from particleforge.measurement.rules import Rules
from particleforge.measurement.shape_class import ShapeRule
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.tracking.params import TrackParams
from particleforge.measurement.uncertainty.pixel_size import Calibration
from particleforge.models.estimator.augment import EstimatorAugment
from particleforge.models.estimator.config import NetworkConfig
from particleforge.models.estimator.preparation import PrepareParams
from particleforge.models.estimator.target import Batch, Regression
from particleforge.models.kind import kinds
from particleforge.models.patches import Augment
from particleforge.models.stardist.config import StarDistConfig
from particleforge.params import Params
from particleforge.recipes.aggregate.growth.exact import Exact
from particleforge.recipes.aggregate.imaging.bright_field import BrightField
from particleforge.recipes.aggregate.imaging.haadf import Haadf
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate_scene.grown import Grown
from particleforge.recipes.any import RECIPES
from particleforge.recipes.clutter.clutter import Clutter
from particleforge.recipes.cracks.params import Course
from particleforge.recipes.cutpaste.canvases.inpainted import Inpainted
from particleforge.recipes.cutpaste.canvases.texture import Texture
from particleforge.recipes.cutpaste.cutouts import CutoutRule
from particleforge.recipes.grains.boundary import Boundary
from particleforge.recipes.grains.edges.edges import Edges
from particleforge.recipes.grains.greys import Greys
from particleforge.recipes.grains.second_phase import SecondPhase
from particleforge.recipes.grains.twins import Twins
from particleforge.recipes.imaging.imaging import Imaging
from particleforge.recipes.render import population as rendered
from particleforge.recipes.render.geometry.geometry import Geometry
from particleforge.recipes.render.ground import Ground
from particleforge.recipes.render.imaging.focus import Focus
from particleforge.recipes.render.imaging.scale_bar import ScaleBar
from particleforge.recipes.render.imaging.vignette import Vignette
from particleforge.recipes.render.looks.look import Look
from particleforge.recipes.render.material import Material as RenderedMaterial
from particleforge.recipes.render.placement.placement import Placement
from particleforge.recipes.shapes.background.background import Background
from particleforge.recipes.shapes.outlines.outline import Outline
from particleforge.recipes.shapes.population import Population
from particleforge.recipes.shapes.shading.shading import Shading
from particleforge.recipes.shapes.support import Support
from particleforge.recipes.synthesize import SynthesizeParams
from particleforge.recipes.warp.deformations.grid import GridWarp
from particleforge.recipes.warp.deformations.piecewise_affine import PiecewiseAffine
from particleforge.recipes.warp.deformations.scale import RandomScale
from particleforge.registry import Kinds
from particleforge.workflows import VERBS
from particleforge.workflows.adapt import AdaptParams
from particleforge.workflows.evaluate import EvaluateParams
from particleforge.workflows.learn import LearnParams
from particleforge.workflows.quality_ import QualityParams
from particleforge.workflows.rank import RankParams
from particleforge.workflows.shadow import ShadowParams

SHOWN: tuple[type[Params], ...] = tuple(RECIPES.members().values())
SHOWN += tuple(cls for kind in kinds() for cls in (kind.Training, kind.Options) if cls is not None)
SHOWN += (CutoutRule, Inpainted, Texture, GridWarp, PiecewiseAffine, RandomScale, Population, Support)
SHOWN += (Material, Exact, Haadf, BrightField)
SHOWN += (Boundary, Greys, SecondPhase, Twins, Course)
SHOWN += (Rules, ShapeRule, Precision, Calibration, TrackParams)
SHOWN += (AdaptParams, EvaluateParams, QualityParams, RankParams, SynthesizeParams, LearnParams, ShadowParams)
SHOWN += (StarDistConfig, Augment, Regression, Batch, PrepareParams, EstimatorAugment, NetworkConfig)
"""Classes with a table of their own: every recipe, training and set of options, and some of their parts."""


def _kinds(base: type[Params]) -> tuple[type[Params], ...]:
    return tuple(Kinds(base).members().values())


VARIANTS: dict[str, tuple[type[Params], ...]] = {
    "outlines": _kinds(Outline),
    "shadings": _kinds(Shading),
    "clutter": _kinds(Clutter),
    "background": tuple(type(field.default) for field in Background.model_fields.values()),
    "imaging": tuple(type(field.default) for field in Imaging.model_fields.values()),
    "render_parts": (rendered.Population, RenderedMaterial, Ground, Focus, Vignette, ScaleBar),
    "render_geometries": _kinds(Geometry),
    "render_placements": (*_kinds(Placement), Grown),
    "render_looks": _kinds(Look),
    "edges": _kinds(Edges),
}


def write_all(folder: Path) -> None:
    """Write ``commands.md`` and one table per parameter class."""
    folder.mkdir(exist_ok=True)
    pages = {"commands": commands(), "columns": columns_of_particles()}
    pages["aggregate_columns"] = columns_table(aggregate_columns().values())
    pages |= {name: variants(classes) for name, classes in VARIANTS.items()}
    pages |= {cls.__name__: parameters(cls) for cls in SHOWN}
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def columns_of_particles() -> str:
    """Table of every column of a particle table."""
    return columns_table(columns().values())


def columns_table(every: Iterable[Column]) -> str:
    """Table of columns with their meanings."""
    rows = []
    for column in every:
        formula = f" ${column.formula}$" if column.formula else ""
        rows.append((", ".join(f"`{name}`" for name in column.names), column.title, column.meaning + formula))
    return _table(("Column", "", "Meaning"), rows)


def variants(classes: tuple[type[Params], ...]) -> str:
    """Table of every class's fields, with the name of the class's kind or of the field that holds it."""
    rows = []
    for cls in classes:
        kind = cls.model_fields.get("kind")
        name = kind.default if kind else cls.__name__.lower()
        rows.append((f"**{name}**", "", "", (cls.__doc__ or "").strip().splitlines()[0]))
        rows += [("", *row) for row in _rows(cls, short=True)]
    return _table(("", "Parameter", "Default", "Meaning"), rows)


def commands() -> str:
    """Section per command: its line, arguments and options."""
    parts = []
    for name in VERBS.names():
        about, _, parser = describe(name)
        actions = [action for action in parser._actions if action.dest != "help"]
        in_place = [action.metavar or action.dest.upper() for action in actions if not action.option_strings]
        needed = [f"{a.option_strings[0]} {a.dest.upper()}" for a in actions if a.required and a.option_strings]
        line = " ".join([parser.prog, *in_place, *needed, "[options]"])
        rows = [(_call(action), (action.help or "").replace("%%", "%")) for action in actions]
        head = f"## {VERBS.command(name)}\n\n{about}\n\n```text\n{line}\n```\n\n"
        parts.append(head + _table(("", ""), rows))
    return "\n".join(parts)


def _call(action: argparse.Action) -> str:
    return f"`{' / '.join(action.option_strings) or action.dest.upper()}`"


def parameters(cls: type[Params]) -> str:
    """Table of the fields of a parameter class."""
    return _table(("Parameter", "Default", "Limits", "Meaning"), list(_rows(cls)))


def _rows(cls: type[Params], short: bool = False) -> Iterator[tuple[str, ...]]:
    for name, field in cls.model_fields.items():
        if name != "kind":
            default = _shown(field.get_default(call_default_factory=True))
            limits = () if short else ("; ".join(_limits(field.metadata)),)
            yield (f"`{name}`", default, *limits, field.description or "")


def _limits(marks: list[Any]) -> Iterator[str]:
    signs = {annotated_types.Ge: ("ge", "≥"), annotated_types.Gt: ("gt", ">")}
    signs |= {annotated_types.Le: ("le", "≤"), annotated_types.Lt: ("lt", "<")}
    for mark in marks:
        if isinstance(mark, Within):
            yield f"{mark.low:g} to {mark.high:g}"
        elif isinstance(mark, ColumnNames):
            yield ", ".join(mark.names())
        elif isinstance(mark, PerImage):
            yield "drawn per image"
        elif isinstance(mark, OneOf):
            yield "one per image"
        elif isinstance(mark, PerParticle):
            yield "drawn per particle"
        elif type(mark) in signs:
            attribute, sign = signs[type(mark)]
            yield f"{sign} {getattr(mark, attribute)}"


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, Mixture):
        first, *others = value.parts
        if first == Choice(values=(0.0,)) and len(others) == 1:
            return f"{_shown(others[0])} in {value.weights[1] / sum(value.weights):.0%} of the images, else 0"
        return " or ".join(map(_shown, value.parts))
    if isinstance(value, tuple) and value and all(isinstance(one, Params) for one in value):
        return ", ".join(dict.fromkeys(f"`{getattr(one, 'kind', None) or one.name}`" for one in value))
    if isinstance(value, Params):
        fields = value.model_dump()
        kind = fields.pop("kind", None)
        if kind is None or len(fields) > 3:
            return "see its table"
        numbers = [n for v in fields.values() for n in (v if isinstance(v, list | tuple) else [v])]
        if not all(isinstance(number, int | float) for number in numbers):
            return f"`{kind}`"
        inner = ", ".join(f"{number:g}" for number in numbers)
        return f"`{kind}({inner})`" if fields else f"`{kind}`"
    return f"`{value}`"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    write_all(Path(__file__).resolve().parent / "_generated")
