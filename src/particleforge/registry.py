"""Kinds of a role: found as files in the role's folder, and as entry points of other packages.

There is no list of kinds. A kind is the file ``NAME.py`` in the folder of its role (``NAME/MODULE.py`` where
kinds are folders), or an entry point ``NAME`` of another package in the group ``particleforge.FOLDER``. Names of files
that are not kinds begin with an underscore. Nothing is imported until it is requested.
"""

import ast
import pkgutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from particleforge.errors import UserError, suggestion

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ValidationError
    from pydantic_core import CoreSchema

T = TypeVar("T")


class Registry(Generic[T]):
    """The kinds of a role by name: the modules of its folder, for example readers of files.

    Parameters
    ----------
    role
        What a kind is called in messages, for example ``reader``.
    package
        Dotted name of the folder.
    module
        If each kind is a folder: name of the file in it that defines the kind.
    skip
        Files of the folder that are not kinds although their names do not begin with an underscore.

    Examples
    --------
    >>> from particleforge.registry import Registry
    >>> formats = Registry("exchange format", "particleforge.store.exchange")
    """

    def __init__(self, role: str, package: str, module: str = "", skip: frozenset[str] = frozenset()) -> None:
        self.role, self.package = role, package
        self._module, self._skip = module, skip
        self._loaded: dict[str, T] = {}

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._files or name in self._entry_points.names)

    def names(self) -> list[str]:
        """Names of all kinds, the built-in ones first."""
        return [*sorted(self._files), *sorted(self._entry_points.names - self._files.keys())]

    def members(self) -> dict[str, T]:
        """Import all kinds and return them by name.

        Warns
        -----
        RuntimeWarning
            For each kind of another package that cannot be imported; it is left out.
        """
        found = {}
        for name in self.names():
            try:
                found[name] = self.get(name)
            except UserError as error:
                warnings.warn(str(error), RuntimeWarning, stacklevel=2)
        return found

    def built_in(self) -> list[str]:
        """Names of the kinds in the folder, in alphabetical order, without those of other packages."""
        return sorted(self._files)

    def get(self, name: str) -> T:
        """Import a kind.

        Raises
        ------
        UserError
            If there is no kind of that name, or the package that provides it cannot be imported.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def summary(self, name: str) -> str:
        """First line of the docstring of a kind's file; built-in files are read without importing them."""
        if name in self._files:
            text = ast.get_docstring(ast.parse(self._files[name].read_text(encoding="utf-8")))
        else:
            text = self.get(name).__doc__
        return (text or "").strip().partition("\n")[0]

    def folder(self, name: str) -> Path | None:
        """Folder of a kind's file, for data next to it; nothing is imported. None if it is not in a folder on disk."""
        if name in self._files:
            return self._files[name].parent
        package, *inner = self._entry_points[name].module.split(".")
        spec = find_spec(package)
        places = None if spec is None else spec.submodule_search_locations
        return Path(next(iter(places)), *inner[:-1]) if places else None

    def _load(self, name: str) -> T:
        if name in self._files:
            return self._kind(import_module(self._module_name(name)), name)
        if name not in self._entry_points.names:
            raise UserError(f"There is no {self.role} {name!r}.", suggestion(name, self.names()))
        return self._kind_of_package(self._entry_points[name])

    def _kind(self, module: ModuleType, name: str) -> T:
        """Kind defined by a module: the module itself."""
        return cast("T", module)

    def _kind_of_package(self, found: EntryPoint) -> T:
        try:
            loaded = found.load()
        except Exception as error:
            owner = found.dist.name if found.dist else found.value
            raise UserError(
                f"The {self.role} {found.name!r} of the package {owner} cannot be used ({error}).",
                f"Update or remove {owner}.",
            ) from error
        return self._kind(loaded, found.name) if isinstance(loaded, ModuleType) else cast("T", loaded)

    def _module_name(self, name: str) -> str:
        return ".".join(filter(None, (self.package, name, self._module)))

    @cached_property
    def _files(self) -> dict[str, Path]:
        folder = Path(str(import_module(self.package).__file__)).parent
        found = {}
        for info in pkgutil.iter_modules([str(folder)]):
            path = folder / info.name / f"{self._module}.py" if self._module else folder / f"{info.name}.py"
            if info.ispkg == bool(self._module) and not info.name.startswith("_") and path.is_file():
                found[info.name] = path
        return {name: path for name, path in found.items() if name not in self._skip}

    @cached_property
    def _entry_points(self) -> EntryPoints:
        return _installed().select(group=f"particleforge.{self.package.rpartition('.')[2]}")


