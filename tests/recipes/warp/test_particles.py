import numpy as np
import pytest
from skimage.draw import ellipse
from skimage.measure import regionprops

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.recipes.warp.particles import measure_particles
from particleforge.recipes.warp.size_changes import size_changes
from particleforge.sample import Sample


def ellipses(seed=0):
    rng = np.random.default_rng(seed)
    labels = np.zeros((200, 240), np.uint32)
    for n in range(20):
        y, x = 25 + 50 * (n // 5), 25 + 45 * (n % 5)
        outline = ellipse(y, x, rng.uniform(3, 20), rng.uniform(3, 20), labels.shape, rng.uniform(0, 3))
        labels[outline] = n + 1
    return labels


def test_sizes_equal_scikit_image():
    labels = ellipses()
    ours = measure_particles(labels)
    theirs = regionprops(labels.astype(np.int64))
    np.testing.assert_array_equal(ours["label"], [r.label for r in theirs])
    np.testing.assert_array_equal(ours["area_px"], [r.area for r in theirs])
    np.testing.assert_allclose(ours[["y_px", "x_px"]], [r.centroid for r in theirs])
    np.testing.assert_allclose(ours["diameter_px"], [r.equivalent_diameter_area for r in theirs])
    # Theirs goes through the middles of pixel edges of a rasterised hull, ours through the corners of the pixels.
    excess = ours["feret_max_px"] - [r.feret_diameter_max for r in theirs]
    assert excess.abs().max() < 0.75


def test_feret_diameters_equal_a_turn_in_small_steps():
    labels = ellipses()
    angles = np.deg2rad(np.arange(0, 180, 0.05))
    for row in measure_particles(labels).itertuples():
        y, x = np.nonzero(labels == row.label)
        corners = np.concatenate([np.stack([y + dy, x + dx], 1) for dy in (0, 1) for dx in (0, 1)])
        width = np.ptp(corners @ np.stack([np.sin(angles), np.cos(angles)]), axis=0)
        assert row.feret_max_px == pytest.approx(width.max(), rel=1e-6)
        assert row.feret_min_px == pytest.approx(width.min(), rel=2e-3)


def test_pieces_of_any_id_and_touching_neighbours():
    labels = np.zeros((8, 12), np.uint32)
    labels[1, 1] = labels[2, 2] = 2**32 - 1  # joined by a corner
    labels[4:6, 1:3] = labels[4:6, 5:7] = 70_000  # two pieces
    labels[4:6, 3:5] = 4  # touches both
    table = measure_particles(labels).set_index("label")
    assert table["pieces"].to_dict() == {4: 1, 70_000: 2, 2**32 - 1: 1}


def test_an_empty_image_has_an_empty_table():
    assert len(measure_particles(np.zeros((5, 5), np.uint32))) == 0


def squares(sides, pixel_size_nm=None, first=1, name="squares"):
    labels = np.zeros((40, 40 * len(sides)), np.uint32)
    for n, side in enumerate(sides):
        labels[2 : 2 + side, 40 * n + 2 : 40 * n + 2 + side] = first + n
    size = None if pixel_size_nm is None else (pixel_size_nm, pixel_size_nm)
    return Sample(Micrograph(np.zeros(labels.shape, np.uint8), size, name=name), labels)


def test_changes_of_known_sizes():
    table = size_changes(
        [squares([4, 16], 0.5), squares([8], 0.5, name="b")], [squares([8, 32], 0.5), squares([8], 0.5)]
    )
    assert list(table["sample"]) == ["squares"] * 3 + ["b"] * 3 + ["pooled"] * 3
    first = table.set_index(["sample", "quantity"]).loc[("squares", "feret_min_nm")]
    assert (first["gm_before"], first["gm_after"]) == (pytest.approx(4), pytest.approx(8))
    assert first["gm_change_percent"] == pytest.approx(100)
    assert first["gsd_before"] == pytest.approx(np.exp(np.log(4) / np.sqrt(2)))
    assert first["gsd_change_percent"] == pytest.approx(0)
    pooled = table.set_index(["sample", "quantity"]).loc[("pooled", "diameter_nm")]
    assert pooled["count_before"] == 3
    assert pooled["gm_change_percent"] == pytest.approx(100 * (2 ** (2 / 3) - 1))
    assert np.isnan(table.set_index(["sample", "quantity"]).loc[("b", "diameter_nm"), "gsd_after"])


def test_vanished_and_torn_particles_are_counted():
    before, after = squares([6, 9, 9]), squares([6, 9, 9])
    after.labels[after.labels == 1] = 0
    after.labels[5, :] = 0
    table = size_changes([before], [after])
    assert (table["vanished"] == 1).all()
    assert (table["torn"] == 2).all()
    assert (table["count_after"] == 2).all()


def test_pixels_are_the_unit_where_one_pixel_size_is_unknown():
    table = size_changes([squares([4], 0.5), squares([4])], [squares([4], 0.5), squares([4])])
    assert set(table["quantity"]) == {"diameter_px", "feret_max_px", "feret_min_px"}
    assert table.set_index(["sample", "quantity"]).loc[("pooled", "feret_min_px"), "gm_after"] == pytest.approx(4)


def test_nothing_left_gives_nan_without_a_warning():
    table = size_changes([squares([4, 5])], [Sample(squares([4, 5]).micrograph, np.zeros((40, 80), np.uint32))])
    assert table["gm_after"].isna().all()
    assert (table["vanished"] == 2).all()


def test_unequal_numbers_of_samples_are_refused():
    with pytest.raises(UserError, match="2 samples before and 1 after"):
        size_changes([squares([4]), squares([4])], [squares([4])])
