"""From a micrograph to its particle sizes with a detector of one's own, by buttons and mouse alone."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from qtpy.QtWidgets import QFileDialog
from skimage.measure import regionprops

from particleforge.quality.matching import score
from particleforge.store.annotated import read_annotated
from particleforge.store.dataset import Dataset
from particleforge.store.labels import border_ids, read_labels

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("display")]

SPHERES = Path(__file__).parents[2] / "src" / "particleforge" / "sample_data" / "spheres" / "more"
TRUTH = read_labels(SPHERES / "labels" / "spheres_1.tif")
LIMIT_MS = 600_000
PIXEL_NM = 1.8
"""Another size than the file states: all that follows must have it from the line."""
CLICKED = 8


@pytest.fixture
def viewer(make_napari_viewer, workspace):
    """The sample micrograph, without its particles."""
    viewer = make_napari_viewer(show=True)
    viewer.open_sample("napari-particleforge", "spheres")
    viewer.layers.remove("particles")
    return viewer


def middles():
    """Middles of particles that lie whole in the image, the largest first."""
    whole = [r for r in regionprops(TRUTH) if r.label not in border_ids(TRUTH)]
    return [region.centroid for region in sorted(whole, key=lambda region: -region.area)]


def set_scale(panel, mouse):
    """Draw a line across 200 px and say how long it is."""
    panel.scale.measure.click()
    mouse.drag((100.0, 150.0), (200.0, 150.0), (300.0, 150.0))
    assert panel.scale.drawn.text().startswith("The line is"), panel.scale.drawn.text()
    panel.scale.length.value = f"{200 * PIXEL_NM} nm"
    panel.scale.set_scale.click()


def annotate(panel, mouse, qtbot):
    """Click particles, brush some background, wait until it is saved."""
    panel.begin.click()
    for place in middles()[:CLICKED]:
        mouse.click(place)
    qtbot.waitUntil(lambda: panel.session.particles.data.max() == CLICKED, timeout=LIMIT_MS)
    panel.background.brush.click()
    rows, columns = np.nonzero(TRUTH[:, :-30] == 0)
    free = next(
        (y, x)
        for y, x in zip(rows, columns, strict=True)
        if 20 < y < 360 and x > 20 and not TRUTH[y - 14 : y + 15, x - 14 : x + 45].any()
    )
    mouse.drag(free, (free[0], free[1] + 15), (free[0], free[1] + 30))
    with qtbot.waitSignal(panel.session.saver.saved, timeout=LIMIT_MS):
        panel.session.touch()


def test_the_whole_loop(viewer, mouse, open_panel, work, qtbot, workspace, tmp_path, monkeypatch):
    panel = open_panel(viewer, "Annotate")
    hand = mouse(viewer)
    set_scale(panel, hand)
    pixel_nm = viewer.layers["spheres"].scale[0]
    assert pixel_nm == pytest.approx(PIXEL_NM, rel=0.01)
    annotate(panel, hand, qtbot)
    (sample,) = read_annotated(workspace / "annotations")
    assert sample.micrograph.pixel_size_nm == pytest.approx((pixel_nm, pixel_nm))
    assert len(np.unique(sample.labels)) - 1 == CLICKED
    assert 0 < (sample.known & (sample.labels == 0)).sum() < sample.labels.size / 10
    clicked = np.where(np.isin(TRUTH, TRUTH[sample.labels > 0]), TRUTH, 0)
    assert score(clicked, sample.labels).f1 > 0.9

    panel = open_panel(viewer, "Augment")
    panel.form.front.set_params(panel.form.front.params().replace(count=4))
    generated = work(panel)
    dataset = Dataset.open(Path(generated["dataset"]))
    assert len(dataset) == 4 and dataset[0].micrograph.pixel_size_nm == pytest.approx((pixel_nm, pixel_nm))
    assert viewer.layers["augmented-1 particles"].data.shape[0] == 4

    panel = open_panel(viewer, "Train")
    panel.form.front.set_params(panel.form.front.params().replace(minutes=0.4))
    learned = work(panel)
    assert learned["particles"] == CLICKED
    assert Path(learned["model"]) == workspace / "models" / "detector-1"

    panel = open_panel(viewer, "Measure")
    panel.image.value = viewer.layers["spheres"]
    panel.model.set_value(learned["model"])
    work(panel)
    qtbot.waitUntil(panel.view.isVisible, timeout=LIMIT_MS)
    layer = viewer.layers[-1]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "sizes.csv"), ""))
    panel.view.export["Table…"].click()
    qtbot.waitUntil(lambda: panel.view.message.text() == "Saved as sizes.csv.", timeout=LIMIT_MS)
    check(pd.read_csv(tmp_path / "sizes.csv"), np.asarray(layer.data), pixel_nm)


def check(table, labels, pixel_nm):
    """Compare an exported table with the labels it is about."""
    regions = {region.label: region for region in regionprops(labels)}
    assert sorted(table["label"]) == sorted(set(regions) - set(border_ids(labels)))
    diameters = [regions[label].equivalent_diameter_area * pixel_nm for label in table["label"]]
    np.testing.assert_allclose(table["ecd_nm"], diameters, rtol=1e-6)
    np.testing.assert_allclose(table["y_nm"], [regions[i].centroid[0] * pixel_nm for i in table["label"]], rtol=1e-5)
    assert score(TRUTH, labels).f1 > 0.8
