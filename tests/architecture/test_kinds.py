"""A kind is known in its own folder only; everybody else asks the registry."""

import ast
from pathlib import Path

import pytest

import particleforge
from particleforge.recipes.any import RECIPES, about, presets

SOURCE = Path(particleforge.__file__).parent
FILES = [path for path in sorted(SOURCE.rglob("*.py")) if "sample_data" not in path.parts]
KINDS = RECIPES.members()
ALLOWED = {
    ("recipes/aggregate_scene", "render"): "renders",
    ("recipes/aggregate_scene", "aggregate"): "what has grown",
    ("widgets/aggregates", "aggregate"): "the panel of this kind",
    ("models/estimator", "aggregate"): "targets read from the truth of aggregates",
    ("workflows/export.py", "aggregate"): "writes aggregates for other programs",
    ("workflows/adapt.py", "neighbourhood"): "makes a recipe of this kind",
}
"""Who may import a kind of recipe, and why."""


def imports(path):
    """Dotted names of all modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def uses():
    """(file, kind) wherever a file outside the folder of a kind of recipe imports from it."""
    for path in FILES:
        place = path.relative_to(SOURCE).as_posix()
        for kind in KINDS:
            prefix = f"particleforge.recipes.{kind}."
            if not place.startswith(f"recipes/{kind}/") and any(
                f"{name}.".startswith(prefix) for name in imports(path)
            ):
                yield place, kind


def test_only_who_is_allowed_imports_a_kind_of_recipe():
    strangers = {
        (place, kind)
        for place, kind in uses()
        if not any(place.startswith(allowed) and kind == other for allowed, other in ALLOWED)
    }
    assert not strangers


def test_no_permission_is_left_over():
    used = set(uses())
    assert all(any(place.startswith(folder) and kind == which for place, kind in used) for folder, which in ALLOWED)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nobody_asks_what_kind_a_recipe_is(path):
    names = {cls.__name__: kind for kind, cls in KINDS.items()}
    place = path.relative_to(SOURCE).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("isinstance", "issubclass"):
            asked = {getattr(part, "id", getattr(part, "attr", "")) for part in ast.walk(node.args[1])}
            for name in asked & names.keys():
                assert place.startswith(f"recipes/{names[name]}/"), f"{place}:{node.lineno} asks for {name}"


@pytest.mark.parametrize("kind", KINDS)
def test_fields_in_front_are_fields(kind):
    assert set(KINDS[kind].front) <= KINDS[kind].model_fields.keys()


@pytest.mark.parametrize("name", presets())
def test_a_preset_has_a_line_and_a_picture(name):
    assert about(name)
    assert presets()[name].with_suffix(".jpg").is_file()
