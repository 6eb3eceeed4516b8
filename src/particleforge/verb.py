"""What the program can do. A verb is declared once; its Python call, command, job and docs derive from it."""

import builtins
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Annotated, Any, ParamSpec, TypeAlias, TypeVar, get_args, get_origin

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.registry import Registry
from particleforge.step import Step, Stepwise

P = ParamSpec("P")
T = TypeVar("T")
Plain: TypeAlias = dict[str, Any]
"""Text, numbers, booleans, and lists and dicts of them: no arrays, paths or other objects."""

OUT = "out"
"""Name of the argument for the output path of a verb; it is an option of the command."""


class InPlace:
    """Marks an argument that is positional in the command although it is `out` or optional."""


@dataclass(frozen=True)
class Argument:
    """One argument of a verb, apart from its parameters.

    Parameters
    ----------
    name
        Name of the argument.
    about
        Its description, from the docstring.
    many
        Whether it is a sequence.
    required
        Whether it must be given.
    in_place
        Whether it is positional in the command instead of an option.
    choices
        Registries whose kinds are the names it accepts.
    """

    name: str
    about: str
    many: bool
    required: bool
    in_place: bool
    choices: tuple[Registry[Any], ...] = ()


class Verb(Stepwise[P, T]):
    """A step that users call: as a Python function, on the command line, and in a job.

    It is a generator function whose arguments can all be given as text (folders, names, recipe files), except
    `params`, its parameters. Its docstring describes every argument in a section "Parameters", in NumPy style.

    Parameters
    ----------
    steps
        The function.
    report
        Returns its outcome as plain data, given its result and the arguments it was called with. A command prints the
        entries that are neither lists nor mappings, and an entry ``text`` verbatim.
    resumable
        Whether calling it again with the same arguments continues an interrupted run.
    """

    def __init__(
        self, steps: Callable[P, Step[T]], report: Callable[[T, Mapping[str, Any]], Plain], resumable: bool
    ) -> None:
        super().__init__(steps)
        self.report, self.resumable = report, resumable
        self.reference = f"{steps.__module__}:{steps.__name__}"

    @cached_property
    def params(self) -> type[Params] | None:
        """Class of its parameters; None if it has none."""
        parameter = inspect.signature(self.steps).parameters.get("params")
        return None if parameter is None else type(parameter.default)

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        """All arguments except `params`, in the order of the signature."""
        about = described(inspect.getdoc(self.steps) or "")
        parameters = inspect.signature(self.steps).parameters.values()
        return tuple(self._argument(one, about.get(one.name, "")) for one in parameters if one.name != "params")

    def plain_steps(self, args: Mapping[str, Any], params: Mapping[str, Any]) -> Step[Plain]:
        """Run on plain data and return plain data, as a job does.

        Raises
        ------
        UserError
            If a parameter is invalid, or parameters are given although the verb has none.
        """
        given: dict[str, Any] = dict(args)
        if self.params is not None:
            given["params"] = self.params.parse(params)
        elif params:
            raise UserError(f"{self.reference} has no parameters, but got {next(iter(params))!r}.", "Leave it out.")
        result = yield from self.steps(**given)  # type: ignore[call-arg]
        return self.report(result, args)

    def _argument(self, parameter: inspect.Parameter, about: str) -> Argument:
        annotation = parameter.annotation
        if isinstance(annotation, str):
            annotation = eval(annotation, {}, _Known(inspect.unwrap(self.steps).__globals__))
        marks = annotation.__metadata__ if get_origin(annotation) is Annotated else ()
        inner = get_args(annotation)[0] if marks else annotation
        required = parameter.default is inspect.Parameter.empty
        marked = any(isinstance(mark, InPlace) for mark in marks)
        in_place = marked or (required and parameter.name != OUT)
        choices = tuple(mark for mark in marks if isinstance(mark, Registry))
        return Argument(parameter.name, about, get_origin(inner) is Sequence, required, in_place, choices)


def verb(
    report: Callable[[T, Mapping[str, Any]], Plain], *, resumable: bool = False
) -> Callable[[Callable[P, Step[T]]], Verb[P, T]]:
    """Turn a generator function into a verb; see `Verb`."""
    return lambda steps: Verb(steps, report, resumable)


class Verbs(Registry[Verb[..., Any]]):
    """The verbs of a folder: each file holds the verb of the same name.

    A trailing underscore, as in ``import_``, marks a name that is a reserved word in Python.
    """

    def command(self, name: str) -> str:
        """Name on the command line."""
        return name.strip("_").replace("_", "-")

    def _kind(self, module: ModuleType, name: str) -> Verb[..., Any]:
        found = getattr(module, name, None)
        if not isinstance(found, Verb):
            raise UserError(f"{module.__name__} holds no verb {name!r}.", f"Define a function {name} under @verb.")
        return found


class _Unknown:
    """Placeholder for a class that a module imports for type checkers only."""

    def __class_getitem__(cls, _: object) -> type:
        return cls


class _Known(dict[str, Any]):
    """Names of a module."""

    def __missing__(self, name: str) -> Any:
        return vars(builtins).get(name, _Unknown)


def described(docstring: str) -> dict[str, str]:
    """Read the description of each argument from the section "Parameters" of a NumPy docstring."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}$|\Z)", docstring, re.DOTALL | re.MULTILINE)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section[1].splitlines() if section else ():
        if line.strip() and not line.startswith(" "):
            names = [name.strip() for name in line.partition(":")[0].split(",")]
        elif line.strip():
            found |= {name: f"{found.get(name, '')} {line.strip()}".strip() for name in names}
    return found
