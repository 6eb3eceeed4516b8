"""The rules of docs/architecture.md that a machine can check."""

import ast
import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import particleforge
from particleforge.params import Params

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "particleforge"
FILES = sorted(SOURCE.rglob("*.py"))
HEAVY = set(
    "torch torchvision pycocotools lightning_fabric mitsuba matplotlib stardist dask napari qtpy magicgui".split()
)
LIGHT_FLOORS = [
    "particleforge.params",
    "particleforge.registry",
    "particleforge.verb",
    "particleforge.draws",
    "particleforge.step",
    "particleforge.seeds",
    "particleforge.micrograph",
    "particleforge.sample",
    "particleforge.schema",
    "particleforge.store.dataset",
    "particleforge.store.annotated",
    "particleforge.store.exchange",
    "particleforge.recipes.any",
    "particleforge.recipes.synthesize",
    "particleforge.measurement.particles",
    "particleforge.measurement.figures",
    "particleforge.measurement.report.write",
    "particleforge.annotate.click",
    "particleforge.annotate.edit",
    "particleforge.annotate.progress",
    "particleforge.annotate.scale",
    "particleforge.models.patches",
    "particleforge.models.opening",
    "particleforge.models.trained",
    "particleforge.models.training_params",
    "particleforge.models.stardist.kind",
    "particleforge.models.estimator.kind",
    "particleforge.quality.matching",
    "particleforge.models.stardist.train_params",
    "particleforge.models.estimator.train_params",
    "particleforge.models.estimator.model",
    "particleforge.api",
    *(f"particleforge.workflows.{path.stem}" for path in sorted((SOURCE / "workflows").glob("[a-z]*.py"))),
    "particleforge.jobs.job",
    "particleforge.jobs.child",
    "particleforge.cli.main",
    "particleforge.cli.options",
]


def python(code):
    """Output of a child process without anything imported yet."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_import_rules_hold():
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout


@cache
def heavy_after_importing():
    """Heavy modules in `sys.modules` after each floor, imported one after the other in a child process."""
    code = f"""
import importlib, json, sys
found = {{}}
for name in {LIGHT_FLOORS!r}:
    importlib.import_module(name)
    found[name] = sorted({HEAVY!r} & {{module.partition('.')[0] for module in sys.modules}})
print(json.dumps(found))
"""
    return json.loads(python(code))


@pytest.mark.parametrize("floor", LIGHT_FLOORS)
def test_a_floor_imports_nothing_heavy(floor):
    assert heavy_after_importing()[floor] == []


def test_the_package_itself_imports_next_to_nothing():
    code = """
import sys, time
began = time.perf_counter()
import particleforge
print(time.perf_counter() - began)
print(sorted({'numpy', 'scipy', 'pandas', 'pydantic', 'torch', 'zarr'} & set(sys.modules)))
"""
    runs = [python(code).splitlines() for _ in range(3)]
    assert {modules for _, modules in runs} == {"[]"}
    assert min(float(seconds) for seconds, _ in runs) < 0.3


@pytest.mark.parametrize("module", ["particleforge.jobs.job", "particleforge.jobs.child"])
def test_jobs_import_no_arrays(module):
    found = python(
        f"import {module}, sys; print(sorted({{'numpy', 'scipy', 'pandas', 'torch', 'zarr'}} & set(sys.modules)))"
    )
    assert found == "[]"


def test_every_public_name_can_be_had():
    assert "learn" in dir(particleforge)
    for name in dir(particleforge):
        assert getattr(particleforge, name) is not None
    assert particleforge.Micrograph.__name__ == "Micrograph"


def test_the_manifest_at_the_top_is_the_packaged_one():
    assert (ROOT / "napari.yaml").read_bytes() == (SOURCE / "napari.yaml").read_bytes()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_manifest_is_valid_and_leads_to_functions():
    from npe2 import PluginManifest

    manifest = PluginManifest.from_distribution("napari-particleforge")
    manifest.validate_imports()
    assert manifest.display_name == "ParticleForge"
    for command in manifest.contributions.commands:
        module, _, function = command.python_name.partition(":")
        assert callable(getattr(importlib.import_module(module), function))


def functions_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_and_functions_stay_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    for function in functions_of(path):
        text = function.body[0] if ast.get_docstring(function) else None
        described = text.end_lineno - text.lineno + 1 if text else 0
        assert function.end_lineno - function.lineno + 1 - described <= 80, function.name
        names = [
            argument.arg for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        ]
        counted = [name for name in names if name not in ("self", "cls", "params")]
        if not any("compiled" in ast.unparse(decorator) for decorator in function.decorator_list):
            assert len(counted) <= 7, function.name


def test_no_print_no_blind_except():
    ruff = Path(sys.executable).with_name("ruff")
    command = [ruff, "check", "--isolated", "--select", "T20,BLE,E722,S101,NPY002", "--exclude", "sample_data", SOURCE]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


@cache
def test_signals_go_to_methods():
    """A function that holds its widget and is connected to a signal of it keeps it alive for good under PySide6."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "connect":
                assert not any(isinstance(given, ast.Lambda) for given in node.args), f"{path}:{node.lineno}"


def modules():
    """Every module of the package that can be imported without a display."""
    return [
        importlib.import_module(info.name)
        for info in pkgutil.walk_packages(particleforge.__path__, "particleforge.")
        if not info.name.startswith(("particleforge.widgets", "particleforge.sample_data"))
        and not info.name.endswith("__main__")
    ]


def params_classes(base=Params):
    modules()
    return {base} | {deeper for child in base.__subclasses__() for deeper in params_classes(child)}


def test_every_parameter_is_described_and_has_a_default_that_runs():
    classes = [
        cls for cls in params_classes() if cls.__module__.startswith("particleforge.") and cls.__name__[0] != "_"
    ]
    assert len(classes) > 15
    for cls in classes:
        for name, field in cls.model_fields.items():
            assert name == "kind" or field.description, f"{cls.__name__}.{name}"
        if not inspect.isabstract(cls):
            assert cls().replace() == cls()


def test_everything_public_is_documented():
    missing = []
    for module in modules():
        own = [
            (name, item)
            for name, item in vars(module).items()
            if not name.startswith("_")
            and (inspect.isfunction(item) or inspect.isclass(item))
            and item.__module__ == module.__name__
        ]
        missing += [f"{module.__name__}.{name}" for name, item in own if not (item.__doc__ or "").strip()]
        missing += [] if (module.__doc__ or "").strip() else [module.__name__]
    assert not missing


PARSERS = {"yaml.safe_load", "yaml.load", "yaml.full_load", "json.load", "json.loads", "pickle.load", "pickle.loads"}
OWN = {
    "compute/cluster.py": "what our own process on another machine sends",
    "compute/local.py": "what our own parent process says",
    "plain_data.py": "the place where files of users are parsed",
    "jobs/messages.py": "what our own child process says",
    "recipes/render/engine/engine.py": "what our own child process says, and a cache",
    "recipes/render/engine/child.py": "what our own parent process says",
    "recipes/aggregate/table.py": "part of the package",
    "store/rows.py": "many short lines, read under `unreadable`",
}


def test_files_of_users_are_parsed_within_limits_in_one_place():
    """Everything else reads YAML and JSON by `plain_data`; torch loads weights only."""
    found = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in PARSERS:
                found.add(path.relative_to(SOURCE).as_posix())
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
                assert "weights_only=True" in ast.unparse(node), path
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "numpy.load"):
                assert "allow_pickle=True" not in ast.unparse(node), path
    assert found == set(OWN)
