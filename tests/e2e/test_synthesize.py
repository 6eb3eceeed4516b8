"""The synthesize panel as a person uses it: a recipe is picked, looked at, changed, and drawn from."""

import numpy as np
import psutil
import pytest
from qtpy.QtWidgets import QFileDialog

from particleforge.recipes.any import read_recipe
from particleforge.store.dataset import Dataset

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("display")]

LIMIT_MS = 600_000


def set_front(form, **values):
    form.front.set_params(form.front.params().replace(**values))


def open_small(panel, folder, monkeypatch, name="silica_spheres", **changes):
    """Open a recipe of tiny images from a file."""
    recipe = read_recipe(name).replace(height_px=64, width_px=64, **changes)
    path = folder / "tiny.yaml"
    path.write_text(recipe.to_yaml())
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    panel.recipe.open.click()
    return recipe


def shown(qtbot, viewer, shape, before=None):
    """Wait for another preview of a shape."""

    def there():
        image = viewer.layers["Preview"].data if "Preview" in viewer.layers else None
        return image is not None and image is not before and image.shape == shape

    qtbot.waitUntil(there, timeout=LIMIT_MS)
    return viewer.layers["Preview"].data


def test_a_recipe_is_picked_looked_at_changed_and_drawn_from(
    make_napari_viewer, open_panel, qtbot, workspace, work, monkeypatch
):
    viewer = make_napari_viewer(show=True)
    panel = open_panel(viewer, "Synthesize")
    assert not panel.preview.isEnabled() and panel.row.missing.text() == "Choose a recipe, or open one."
    panel.recipe.gallery.choose("silica_spheres")
    assert panel.recipe.recipe() == read_recipe("silica_spheres") and "silica" in panel.recipe.about.text()
    panel.preview.click()
    shown(qtbot, viewer, (256, 256))
    particles = viewer.layers["Preview particles"]
    truth = particles.features.iloc[1:]
    assert particles.contour == 2 and viewer.layers["Preview"].scale.tolist() == [4, 4]
    assert set(np.unique(particles.data)) <= {0, *truth["label"]} and 25 <= len(truth) <= 60
    assert "Mitsuba" in panel.about.text() and f"{len(truth)} particles" in panel.about.text()

    open_small(panel, workspace.parent, monkeypatch, particles=3)
    before = shown(qtbot, viewer, (64, 64))
    set_front(panel.recipe.form, particles=4)
    shown(qtbot, viewer, (64, 64), before)
    assert len(viewer.layers["Preview particles"].features) == 5

    set_front(panel.form, count=3)
    assert work(panel)["samples"] == 3
    dataset = Dataset.open(workspace / "datasets" / "rendered-1.zarr")
    assert dataset.meta["recipe"] == panel.recipe.recipe().model_dump(mode="json") and len(dataset) == 3
    image, labels = viewer.layers
    assert (image.name, labels.name) == ("rendered-1", "rendered-1 particles")
    assert "Mitsuba" in panel.about.text() and panel.name.text() == "rendered-2"
    for number in range(3):
        viewer.dims.set_current_step(0, number)
        sample = dataset[number]
        visible = sample.truth[sample.truth["visible_fraction"] > 0]
        np.testing.assert_array_equal(image.data[number], sample.micrograph.pixels)
        assert len(sample.truth) == 4
        assert np.unique(labels.data[number]).tolist() == [0, *visible["label"]]
        assert labels.features["diameter_nm"].tolist()[1:] == sample.truth["diameter_nm"].tolist()


