"""The augment panel: previews, and how far a warp moves the sizes."""

import numpy as np
import pytest
from napari.components import ViewerModel

from particleforge.errors import Cancelled
from particleforge.micrograph import Micrograph
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.warp.deformations.scale import RandomScale
from particleforge.recipes.warp.recipe import Warp
from particleforge.sample import Sample
from particleforge.store.annotated import write_annotated
from particleforge.widgets.augment.panel import AugmentPanel
from particleforge.widgets.augment.preview import Preview
from particleforge.widgets.augment.sizes import dataset_sizes, size_shift, warped_sizes
from particleforge.widgets.augment.sizes_view import SizesView
from particleforge.widgets.folder_chooser import NOTHING_YET

LIMIT_MS = 60_000


def discs(radii, pixel_size_nm=None):
    y, x = np.mgrid[:80, : 60 * len(radii)]
    labels = np.zeros(y.shape, np.uint32)
    for number, radius in enumerate(radii):
        labels[(y - 40) ** 2 + (x - 60 * number - 30) ** 2 <= radius**2] = number + 1
    return Sample(Micrograph((labels > 0).astype(np.uint8) * 90 + 40, pixel_size_nm, name="discs"), labels)


def test_a_shift_of_all_sizes_is_its_distance():
    before, after = discs([8, 10, 12], (2.0, 2.0)), discs([16, 20, 24], (2.0, 2.0))
    shift = size_shift([before], [after, after])
    assert shift.unit == "nm" and shift.distance == pytest.approx(np.log(2), abs=0.02)
    rows = {name: (old, new) for name, old, new in shift.rows()}
    assert rows["Particles"] == ("3", "6")
    means = [float(text.removesuffix(" nm")) for text in rows["Geometric mean"]]
    assert means == pytest.approx([2 * 2 * 960 ** (1 / 3), 4 * 2 * 960 ** (1 / 3)], rel=0.02)


def test_without_particles_or_pixel_size_nothing_is_pretended():
    blank = Sample(Micrograph(np.zeros((9, 9), np.uint8)), np.zeros((9, 9), np.uint32))
    shift = size_shift([discs([8], (2.0, 2.0))], [blank])
    assert shift.unit == "px" and shift.distance is None
    assert shift.rows()[0] == ("Particles", "1", "0") and shift.rows()[1][2] == "none"


def test_images_are_scaled_and_compared_until_nobody_waits():
    recipe, sources = Warp(deformation=RandomScale(scale=0.7)), [discs([8, 10, 12], (2.0, 2.0))]
    shift = warped_sizes(sources, recipe, lambda: False)
    assert shift.distance == pytest.approx(-np.log(0.7), abs=0.05)
    with pytest.raises(Cancelled):
        warped_sizes(sources, recipe, lambda: True)


def test_a_dataset_is_compared_with_its_sources():
    shift = dataset_sizes([discs([8, 10])], [discs([9, 11]), discs([9, 11])], lambda: False)
    assert (len(shift.before), len(shift.after)) == (2, 4) and shift.distance > 0
    with pytest.raises(Cancelled):
        dataset_sizes([discs([8])], [discs([8])], lambda: True)


def test_before_and_after_are_shown_side_by_side(qtbot):
    view = SizesView()
    qtbot.addWidget(view)
    view.show_shift(size_shift([discs([8, 10, 12])], [discs([9, 13])]))
    assert [label.text() for label in view.figures["Particles"]] == ["3", "2"]
    assert [curve.name for curve in view.plot.curves] == ["before", "after"]
    assert "Wasserstein" in view.distance.toolTip() and not view.isHidden()
    view.resize(300, 260)
    assert not view.grab().isNull()
    view.show_shift(None)
    assert view.isHidden()


def test_a_preview_compares_sizes_of_a_warp_only(qtbot, tmp_path):
    write_annotated(tmp_path / "annotated", [discs([8, 10, 12], (2.0, 2.0))])
    viewer, chosen = ViewerModel(), [CutPaste()]
    preview = Preview(viewer, lambda: (tmp_path / "annotated", chosen[0]))
    preview.failed.connect(pytest.fail)
    with qtbot.waitSignal(preview.compared, timeout=LIMIT_MS) as compared:
        preview.next()
    assert compared.args == [None] and [layer.name for layer in viewer.layers] == ["Preview", "Preview particles"]
    before = viewer.layers["Preview"].data
    chosen[0] = Warp()
    with qtbot.waitSignal(preview.compared, timeout=LIMIT_MS) as compared:
        preview.touch()
    assert len(compared.args[0].before) == 3 and viewer.layers["Preview"].data is not before
    preview.hide()
    assert not viewer.layers


def test_buttons_say_what_is_missing_until_it_is_there(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    panel = AugmentPanel(ViewerModel())
    qtbot.addWidget(panel)
    panel.show()
    assert panel.row.missing.text() == NOTHING_YET and panel.row.missing.isVisible()
    assert not panel.preview.isEnabled() and not panel.row.button.isEnabled()
    write_annotated(panel.folder.value(), [discs([8, 10], (2.0, 2.0))])
    qtbot.waitUntil(panel.row.button.isEnabled, timeout=LIMIT_MS)
    assert panel.preview.isEnabled() and not panel.row.missing.isVisible()
    panel.name.setText(" ")
    assert panel.row.missing.text() == "Enter a name." and panel.preview.isEnabled()
