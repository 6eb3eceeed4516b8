"""Modules import each other in one direction, and all of them are type-checked."""

import ast
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def modules(folder: Path) -> dict[str, Path]:
    """Files of a package by the dotted names of their modules."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(body: list[ast.stmt], known: dict[str, Path]) -> Iterator[str]:
    """Modules of the package that statements import when they run; those for type checkers only do not."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in inner if name in known)
            if any(name not in known for name in inner):
                yield node.module
        elif isinstance(node, ast.If):
            guarded = ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
            yield from imports(node.orelse if guarded else node.body + node.orelse, known)
        elif isinstance(node, (ast.Try, ast.With, ast.ClassDef)):
            yield from imports(node.body, known)
            for handler in getattr(node, "handlers", ()):
                yield from imports(handler.body, known)


def cycle(folder: Path) -> list[str]:
    """Modules of a package that import each other in a ring; empty where there are none."""
    known = modules(folder)
    graph = {
        name: set(imports(ast.parse(path.read_text(encoding="utf-8")).body, known)) for name, path in known.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_ring():
    assert cycle(ROOT / "src" / "particleforge") == []


@pytest.mark.parametrize(
    ("back", "found"),
    [
        ("from ring.a import A", True),
        ("from ring import a", True),
        ("try:\n    import ring.a\nexcept ImportError:\n    pass", True),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ring.a import A", False),
        ("def later():\n    from ring.a import A", False),
    ],
)
def test_a_ring_is_found(tmp_path, back, found):
    folder = tmp_path / "ring"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "a.py").write_text("from ring.b import B\n")
    (folder / "b.py").write_text("from ring.c import C\n")
    (folder / "c.py").write_text(f"{back}\n")
    assert bool(cycle(folder)) == found


def test_no_module_is_left_out_of_type_checking():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert config["strict"]
    for part in (config, *config["overrides"]):
        assert "ignore_errors" not in part and "exclude" not in part, part
