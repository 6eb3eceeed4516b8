"""Command-line options derived from parameter classes."""

import argparse
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from particleforge.errors import UserError
from particleforge.measurement.columns import ColumnNames
from particleforge.models.kind import kinds
from particleforge.params import Params, read_yaml

OPTION = "option of the model: "
"""What names of the options of models begin with in a parsed command line."""
ParamsT = TypeVar("ParamsT", bound=Params)


def add_options(parser: argparse.ArgumentParser, cls: type[Params]) -> None:
    """Add one ``--option`` per field of a parameter class, and ``--params FILE.yaml`` for all of them at once.

    Values are YAML, so nested parameters can be given as ``--augment '{scale: 1.2}'``.
    """
    group = parser.add_argument_group("parameters")
    group.add_argument("--params", type=Path, metavar="FILE.yaml", help="Parameters as YAML; options go before them.")
    for name, field in cls.model_fields.items():
        default = field.get_default(call_default_factory=True)
        names = [name for mark in field.metadata if isinstance(mark, ColumnNames) for name in mark.names()]
        listed = f" One of {', '.join(names)}." if names else ""
        text = f"{field.description or ''}{listed} Default: {_shown(field)}."
        flags = [f"--{word.replace('_', '-')}" for word in _names(name, field)]
        if isinstance(default, bool):
            group.add_argument(
                *flags, dest=name, default=None, action=argparse.BooleanOptionalAction, help=_plain(text)
            )
        else:
            group.add_argument(*flags, dest=name, metavar="VALUE", help=_plain(text))


def add_model_options(parser: argparse.ArgumentParser, role: str) -> None:
    """Add one ``--option`` per option of the models that play a role, a group for each kind of model."""
    known: set[str] = set()
    for kind in kinds(role):
        fields = kind.Options.model_fields if kind.Options else {}
        group = parser.add_argument_group(f"options of {kind.title} models")
        for name in (name for name in fields if name not in known):
            text = _plain(f"{fields[name].description or ''} Default: {_shown(fields[name])}.")
            group.add_argument(f"--{name.replace('_', '-')}", dest=f"{OPTION}{name}", metavar="VALUE", help=text)
        known |= fields.keys()


def read_model_options(args: argparse.Namespace) -> dict[str, Any]:
    """Options of a model that were given on the command line, by name."""
    given = {name.removeprefix(OPTION): value for name, value in vars(args).items() if name.startswith(OPTION)}
    return {name: _value(name, value) for name, value in given.items() if value is not None}


def read_options(args: argparse.Namespace, cls: type[ParamsT]) -> ParamsT:
    """Parameters from a parsed command line: defaults, then the file, then options.

    Raises
    ------
    UserError
        Naming the parameter, its value and its limits.
    """
    data = read_yaml(args.params) if args.params else {}
    for name in cls.model_fields:
        value = getattr(args, name, None)
        if value is not None:
            data[name] = _value(name, value) if isinstance(value, str) else value
    return cls.parse(data)


def _shown(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    if isinstance(default, Params) and len(str(default)) > 60:
        return "{...}"
    return "none" if default is None else str(default)


def _names(name: str, field: FieldInfo) -> list[str]:
    """Name of a field and what else it may be called."""
    alias = field.validation_alias
    return list(dict.fromkeys([name, *map(str, alias.choices if isinstance(alias, AliasChoices) else ())]))


def _value(name: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(
            f"--{name.replace('_', '-')} {text!r} cannot be read.", "Write a number, text or YAML."
        ) from error


def _plain(text: str) -> str:
    """Help text with percent signs as argparse wants them."""
    return text.replace("%", "%%")
