"""Write tables of every command and parameter from the code: ``python docs/reference.py``; conf.py calls it too."""

import argparse
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import annotated_types

from particleforge.cli.main import COMMANDS
from particleforge.draws import PerImage, PerParticle, Within
from particleforge.models.patches import Augment
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.train_params import TrainParams
from particleforge.params import Params
from particleforge.recipes.cutpaste.canvases import Inpainted, Texture
from particleforge.recipes.cutpaste.cutouts import CutoutRule
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.synthesize import SynthesizeParams
from particleforge.recipes.warp.grid_warp import GridWarp
from particleforge.recipes.warp.piecewise_affine import PiecewiseAffine
from particleforge.recipes.warp.random_scale import RandomScale
from particleforge.workflows.learn import LearnParams

SHOWN = (CutPaste, CutoutRule, Inpainted, Texture, GridWarp, PiecewiseAffine, RandomScale)
SHOWN += (SynthesizeParams, LearnParams, TrainParams, StarDistConfig, Augment)


def write_all(folder: Path) -> None:
    """Write ``commands.md`` and one table per parameter class."""
    folder.mkdir(exist_ok=True)
    pages = {"commands": commands()} | {cls.__name__: parameters(cls) for cls in SHOWN}
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def commands() -> str:
    """Section per command: its line, arguments and options."""
    parts = []
    for name, text in COMMANDS.items():
        parser = argparse.ArgumentParser(prog=f"particleforge {name}", add_help=False)
        import_module(f"particleforge.cli.{name}{'_' if name == 'import' else ''}").add_arguments(parser)
        positional = [action.metavar or action.dest.upper() for action in parser._actions if not action.option_strings]
        needed = [f"{a.option_strings[0]} {a.dest.upper()}" for a in parser._actions if a.required and a.option_strings]
        line = " ".join([f"particleforge {name}", *positional, *needed, "[options]"])
        rows = [(_call(action), (action.help or "").replace("%%", "%")) for action in parser._actions]
        parts.append(f"## {name}\n\n{text[:1].upper()}{text[1:]}.\n\n```text\n{line}\n```\n\n" + _table(("", ""), rows))
    return "\n".join(parts)


def _call(action: argparse.Action) -> str:
    return f"`{' / '.join(action.option_strings) or action.dest.upper()}`"


def parameters(cls: type[Params]) -> str:
    """Table of the fields of a parameter class."""
    rows = []
    for name, field in cls.model_fields.items():
        if name != "kind":
            default = field.get_default(call_default_factory=True)
            limits = "; ".join(_limits(field.metadata))
            rows.append((f"`{name}`", _shown(default), limits, field.description or ""))
    return _table(("Parameter", "Default", "Limits", "Meaning"), rows)


def _limits(marks: list[Any]) -> Iterator[str]:
    signs = {annotated_types.Ge: ("ge", "≥"), annotated_types.Gt: ("gt", ">")}
    signs |= {annotated_types.Le: ("le", "≤"), annotated_types.Lt: ("lt", "<")}
    for mark in marks:
        if isinstance(mark, Within):
            yield f"{mark.low:g} to {mark.high:g}"
        elif isinstance(mark, PerImage):
            yield "drawn per image"
        elif isinstance(mark, PerParticle):
            yield "drawn per particle"
        elif type(mark) in signs:
            attribute, sign = signs[type(mark)]
            yield f"{sign} {getattr(mark, attribute)}"


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, Params):
        fields = value.model_dump()
        kind = fields.pop("kind", None)
        if kind is None or len(fields) > 3:
            return "see its table"
        numbers = [n for v in fields.values() for n in (v if isinstance(v, list | tuple) else [v])]
        inner = ", ".join(f"{number:g}" for number in numbers)
        return f"`{kind}({inner})`" if fields else f"`{kind}`"
    return f"`{value}`"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    write_all(Path(__file__).resolve().parent / "_generated")
