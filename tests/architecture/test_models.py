"""Nobody outside of a kind of model knows it by name.

Names of kinds must not be found as words in imports, identifiers and strings of code; descriptions may speak of a
method to people. Where a kind is called as its role is (an estimator estimates), or by a word that is needed elsewhere
(threshold, rods), only imports from its folder count. `training_params` says which kind is trained where none is given.
"""

import ast
import re
from pathlib import Path

import pytest

import particleforge
from particleforge.models.kind import MODELS

SOURCE = Path(particleforge.__file__).parent
NAMES = [name for name in MODELS.names() if (SOURCE / "models" / name).is_dir()]
ALLOWED = {"models/training_params.py"}
FORMATS = SOURCE / "store" / "exchange"
"""Formats of files are called after the programs that read them."""


def words(tree):
    """Identifiers, imported modules and strings of code that are not descriptions."""
    described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    described |= {
        id(keyword.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "description"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield f"{node.module}"
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in described:
            yield node.value


def named(text, name, role):
    """Whether code names a kind."""
    if name == role or name in ("threshold", "rods"):  # words of their own elsewhere
        return re.search(rf"\bmodels\.{name}\b", text) is not None
    return re.search(rf"(?<![a-z]){name}(?![a-z])", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("name", NAMES)
def test_no_module_outside_of_a_kind_names_it(name):
    role, own = MODELS.get(name).role, SOURCE / "models" / name
    found = []
    for path in SOURCE.rglob("*.py"):
        if path.is_relative_to(own) or path.is_relative_to(FORMATS) or str(path.relative_to(SOURCE)) in ALLOWED:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(SOURCE)}: {text[:60]}" for text in words(tree) if named(text, name, role)]
    assert not found


def test_nobody_outside_asks_for_a_class_of_a_kind():
    classes = {
        node.name
        for name in NAMES
        for path in (SOURCE / "models" / name).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and re.search(rf"^{name}", node.name, re.IGNORECASE)
    } - {"Estimator"}  # the role is called so, too
    assert "StarDistModel" in classes
    for path in SOURCE.rglob("*.py"):
        if any(path.is_relative_to(SOURCE / "models" / name) for name in NAMES):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
                assert not classes & {inner.id for inner in ast.walk(node.args[1]) if isinstance(inner, ast.Name)}, path
