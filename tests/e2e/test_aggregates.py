"""The aggregates panel as a person uses it: grow, turn, estimate from layers in memory, look at the shadow."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from qtpy.QtWidgets import QFileDialog

from particleforge.plain_data import read_yaml
from particleforge.recipes.any import parse_recipe, read_recipe
from particleforge.recipes.fields import value_of
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.widgets.aggregates.shadow_view import RECIPE
from particleforge.widgets.aggregates.shown import IMAGE, SPHERES

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("display")]

LIMIT_MS = 600_000
SMALL = {
    "kind": "aggregate",
    "height_px": 32,
    "width_px": 32,
    "pixel_size_nm": 8,
    "growth": {"kind": "paper", "particles": "uniform(5, 20)"},
}
GROUPS = {
    "kind": "batches",
    "batches": 12,
    "shared": ["growth.fractal_dimension", "materials.TiO2.share"],
    "recipe": SMALL,
}
TRAINING = {
    "minutes": None,
    "steps": 4,
    "validations": 2,
    "prepare": {"pool": 1},
    "network": {"convolutions": [1, 1], "channels": [4, 4], "hidden": 8, "features": 8},
    "targets": [
        {"kind": "regression", "parameter": "growth.fractal_dimension"},
        {"kind": "share", "parameter": "materials.TiO2.share", "shown": "truth.material=TiO2"},
    ],
}


@pytest.fixture(scope="module")
def estimator(tmp_path_factory):
    """Folder of an estimator that was trained for a moment.

    In another process: compilers inside torch and the driver of the screen may not get on in one.
    """
    folder = tmp_path_factory.mktemp("estimator")
    draw_dataset(parse_recipe(GROUPS), [], folder / "made.zarr", SynthesizeParams(count=60))
    (folder / "train.yaml").write_text(yaml.safe_dump(TRAINING))
    words = [
        "train",
        folder / "made.zarr",
        "--model",
        "estimator",
        "--params",
        folder / "train.yaml",
        "--out",
        folder / "model",
    ]
    subprocess.run([sys.executable, "-m", "particleforge.cli", *words], check=True, capture_output=True)
    return folder / "model"


def shown(qtbot, viewer, before=None):
    """Wait for another aggregate; return its recipe with all draws fixed."""
    qtbot.waitUntil(lambda: SPHERES in viewer.layers and viewer.layers[SPHERES].data is not before, timeout=LIMIT_MS)
    return viewer.layers[SPHERES].metadata["particleforge"]


def stem(**growth):
    """Ten images of one material."""
    recipe = parse_recipe(SMALL)
    recipe = recipe.replace(growth=recipe.growth.replace(**growth))
    return [make_sample(recipe, None, 5, index).micrograph.pixels for index in range(10)]


def test_an_aggregate_is_grown_moved_turned_and_its_recipe_saved(
    make_napari_viewer, open_panel, qtbot, workspace, monkeypatch
):
    viewer = make_napari_viewer(show=True)
    panel = open_panel(viewer, "Aggregates")
    assert not panel.growth.next.isEnabled() and not panel.row.button.isEnabled() and not viewer.layers
    panel.growth.recipe.gallery.choose("hetero")
    first = shown(qtbot, viewer)
    spheres, image = viewer.layers[SPHERES], viewer.layers[IMAGE]
    assert viewer.dims.ndisplay == 3 and image.data.shape == (512, 512) and image.scale.tolist() == [0.5, 0.5]
    assert len(spheres.data) == round(value_of(first, "growth.particles"))

    before = spheres.data
    panel.growth.next.click()
    second = shown(qtbot, viewer, before)
    assert value_of(second, "growth.fractal_dimension") != value_of(first, "growth.fractal_dimension")
    for place in (40, 50, 60):
        panel.growth.sliders.by_name["growth.fractal_dimension"].setValue(place)
    qtbot.waitUntil(lambda: "1.60" in panel.growth.figures.text(), timeout=LIMIT_MS)
    assert viewer.layers[SPHERES] is spheres and len(viewer.layers) == 2

    panel.growth.solid.click()
    assert viewer.dims.ndisplay == 2 and viewer.dims.ndim == 2 and viewer.layers[SPHERES].ndim == 2
    viewer.dims.ndisplay = 3  # as napari's own button does
    qtbot.waitUntil(lambda: viewer.layers[SPHERES].ndim == 3, timeout=LIMIT_MS)
    assert panel.growth.solid.isChecked()

    path = workspace / "recipes" / "mine.yaml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    panel.growth.recipe.save.click()
    assert read_yaml(path)["growth"]["fractal_dimension"] == 1.6
    assert read_recipe(str(path)) == panel.growth.params()


def test_parameters_are_estimated_and_their_shadow_is_compared(
    make_napari_viewer, open_panel, qtbot, workspace, work, estimator
):
    viewer = make_napari_viewer(show=True)
    stack = viewer.add_image(np.stack(stem()), name="stem", scale=(1, 8, 8), units=("pixel", "nm", "nm"))
    panel = open_panel(viewer, "Aggregates")
    assert not panel.growth.solid.isChecked()  # a stack would become a volume
    panel.model.set_value(estimator)
    assert panel.images.layers == [stack]
    assert len(work(panel)["estimates"]) == 2
    names = [row.name for row in panel.estimates.rows]
    assert names == ["growth.fractal_dimension", "materials.TiO2.share"]
    assert all(" ± " in row.figure for row in panel.estimates.rows)

    panel.growth.recipe.gallery.choose("hetero")
    shown(qtbot, viewer)
    assert viewer.layers[IMAGE].translate[-1] > stack.extent.world[1, -1] and viewer.dims.ndisplay == 2
    front = panel.form.front
    front.set_params(front.params().replace(n=25))
    with qtbot.waitSignal(panel.row.done, timeout=LIMIT_MS):
        panel.shadow.click()
        assert panel.row.running, panel.row.message.text()
    folder = workspace / "results" / "shadow-1"
    assert str(folder) in panel.row.message.text() and panel.name.text() == "shadow-2"
    assert len(pd.read_csv(folder / "shadow.csv")) == 25
    qtbot.waitUntil(lambda: list(panel.view.plot.tables) == ["shadow-1", RECIPE], timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: panel.view.plot.canvas is not None, timeout=LIMIT_MS)
    assert len(panel.view.plot.canvas.figure.axes) >= 9 and panel.view.isVisible()

    before = viewer.layers[SPHERES].data
    panel.view.use.click()
    fixed = shown(qtbot, viewer, before)
    told = json.loads((folder / "shadow.json").read_text())["recipe"]["growth"]["fractal_dimension"]
    assert value_of(fixed, "growth.fractal_dimension") == told


def test_images_are_taken_from_all_selected_layers(make_napari_viewer, open_panel, qtbot, workspace, work, estimator):
    viewer = make_napari_viewer(show=True)
    layers = [viewer.add_image(pixels, name="same", scale=(8, 8), units="nm") for pixels in stem()[:3]]
    bare = viewer.add_image(np.zeros((32, 32)), name="bare")
    panel = open_panel(viewer, "Aggregates")
    panel.model.set_value(estimator)
    panel.images.chooser.value = "Selected layers"
    viewer.layers.selection = {bare, layers[0]}
    assert "bare has no pixel size" in panel.row.missing.text() and not panel.row.button.isEnabled()
    viewer.layers.selection = set(layers)
    assert panel.row.button.isEnabled()
    assert all(one["standard_error"] is not None for one in work(panel)["estimates"])
    viewer.layers.selection = {layers[1]}
    assert all(one["standard_error"] is None for one in work(panel)["estimates"])
    wrong = viewer.add_image(np.full((32, 32), 200.0), name="wrong", scale=(8, 8), units="nm")
    panel.images.chooser.value = wrong
    with qtbot.waitSignal(panel.row.failed, timeout=LIMIT_MS):
        panel.row.button.click()
    assert "grey values from 200" in panel.row.message.text()


def test_closing_the_viewer_ends_growth_and_estimation(make_napari_viewer, open_panel, qtbot, workspace, estimator):
    viewer = make_napari_viewer(show=True)
    viewer.add_image(stem()[0], name="stem", scale=(8, 8), units="nm")
    panel = open_panel(viewer, "Aggregates")
    panel.model.set_value(estimator)
    panel.growth.recipe.gallery.choose("compact")
    with qtbot.waitSignal(panel.row.advanced, timeout=LIMIT_MS):
        panel.row.button.click()
    panel.growth.next.click()
    viewer.close()
