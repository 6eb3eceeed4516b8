"""The base of every parameter object."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, get_args, get_origin

import yaml
from pydantic import AliasChoices, BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from particleforge.errors import UserError, located, suggestion
from particleforge.plain_data import read_yaml
from particleforge.registry import Kinds

LONGEST_SHOWN = 200
"""Most characters of a value in a message."""


class Params(BaseModel):
    """Frozen parameters. Each field is declared once: type, limits, unit in the name, default, description.

    Forms, command-line options, documentation and validation derive from the fields.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False, ser_json_inf_nan="strings"
    )

    front: ClassVar[tuple[str, ...]] = ()
    """Fields that a form shows first; all others are collapsed."""

    @model_validator(mode="before")
    @classmethod
    def _no_truth_values(cls, data: Any) -> Any:
        """Refuse true and false for numbers, where pydantic would take them for 1 and 0."""
        for name, value in data.items() if isinstance(data, Mapping) else ():
            if name in cls.model_fields and _is_truth_value(value) and _is_number(cls.model_fields[name].annotation):
                raise ValueError(f"{name} = {value!r}: a number is needed, not true or false")
        return data

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Parameters from plain data.

        Raises
        ------
        UserError
            With the field, its value and its limit, or similar names for a misspelt field.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise explain(error, cls) from error
        except RecursionError:
            raise UserError("A file contains itself.", "Name another file in it.") from None

    def replace(self, **changes: Any) -> Self:
        """Return a validated copy with some fields changed."""
        return type(self).parse({name: getattr(self, name) for name in type(self).model_fields} | changes)

    def changed(self) -> dict[str, Any]:
        """Plain data of the fields that differ from the default, each as a whole, so that `parse` gives the same."""
        default = type(self)().model_dump(mode="json")
        return {name: value for name, value in self.model_dump(mode="json").items() if value != default[name]}

    def to_yaml(self) -> str:
        """Every field as YAML."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)

    @classmethod
    def from_yaml(cls, path: Path) -> Self:
        """Parameters from a YAML file.

        Raises
        ------
        UserError
            If the file is missing, is not a YAML mapping, or a value is outside its limits.
        """
        data = read_yaml(path)
        with located(path):
            return cls.parse(data)


@dataclass(frozen=True)
class OneOfSeveral:
    """Marks a field of plain data that holds parameters of one of several classes; which one is determined later.

    Parameters
    ----------
    classes
        Returns the classes by the name of their owner.
    """

    classes: Callable[[], Mapping[str, type[Params]]]


def explain(error: ValidationError, cls: type[BaseModel]) -> UserError:
    """Describe in plain words what pydantic rejected."""
    lines, hints = [], []
    for problem in error.errors(include_url=False):
        where = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            names = [name for owner in _owners(cls, problem["loc"][:-1]) for name in owner.model_fields]
            lines.append(f"There is no parameter {where!r}.")
            hints.append(suggestion(problem["loc"][-1], names))
        else:
            whole = isinstance(problem["input"], (Mapping, BaseModel))  # too long to repeat
            value = "" if whole else f" = {_brief(problem['input'])}"
            text = f"{where}{value}: {reason(problem)}." if where else f"{reason(problem)}."
            lines.append(text.replace("..", ".").replace("?.", "?"))
            hints.append(_description(cls, [str(part) for part in problem["loc"]]))
    return UserError(" ".join(lines), " ".join(filter(None, dict.fromkeys(hints))))


def _brief(value: Any) -> str:
    """Value as it is shown in a message."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} and so on"


def reason(problem: ErrorDetails) -> str:
    """Return why pydantic rejected a value, without the name of its field."""
    return problem["msg"].removeprefix("Value error, ")


def _description(cls: type[BaseModel], path: Sequence[str]) -> str:
    """Name and description of the innermost field on a path; empty if there is none."""
    for end in range(len(path), 0, -1):
        for owner in _owners(cls, path[: end - 1]):
            for name, field in owner.model_fields.items():
                if path[end - 1] in names_of(name, field) and field.description:
                    return f"{path[end - 1]}: {field.description}"
    return ""


def names_of(name: str, field: FieldInfo) -> list[str]:
    """Name of a field and its aliases."""
    alias = field.validation_alias
    return list(dict.fromkeys([name, *map(str, alias.choices if isinstance(alias, AliasChoices) else ())]))


def _owners(cls: type[BaseModel], path: Sequence[str | int]) -> list[type[BaseModel]]:
    """Classes whose fields are at the end of a path of field names, and of kinds where a field has several."""
    owners: list[Any] = [cls]
    for part in path:
        classes: list[type[BaseModel]] = [owner for owner in owners if isinstance(owner, type)]
        fields = [owner.model_fields[str(part)] for owner in classes if str(part) in owner.model_fields]
        kinds = [owner for owner in classes if (kind := owner.model_fields.get("kind")) and kind.default == part]
        kinds += [owner.get(str(part)) for owner in owners if isinstance(owner, Kinds) and part in owner]
        inner = [found for field in fields for found in _models((field.annotation, *field.metadata))]
        owners = inner if fields else kinds or owners
    return [owner for owner in owners if isinstance(owner, type)]


def _is_truth_value(value: Any) -> bool:
    """Whether it is true or false, or a list with one of them."""
    return isinstance(value, bool) or (isinstance(value, (list, tuple)) and any(isinstance(one, bool) for one in value))


def _is_number(annotation: Any) -> bool:
    """Whether a type takes numbers, or lists of them, but neither truth values nor anything."""
    types = set(_leaves(annotation))
    return bool(types & {int, float}) and not types & {bool, Any}


def _leaves(annotation: Any) -> Iterator[Any]:
    """Every type named in a type that contains no others."""
    parts = () if get_origin(annotation) is Literal else get_args(annotation)
    if not parts:
        yield annotation
    for part in parts:
        yield from _leaves(part)


def _models(annotation: Any) -> list[Any]:
    """Every parameter class named in a type, and every registry of such classes."""
    if isinstance(annotation, Kinds) or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return [annotation]
    parts = annotation if isinstance(annotation, tuple) else get_args(annotation)
    return [model for part in parts for model in _models(part)]
