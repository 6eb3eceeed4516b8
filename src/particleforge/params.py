"""The base of every parameter object."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from particleforge.errors import UserError, suggestion
from particleforge.registry import Kinds


class Params(BaseModel):
    """Frozen parameters. Each field is declared once: type, limits, unit in the name, default, description.

    Forms, command-line options, documentation and validation derive from the fields.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False, ser_json_inf_nan="strings"
    )

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

    def replace(self, **changes: Any) -> Self:
        """Return a validated copy with some fields changed."""
        return type(self).parse({name: getattr(self, name) for name in type(self).model_fields} | changes)

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
        return cls.parse(read_yaml(path))


@dataclass(frozen=True)
class OneOfSeveral:
    """Marks a field of plain data that holds parameters of one of several classes; which one is determined later.

    Parameters
    ----------
    classes
        Returns the classes by the name of their owner.
    """

    classes: Callable[[], Mapping[str, type[Params]]]


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises
    ------
    UserError
        If the file is missing or unreadable, or is not a mapping.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).", "Check the path.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {error}", "Check the file's syntax.") from error
    if not isinstance(data, dict):
        found = "is empty" if data is None else f"holds a {type(data).__name__}"
        raise UserError(f"{path} {found}; `name: value` lines are needed.")
    return data


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
            value = "" if whole else f" = {problem['input']!r}"
            text = f"{where}{value}: {reason(problem)}." if where else f"{reason(problem)}."
            lines.append(text.replace("..", ".").replace("?.", "?"))
            hints.append(_description(cls, [str(part) for part in problem["loc"]]))
    return UserError(" ".join(lines), " ".join(filter(None, dict.fromkeys(hints))))


def reason(problem: ErrorDetails) -> str:
    """Return why pydantic rejected a value, without the name of its field."""
    return problem["msg"].removeprefix("Value error, ")


def _description(cls: type[BaseModel], path: Sequence[str]) -> str:
    """Name and description of the innermost field on a path; empty if there is none."""
    for end in range(len(path), 0, -1):
        for owner in _owners(cls, path[: end - 1]):
            field = owner.model_fields.get(path[end - 1])
            if field is not None and field.description:
                return f"{path[end - 1]}: {field.description}"
    return ""


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


def _models(annotation: Any) -> list[Any]:
    """Every parameter class named in a type, and every registry of such classes."""
    if isinstance(annotation, Kinds) or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return [annotation]
    parts = annotation if isinstance(annotation, tuple) else get_args(annotation)
    return [model for part in parts for model in _models(part)]
