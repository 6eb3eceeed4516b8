"""Read YAML and JSON within limits: the only place where files and text of users are parsed."""

import json
from pathlib import Path
from typing import Any

import yaml

from particleforge.errors import UserError, printable

MOST_BYTES = 16 * 2**20
"""Largest YAML file."""
MOST_JSON_BYTES = 2**30
"""Largest JSON file; those of exchange formats are large."""
MOST_VALUES = 300_000
"""Most values in YAML, counted as often as they are referred to."""
DEEPEST = 40
"""Most levels of nested lists and mappings."""
HINT = "Write it shorter and simpler."
LONGEST_NUMBER = 400
"""Most characters of a number."""


class _Limit(yaml.YAMLError):
    """YAML that is valid, but beyond a limit."""


class _Loader(yaml.SafeLoader):
    """Plain data only; dates stay text, and a mapping has each key once."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._total = 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose a node; one that an alias refers to counts again with everything in it."""
        line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            node = super().compose_node(parent, index)
            if id(node) not in self._sizes:
                raise _Limit(f"line {line} refers to a value that contains itself")
            self._count(self._sizes[id(node)], line)
            return node
        before = self._total
        self._depth += 1
        if self._depth > DEEPEST:
            raise _Limit(f"line {line} is nested more than {DEEPEST} levels deep")
        self._count(1, line)
        node = super().compose_node(parent, index)
        self._depth -= 1
        self._sizes[id(node)] = self._total - before
        return node

    def _count(self, values: int, line: int) -> None:
        self._total += values
        if self._total > MOST_VALUES:
            raise _Limit(f"up to line {line} it holds more than {MOST_VALUES} values, repeated ones included")

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Refuse a key that is given twice."""
        seen: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise _Limit(f"line {key.start_mark.line + 1} gives {key.value!r} a second time")
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _scalar(kind: str) -> Any:
    read = getattr(yaml.SafeLoader, f"construct_yaml_{kind}")

    def construct(loader: _Loader, node: yaml.ScalarNode) -> Any:
        line = node.start_mark.line + 1
        if len(node.value) > LONGEST_NUMBER:
            raise _Limit(f"line {line} holds a number of {len(node.value)} characters; at most {LONGEST_NUMBER}")
        try:
            return read(loader, node)
        except (ValueError, KeyError, IndexError):
            raise _Limit(f"line {line}: {node.value!r} is not a value of the type {kind}") from None

    return construct


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in ("timestamp", "value")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_constructors = {
    tag: construct
    for tag, construct in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in ("null", "str", "seq", "map")
}
for _kind in ("bool", "int", "float"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _scalar(_kind))


def parse_yaml(text: str, name: str) -> Any:
    """Plain data from YAML.

    Parameters
    ----------
    text
        The YAML.
    name
        Where it is from, for messages.

    Raises
    ------
    UserError
        If it is not valid, or beyond a limit: nesting, number of values, digits of a number.
    """
    loader = None
    try:
        loader = _Loader(text)
        return loader.get_single_data()
    except _Limit as error:
        raise UserError(f"{name} cannot be used: {error}.", HINT) from error
    except yaml.YAMLError as error:
        raise UserError(f"{name} is not valid YAML: {error}", "Check the file's syntax.") from error
    finally:
        if loader is not None:
            loader.dispose()


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises
    ------
    UserError
        If the file is missing or unreadable, is not a mapping, or is beyond a limit.
    """
    data = parse_yaml(_text(path, MOST_BYTES, "YAML"), str(path))
    if not isinstance(data, dict):
        found = "is empty" if data is None else f"holds a {type(data).__name__}"
        raise UserError(f"{path} {found}; `name: value` lines are needed.")
    return data


def parse_json(text: str | bytes, name: str) -> Any:
    """Plain data from JSON; see `parse_yaml`.

    Raises
    ------
    UserError
        If it is not valid, or beyond a limit: nesting, digits of a number.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"{name} is not valid JSON: {error}.", "Check the file's syntax.") from error
    except RecursionError:
        raise UserError(_nested(name), HINT) from None
    except ValueError:
        raise UserError(f"{name} cannot be used: it holds a number that is too long.", HINT) from None
    if _depth(data) > DEEPEST:
        raise UserError(_nested(name), HINT)
    return data


def read_json(path: Path, most_bytes: int = MOST_JSON_BYTES) -> Any:
    """Read a JSON file.

    Raises
    ------
    UserError
        If the file is missing or unreadable, or is beyond a limit.
    """
    return parse_json(_text(path, most_bytes, "JSON"), str(path))


def _text(path: Path, most_bytes: int, kind: str) -> str:
    """Contents of a text file that is not too large."""
    try:
        size = path.stat().st_size
        if size > most_bytes:
            raise UserError(
                f"{path} has {size / 2**20:.0f} MiB; at most {most_bytes / 2**20:.0f} MiB are read.",
                "Check that it is the right file.",
            )
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not valid {kind}: {error}.", "Save it as text in UTF-8.") from error
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise UserError(printable(f"{path} cannot be read ({reason})."), "Check the path.") from error


def _nested(name: str) -> str:
    return f"{name} cannot be used: it is nested more than {DEEPEST} levels deep."


def _depth(data: Any) -> int:
    """Levels of lists and mappings."""
    depth, level = 0, [data]
    while level := [
        inner
        for one in level
        if isinstance(one, (dict, list))
        for inner in ((one.values() if isinstance(one, dict) else one) if one else ())
    ]:
        depth += 1
        if depth > DEEPEST:
            break
    return depth