def test_it_is_shown_beside_a_real_image_with_its_intensities(
    make_napari_viewer, open_panel, qtbot, workspace, work, monkeypatch
):
    viewer = make_napari_viewer(show=True)
    real = viewer.add_image(np.random.default_rng(0).normal(1000, 100, (90, 80)), name="real", scale=(2, 2), units="nm")
    panel = open_panel(viewer, "Synthesize")
    open_small(panel, workspace.parent, monkeypatch, "chains")
    panel.preview.click()
    own = shown(qtbot, viewer, (64, 64))
    assert panel.compare.chooser.choices == (None, real) and panel.about.text().endswith("s. ")
    panel.compare.chooser.value = real
    panel.compare.box.click()
    shown(qtbot, viewer, (64, 64), own)
    qtbot.waitUntil(lambda: viewer.layers["Preview"].contrast_limits == real.contrast_limits, timeout=LIMIT_MS)
    greys = viewer.layers["Preview"].data
    assert np.median(own) < 1 and np.median(greys) == pytest.approx(1000, rel=0.15)
    assert viewer.layers["Preview"].extent.world[0, 1] > real.extent.world[1, 1]
    set_front(panel.form, count=2)
    work(panel)
    stack = viewer.layers["rendered-1"]
    assert np.median(np.asarray(stack.data[1])) == pytest.approx(1000, rel=0.15)
    panel.compare.box.click()
    written = Dataset.open(workspace / "datasets" / "rendered-1.zarr")[1].micrograph.pixels
    np.testing.assert_array_equal(stack.data[1], written)
    panel.compare.chooser.value = None
    assert stack.translate.tolist() == [0, 0, 0] and not panel.compare.box.isEnabled()


def test_what_cannot_be_drawn_is_told_beside_the_button(make_napari_viewer, open_panel, qtbot, workspace, monkeypatch):
    panel = open_panel(make_napari_viewer(show=True), "Synthesize")
    open_small(panel, workspace.parent, monkeypatch, particles=900)
    panel.preview.click()
    qtbot.waitUntil(lambda: "do not fit" in panel.row.message.text(), timeout=LIMIT_MS)
    assert panel.row.message.isVisible() and not panel.about.isVisible()
    with qtbot.waitSignal(panel.row.failed, timeout=LIMIT_MS):
        panel.row.button.click()
    assert "do not fit" in panel.row.message.text()


def test_drawing_is_cancelled_and_goes_on(make_napari_viewer, open_panel, qtbot, workspace, monkeypatch, work):
    viewer = make_napari_viewer(show=True)
    panel = open_panel(viewer, "Synthesize")
    open_small(panel, workspace.parent, monkeypatch, particles=3)
    set_front(panel.form, count=40)
    with qtbot.waitSignal(panel.row.advanced, timeout=LIMIT_MS, check_params_cb=lambda advance: advance.done > 0):
        panel.row.button.click()
    pid = panel.row.pid
    with qtbot.waitSignal(panel.row.stopped, timeout=LIMIT_MS):
        panel.row.button.click()
    assert "To continue" in panel.row.message.text() and not psutil.pid_exists(pid)
    dataset = Dataset.open(workspace / "datasets" / "rendered-1.zarr")
    missing = dataset.missing_shards()
    assert 0 < len(missing) < len(dataset.shards) and dataset[0].labels.any()
    before = dataset[0].micrograph.pixels
    assert work(panel)["samples"] == 40 and dataset.missing_shards() == []
    np.testing.assert_array_equal(dataset[0].micrograph.pixels, before)
    assert dataset[39].labels.any() and viewer.layers["rendered-1"].data.shape == (40, 64, 64)


def test_closing_the_viewer_ends_a_preview(make_napari_viewer, open_panel, qtbot, workspace, monkeypatch):
    others = renderers()
    viewer = make_napari_viewer(show=True)
    panel = open_panel(viewer, "Synthesize")
    open_small(panel, workspace.parent, monkeypatch, particles=3)
    panel.preview.click()
    shown(qtbot, viewer, (64, 64))
    (renderer,) = renderers() - others
    viewer.close()
    qtbot.waitUntil(lambda: not renderer.is_running() or renderer.status() == psutil.STATUS_ZOMBIE, timeout=LIMIT_MS)


def renderers():
    return {child for child in psutil.Process().children() if "engine.child" in str(child.cmdline())}
