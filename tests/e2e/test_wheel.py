"""The wheel as a stranger gets it: installed with napari into an empty environment."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("display")]

ROOT = Path(__file__).parents[2]
PANELS = {
    "ParticleForge": "Bench",
    "Augment": "AugmentPanel",
    "Synthesize": "SynthesizePanel",
    "Aggregates": "AggregatesPanel",
    "Correct large labels": "LargeLabels",
}
SCRIPT = """
import json, sys
import napari, particleforge
from napari.settings import get_plugin_settings
from npe2 import PluginManifest
from qtpy.QtWidgets import QApplication

PluginManifest.from_distribution("napari-particleforge").validate_imports()
viewer = napari.Viewer(show=True)
found = {"package": particleforge.__file__, "panels": [], "samples": {}}
for name in sys.argv[1:]:
    _, panel = viewer.window.add_plugin_dock_widget("napari-particleforge", name)
    QApplication.processEvents()
    found["panels"].append([type(panel).__name__, panel.isVisible()])
for key in ("spheres", "rods"):
    layers = viewer.open_sample("napari-particleforge", key)
    found["samples"][key] = [[layer.name, str(layer.data.dtype), int(layer.data.max())] for layer in layers]
settings = get_plugin_settings("napari-particleforge")
found["preferences"] = sorted(type(settings).model_fields)
viewer.close()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Python of an environment that holds the wheel, napari, and what these need, in the locked versions."""
    uv = shutil.which("uv") or shutil.which("uv", path=Path.home() / ".local" / "bin")
    if uv is None:
        pytest.skip("uv builds the wheel and the environment")
    folder = tmp_path_factory.mktemp("wheel")

    def run(*words):
        """Run uv with what is in its cache, else with the network."""
        for offline in ("1", "0"):
            done = subprocess.run(
                [uv, *words], cwd=ROOT, env=os.environ | {"UV_OFFLINE": offline}, capture_output=True, text=True
            )
            if not done.returncode:
                return
        if "error sending request" in done.stderr:
            pytest.skip("there is no network, and uv's cache lacks packages")
        pytest.fail(done.stderr)

    run("build", "--quiet", "--wheel", "--out-dir", folder)
    (wheel,) = folder.glob("*.whl")
    constraints = folder / "constraints.txt"
    run("export", "--quiet", "--frozen", "--no-hashes", "--no-emit-project", "--all-extras", "-o", constraints)
    run("venv", "--quiet", "--python", sys.executable, folder / "venv")
    python = folder / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    required = f"napari-particleforge[all] @ {wheel.as_uri()}"
    run("pip", "install", "--quiet", "--python", python, "--constraint", constraints, required)
    yield python
    shutil.rmtree(folder)


def test_the_wheel_brings_panels_samples_and_preferences(python, tmp_path):
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    own = {"HOME": str(tmp_path), "NAPARI_CONFIG": str(tmp_path / "settings.yaml"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*words):
        done = subprocess.run(words, cwd=tmp_path, env=kept | own, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    found = json.loads(run(python, "-c", SCRIPT, *PANELS).splitlines()[-1])
    assert Path(found["package"]).is_relative_to(python.parents[1])
    assert found["panels"] == [[kind, True] for kind in PANELS.values()]
    assert list(found["samples"]) == ["spheres", "rods"]
    for (_, image, _), (_, _, particles) in found["samples"].values():
        assert image == "uint8" and particles > 30
    assert "workspace" in found["preferences"]
    assert version("napari-particleforge") in run(python.with_name("particleforge"), "--version")