class Kinds(Registry[type[T]]):
    """The classes of a role, each with its name as `kind`; used as an annotation, it parses and writes any of them.

    Parameters
    ----------
    base
        Their common base class; it is in the folder of the kinds, in a file of its own.
    module
        See `Registry`.
    role
        What a kind is called in messages; empty: the name of `base` in lower case.

    Examples
    --------
    >>> from typing import Annotated
    >>> from particleforge.params import Params
    >>> class Border(Params): ...
    >>> AnyBorder = Annotated[Border, Kinds(Border)]
    """

    def __init__(self, base: type[T], module: str = "", role: str = "") -> None:
        package, _, own = base.__module__.rpartition(".")
        super().__init__(role or base.__name__.lower(), package, module, frozenset({own}))
        self.base = base

    def parse(self, data: Mapping[str, Any] | str) -> T:
        """Parameters of any kind from plain data with its `kind`, or from the name of a kind alone.

        Raises
        ------
        UserError
            If there is no such kind, or a parameter is invalid.
        """
        given = {"kind": data} if isinstance(data, str) else data
        cls: Any = self.get(str(given.get("kind")))
        return cast("T", cls.parse(given))

    def validate(self, value: Any) -> T:
        """Validate a value for pydantic: one of the kinds, plain data with its `kind`, or the name of a kind alone."""
        if isinstance(value, self.base):
            return value
        given = {"kind": value} if isinstance(value, str) else value
        if not isinstance(given, Mapping) or "kind" not in given:
            raise ValueError(f"a {self.role} needs its kind; available: {', '.join(self.names())}")
        if given["kind"] not in self:
            raise ValueError(f"there is no {self.role} {given['kind']!r}; available: {', '.join(self.names())}")
        from pydantic import ValidationError

        try:
            cls: Any = self.get(given["kind"])
            return cast("T", cls.model_validate(given))
        except UserError as error:
            raise ValueError(str(error)) from error
        except ValidationError as error:
            raise _located(error, given["kind"]) from error

    def __get_pydantic_core_schema__(self, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.validate)

    def _kind(self, module: ModuleType, name: str) -> type[T]:
        for item in vars(module).values():
            if isinstance(item, type) and issubclass(item, self.base) and kind_of(item) == name:
                return item
        raise UserError(
            f"{module.__name__} holds no {self.role} of the kind {name!r}.",
            f"It needs a class derived from {self.base.__name__} whose `kind` is {name!r}.",
        )


@dataclass(frozen=True)
class NameOf:
    """Annotation of a text field that holds the name of a kind.

    Parameters
    ----------
    registry
        Which kinds there are.
    """

    registry: Registry[Any]

    def names(self) -> list[str]:
        """Names it may hold."""
        return self.registry.names()

    def __get_pydantic_core_schema__(self, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, name: str) -> str:
        if name not in self.registry:
            raise ValueError(f"there is no {self.registry.role} {name!r}. {suggestion(name, self.names())}".strip())
        return name


def kind_of(cls: type) -> str | None:
    """Name of a kind: the default of its field `kind`, or its attribute `kind`; None if it has neither."""
    fields = cls.__dict__.get("__pydantic_fields__", {})
    name = fields["kind"].default if "kind" in fields else getattr(cls, "kind", None)
    return name if isinstance(name, str) else None


@cache
def _installed() -> EntryPoints:
    return cast("EntryPoints", entry_points())


def _located(error: "ValidationError", kind: str) -> "ValidationError":
    """Prefix the location of each error with the kind, as pydantic does for unions."""
    from pydantic import ValidationError
    from pydantic_core import InitErrorDetails, PydanticCustomError

    problems: list[InitErrorDetails] = [
        {
            "type": PydanticCustomError(cast("Any", problem["type"]), cast("Any", problem["msg"])),
            "loc": (kind, *problem["loc"]),
            "input": problem["input"],
        }
        for problem in error.errors(include_url=False)
    ]
    return ValidationError.from_exception_data(error.title, problems)
