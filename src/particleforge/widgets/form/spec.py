"""What a field accepts, read from its annotation."""

import enum
import inspect
import math
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from particleforge.draws import Distribution
from particleforge.params import Params
from particleforge.registry import Kinds

UNSET = "not set"
"""How None is shown."""


@dataclass(frozen=True)
class Spec:
    """What a value may be.

    Parameters
    ----------
    type
        The annotation without None and without marks.
    marks
        What its annotation adds: limits, validators, `PerImage` and the like; innermost first.
    optional
        Whether None is allowed, too.
    """

    type: Any
    marks: tuple[Any, ...] = ()
    optional: bool = False

    @classmethod
    def of(cls, annotation: Any, marks: tuple[Any, ...] = ()) -> "Spec":
        """Take an annotation apart."""
        optional = False
        while True:
            annotation = getattr(annotation, "__value__", annotation)  # a `type` alias
            if get_origin(annotation) is Annotated:
                annotation, *found = get_args(annotation)
                marks = (*_flat(found), *marks)
            elif _is_union(annotation) and type(None) in get_args(annotation):
                optional = True
                annotation = Union[tuple(p for p in get_args(annotation) if p is not type(None))]  # noqa: UP007
            else:
                return cls(annotation, marks, optional)

    @classmethod
    def of_field(cls, info: FieldInfo) -> "Spec":
        """Read a field of a parameter class."""
        return cls.of(info.annotation, tuple(info.metadata))

    @property
    def alternatives(self) -> tuple[Any, ...]:
        """Members of the union, those of nested unions too; the type itself if it is not a union."""
        return tuple(_members(self.type))

    @property
    def kinds(self) -> dict[str, type[Params]]:
        """Parameter classes distinguished by `kind`: those of a registry or of a union; empty if there are none."""
        registry = next((mark for mark in self.marks if isinstance(mark, Kinds)), None)
        if registry is not None:
            return registry.members()
        models = [part for part in self.alternatives if is_model(part)]
        others = [part for part in self.alternatives if not is_model(part)]
        draws = all(issubclass(model, Distribution) for model in models)
        if not _is_union(self.type) or not models or (others and not (draws and others == [float])):
            return {}
        if any("kind" not in model.model_fields for model in models):
            return {}
        return {model.model_fields["kind"].default: model for model in models}

    @property
    def choices(self) -> tuple[Any, ...]:
        """Values to choose from; empty if they are not listed."""
        if get_origin(self.type) is Literal:
            return get_args(self.type)
        if isinstance(self.type, type) and issubclass(self.type, enum.Enum):
            return tuple(self.type)
        if self.type is str:
            return tuple(name for mark in self.marks if hasattr(mark, "names") for name in mark.names())
        return ()

    @property
    def item(self) -> "Spec | None":
        """What the items of a tuple or list of any length may be; None for anything else."""
        origin, inner = get_origin(self.type), get_args(self.type)
        of_any_length = origin is list or (origin is tuple and inner[-1:] == (Ellipsis,))
        return Spec.of(inner[0]) if of_any_length and inner else None

    @property
    def items(self) -> "tuple[Spec, ...]":
        """What each item of a tuple of fixed length may be; empty for anything else."""
        inner = get_args(self.type)
        if get_origin(self.type) is not tuple or inner[-1:] == (Ellipsis,):
            return ()
        return tuple(Spec.of(part) for part in inner)

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest number that is allowed, or the excluded limits."""
        lows = [getattr(mark, name) for mark in self.marks for name in ("ge", "gt", "low") if hasattr(mark, name)]
        highs = [getattr(mark, name) for mark in self.marks for name in ("le", "lt", "high") if hasattr(mark, name)]
        return (
            max((low for low in lows if low is not None), default=-math.inf),
            min((high for high in highs if high is not None), default=math.inf),
        )

    def accepts(self, value: Any) -> bool:
        """Whether a value is valid."""
        annotated: Any = Annotated[self.type, "", *self.marks]
        try:
            TypeAdapter(annotated).validate_python(value)
        except ValidationError:
            return False
        return True


def is_model(annotation: Any) -> bool:
    """Whether a type is a parameter class that can be made."""
    return isinstance(annotation, type) and issubclass(annotation, Params) and not inspect.isabstract(annotation)


def fields(cls: type[Params]) -> dict[str, FieldInfo]:
    """Fields of a class by name, with names of classes that are defined below it resolved."""
    cls.model_rebuild()
    return cls.model_fields


def start(spec: Spec) -> Any:
    """Return an initial value for a field without a default; valid where possible."""
    if spec.optional:
        return None
    if spec.choices:
        return spec.choices[0]
    if spec.type in (int, float):
        low, high = spec.limits
        guesses = [0, 1, low, high, (low + high) / 2]
        return next((spec.type(guess) for guess in guesses if math.isfinite(guess) and spec.accepts(guess)), 0)
    if float in spec.alternatives:
        return start(Spec(float, spec.marks))
    models = [*spec.kinds.values(), *filter(is_model, spec.alternatives)]
    if models:
        return blank(models[0])
    if spec.items:
        return tuple(start(item) for item in spec.items)
    if spec.item is not None:
        fewest = max((mark.min_length for mark in spec.marks if hasattr(mark, "min_length")), default=0)
        return tuple(start(spec.item) for _ in range(fewest))
    return {bool: False, str: "", Path: Path()}.get(spec.type, {})


def blank(cls: type[Params]) -> Params | dict[str, Any]:
    """Parameters with their defaults; a mapping if some have none."""
    try:
        return cls()
    except ValidationError:
        return {
            name: start(Spec.of_field(info)) if info.is_required() else info.get_default(call_default_factory=True)
            for name, info in fields(cls).items()
        }


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _flat(marks: list[Any]) -> Iterator[Any]:
    for mark in marks:
        if isinstance(mark, FieldInfo):
            yield from mark.metadata
        else:
            yield mark


def _members(annotation: Any) -> Iterator[Any]:
    inner = Spec.of(annotation).type
    if _is_union(inner):
        for part in get_args(inner):
            yield from _members(part)
    else:
        yield inner
