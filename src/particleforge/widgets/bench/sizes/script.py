"""What is shown, as a command line and as Python. No Qt here."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from pprint import pformat

from particleforge.measurement.filter import Filter
from particleforge.measurement.rules import Rules
from particleforge.params import Params
from particleforge.widgets.bench.sizes.shown import NO_GROUP, Shown

_WIDTH = 100


def script_of(folder: Path, shown: Shown, every: Sequence[str], grouped: bool) -> str:
    """Return a command line that writes the results of the project, and Python that gives the figures shown.

    Parameters
    ----------
    folder
        Folder of the project.
    shown
        What is shown.
    every
        Names of all images of the project.
    grouped
        Whether the images are shown by group.
    """
    return f"{command(folder, shown, every, grouped)}\n\n{python(folder, shown, every, grouped)}"


def command(folder: Path, shown: Shown, every: Sequence[str], grouped: bool) -> str:
    """Return the command line, with a word on what it cannot do."""
    lines = ["# In a terminal: tables, labels, figures and a report of all images in results/, by the same rules"]
    lines.append(f"particleforge measure --project {shlex.quote(str(folder))}")
    lacking = []
    if _names(shown, every) is not None:
        lacking.append("the choice of images")
    if shown.chosen.changed():
        lacking.append("the filter")
    if grouped:
        lacking.append("groups")
    if lacking:
        lines.insert(1, f"# (it does not know {' and '.join(lacking)}; the Python below does)")
    return "\n".join(lines)


def python(folder: Path, shown: Shown, every: Sequence[str], grouped: bool) -> str:
    """Return Python that prints the figures shown."""
    names = _names(shown, every)
    return f"""# In Python: the figures shown
from dataclasses import replace

from particleforge.measurement.filter import Filter
from particleforge.measurement.groups import Group, by_group
from particleforge.measurement.project_tables import image_tables
from particleforge.measurement.rules import Rules
from particleforge.store.project import Project

project = Project({str(folder)!r})
rules = {_call(Rules, shown.rules)}
chosen = {_call(Filter, shown.chosen)}
images = image_tables(project, rules{"" if names is None else f", {_pretty(names)}"})
sized = [image for image in images if image.pixel_size_nm is not None] or images
sized = [replace(image, table=chosen.applied(image.table)) for image in sized]
parts = {f"by_group(sized, {NO_GROUP!r})" if grouped else '{"all": tuple(sized)}'}
calibration = {_calibration(shown)!r}
groups = {{name: Group(name, own, rules, calibration=calibration) for name, own in parts.items()}}
for name, group in groups.items():
    mean = group.figures["geometric_mean"]
    print(name, len(group.sizes), "particles, geometric mean", *mean.text, group.sizes.unit)
{_compared(shown) if grouped else ""}"""


def _compared(shown: Shown) -> str:
    """Python that prints how the groups differ from the first one."""
    if len(shown.drawn) < 2:
        return ""
    return f"""reference = groups[{shown.drawn[0].name!r}]
for name, group in groups.items():
    if group is not reference and len(group.sizes):
        found = group.compared(reference)
        print(name, f"{{found.geometric_mean_percent:+.2f}} %, p = {{found.p_value:.3g}}")
"""


def _names(shown: Shown, every: Sequence[str]) -> list[str] | None:
    """Names of the images shown; None: all that have particles."""
    names = [*(image.name for image in shown.images), *shown.left_out]
    return None if set(names) >= set(every) else names


def _call(cls: type[Params], params: Params) -> str:
    """Call that makes the parameters of a class, without those that are the default."""
    given = {name: value for name, value in params.changed().items() if name in cls.model_fields}
    return f"{cls.__name__}.parse({_pretty(given)})" if given else f"{cls.__name__}()"


def _pretty(value: object) -> str:
    return pformat(value, width=_WIDTH, sort_dicts=False)


def _calibration(shown: Shown) -> str | None:
    return shown.groups[0].calibration if shown.groups else None
