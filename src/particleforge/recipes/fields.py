"""Parameters of recipes by their names with dots, in plain data."""

import copy
import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from particleforge.draws import Distribution
from particleforge.errors import UserError


def value_of(data: Mapping[str, Any], name: str) -> float:
    """Return the number under a name such as ``growth.prefactor`` or ``materials.TiO2.share``.

    Parameters
    ----------
    data
        Plain data of a recipe.
    name
        Fields, joined by dots. An item of a list is named by its number, its ``name`` or its ``kind``.

    Raises
    ------
    UserError
        If there is none (with similar names), or it is not a number, for example because it is drawn for each particle.
    """
    owner, key = _place(data, name)
    value = owner[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        what = "a distribution" if isinstance(value, Mapping) else repr(value)
        raise UserError(
            f"{name} is {what}, not one number per image.",
            "Name a parameter that is drawn once per image, or a column of the truth table, such as truth.diameter_nm.",
        )
    return float(value)


def with_value(data: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Copy of plain data with another value under a name; see `value_of`."""
    changed = copy.deepcopy(dict(data))
    owner, key = _place(changed, name)
    owner[key] = value
    return changed


def raw(data: Mapping[str, Any], name: str) -> Any:
    """Return the value under a name, of any type; see `value_of`."""
    owner, key = _place(data, name)
    return owner[key]


def innermost(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the innermost of nested recipes, each of which has another one under ``recipe``."""
    while isinstance(data.get("recipe"), Mapping):
        data = data["recipe"]
    return dict(data)


def names_in(data: Any, before: str = "") -> Iterator[str]:
    """Yield the name of every number and distribution."""
    kinds = {cls.model_fields["kind"].default for cls in Distribution.__subclasses__()}
    if isinstance(data, Mapping) and data.get("kind") not in kinds:
        for key, value in data.items():
            yield from names_in(value, f"{before}.{key}" if before else str(key))
    elif isinstance(data, Sequence) and not isinstance(data, str):
        for number, item in enumerate(data):
            own = item.get("name") if isinstance(item, Mapping) else None
            yield from names_in(item, f"{before}.{own or number}")
    elif isinstance(data, (int, float, Mapping)) and not isinstance(data, bool):
        yield before


def _place(data: Any, name: str) -> tuple[Any, Any]:
    """Return container and key of the value with a name."""
    here, found = data, None
    for part in name.split("."):
        if found is not None:
            here = found[0][found[1]]
        key = _key(here, part)
        if key is None:
            raise _no_such(data, name)
        found = here, key
    if found is None:
        raise _no_such(data, name)
    return found


def _key(here: Any, part: str) -> str | int | None:
    if isinstance(here, Mapping):
        return part if part in here else None
    if not isinstance(here, Sequence) or isinstance(here, str):
        return None
    if part.isdecimal():
        return int(part) if int(part) < len(here) else None
    named = (
        i for i, item in enumerate(here) if isinstance(item, Mapping) and part in (item.get("name"), item.get("kind"))
    )
    return next(named, None)


def _no_such(data: Any, name: str) -> UserError:
    there = list(names_in(data))
    similar = difflib.get_close_matches(name, there, n=3, cutoff=0.4)
    tail = [other for other in there if other.rpartition(".")[2] == name.rpartition(".")[2]]
    shown = list(dict.fromkeys([*tail, *similar]))[:5]
    hint = f"Did you mean {' or '.join(shown)}?" if shown else f"Available: {', '.join(there[:20]) or 'none'}."
    return UserError(f"The samples' recipe has no parameter {name!r}.", hint)
