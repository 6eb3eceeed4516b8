"""Command-line arguments derived from verbs and parameter classes."""

import argparse
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from particleforge.errors import UserError
from particleforge.measurement.columns import ColumnNames
from particleforge.params import OneOfSeveral, Params, names_of
from particleforge.plain_data import parse_yaml, read_yaml
from particleforge.registry import NameOf, Registry
from particleforge.verb import Verb

ParamsT = TypeVar("ParamsT", bound=Params)

SHORT = 40
"""Choices up to this total length replace the placeholder of the value; longer ones go into the help text."""


def add_arguments(parser: argparse.ArgumentParser, verb: Verb[..., Any]) -> None:
    """Add the arguments of a verb, positional or as options, and an option for each of its parameters."""
    for argument in verb.arguments:
        names = [name for registry in argument.choices for name in registry.names()]
        text = _plain(argument.about + (f" One of {', '.join(dict.fromkeys(names))}." if names else ""))
        if argument.in_place:
            counts = ("+", None) if argument.required else ("*", "?")
            count = counts[0] if argument.many else counts[1]
            parser.add_argument(argument.name, nargs=count, help=text)
        else:
            flag = f"--{argument.name.replace('_', '-')}"
            parser.add_argument(flag, nargs="+" if argument.many else None, required=argument.required, help=text)
    if verb.params is not None:
        add_options(parser, verb.params)


def read_arguments(args: argparse.Namespace, verb: Verb[..., Any]) -> dict[str, Any]:
    """Arguments of a verb from a parsed command line, without those that were left out."""
    given = {argument.name: getattr(args, argument.name) for argument in verb.arguments}
    return {name: value for name, value in given.items() if value is not None}


def add_options(parser: argparse.ArgumentParser, cls: type[Params]) -> None:
    """Add one ``--option`` per field of a parameter class, and ``--params FILE.yaml`` for all of them at once.

    Values are YAML, so nested parameters can be written as ``--augment '{scale: 1.2}'``.
    """
    group = parser.add_argument_group("parameters")
    group.add_argument("--params", type=Path, metavar="FILE.yaml", help="Parameters as YAML; options override them.")
    several = {
        name: mark
        for name, field in cls.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, OneOfSeveral)
    }
    for name, field in cls.model_fields.items():
        if name not in several:
            _add_option(group, name, field)
    for name, mark in several.items():
        _add_one_of_several(parser, name, mark)


def read_options(args: argparse.Namespace, cls: type[ParamsT]) -> ParamsT:
    """Parameters from a parsed command line: defaults, then the file, then options.

    Raises
    ------
    UserError
        Naming the parameter, its value and its limits.
    """
    data = read_yaml(args.params) if args.params else {}
    for name, field in cls.model_fields.items():
        value = getattr(args, name, None)
        if value is not None:
            for other in names_of(name, field):  # what the file calls it
                data.pop(other, None)
            data[name] = _value(name, value)
        for mark in field.metadata:
            if isinstance(mark, OneOfSeveral) and (given := _given(args, name)):
                data[name] = {**(data.get(name) or {}), **given}
                _check(data[name], mark)
    return cls.parse(data)


def _given(args: argparse.Namespace, name: str) -> dict[str, Any]:
    """Values on the command line for a field that holds parameters of one of several classes."""
    inner = {key.removeprefix(f"{name}."): value for key, value in vars(args).items() if key.startswith(f"{name}.")}
    return {key: _value(key, value) for key, value in inner.items() if value is not None}


def _check(data: dict[str, Any], several: OneOfSeveral) -> None:
    """Refuse values that are invalid for every class, before anything is read."""
    fitting = [cls for cls in several.classes().values() if data.keys() <= cls.model_fields.keys()]
    errors = []
    for cls in fitting:
        try:
            cls.parse(data)
        except UserError as error:
            errors.append(error)
    if errors and len(errors) == len(fitting):
        raise errors[0]


def choices(annotation: Any) -> list[str]:
    """Words that a field accepts, from a `Literal` or a registry; none if it also accepts something else."""
    return list(dict.fromkeys(_choices(annotation)))


def _add_one_of_several(parser: argparse.ArgumentParser, name: str, several: OneOfSeveral) -> None:
    """Add the options of every class that a field may hold, one group each; equal names become one option."""
    known: set[str] = set()
    for owner, cls in several.classes().items():
        group = parser.add_argument_group(f"options of {owner}")
        for inner, field in cls.model_fields.items():
            if inner not in known | {"kind"}:
                _add_option(group, inner, field, dest=f"{name}.{inner}")
        known |= cls.model_fields.keys()


def _add_option(group: Any, name: str, field: FieldInfo, dest: str = "") -> None:
    default = field.get_default(call_default_factory=True)
    words = choices((field.annotation, *field.metadata))
    short = len(",".join(words)) <= SHORT
    listed = f" One of {', '.join(words)}." if words and not short else ""
    if isinstance(default, Params) and not words:
        listed = f" YAML with {', '.join(type(default).model_fields)}."
    text = _plain(f"{field.description or ''}{listed} Default: {_shown(default)}.")
    flags = [f"--{word.replace('_', '-')}" for word in names_of(name, field)]
    if isinstance(default, bool):
        group.add_argument(*flags, dest=dest or name, default=None, action=argparse.BooleanOptionalAction, help=text)
    else:
        metavar = f"{{{','.join(words)}}}" if words and short else "KIND" if words else "VALUE"
        group.add_argument(*flags, dest=dest or name, metavar=metavar, help=text)


def _shown(default: Any) -> str:
    if isinstance(default, Params):
        kind = getattr(default, "kind", None)
        return kind if isinstance(kind, str) else "{...}" if len(str(default)) > 60 else str(default)
    return "none" if default is None else str(default)


def _choices(annotation: Any) -> Iterator[str]:
    if isinstance(annotation, tuple):
        for part in annotation:
            yield from _choices(part)
    elif isinstance(annotation, (Registry, NameOf, ColumnNames)):
        yield from annotation.names()
    elif get_origin(annotation) is Literal:
        yield from map(str, get_args(annotation))
    elif get_origin(annotation) in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _choices(part)


def _value(name: str, given: Any) -> Any:
    """Value of an option, parsed from YAML."""
    return parse_yaml(given, f"--{name.replace('_', '-')}") if isinstance(given, str) else given


def _plain(text: str) -> str:
    """Help text with percent signs escaped for argparse."""
    return text.replace("%", "%%")
