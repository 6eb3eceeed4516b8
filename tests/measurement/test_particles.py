import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pandas.testing import assert_frame_equal
from scipy.spatial import ConvexHull, QhullError
from skimage.measure import label as connected
from skimage.measure import regionprops_table
from skimage.morphology import convex_hull_image

from particleforge.errors import UserError
from particleforge.measurement.columns import written
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules

any_labels = arrays(np.int32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 3))
small_labels = any_labels.map(lambda labels: connected(labels, connectivity=2))
"""Every label in one piece."""


def blobs(seed=0, size=160, count=25):
    """Touching and clipped ellipses with gaps between their ids."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((size, size), np.int64)
    y, x = np.mgrid[:size, :size]
    for i in range(count):
        angle, (cy, cx), (a, b) = rng.uniform(0, np.pi), rng.uniform(0, size, 2), rng.uniform(3, 15, 2)
        u = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
        v = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
        labels[(u / a) ** 2 + (v / b) ** 2 <= 1] = i + 1
    pieces = connected(labels, connectivity=2)
    return np.where(pieces > 0, 7 * pieces - 4, 0)


@pytest.mark.parametrize("border", ["miles_lantuejoul", "guard_frame", "drop"])
def test_the_border_is_that_of_the_rows_that_show_the_specimen(border):
    labels, rules = blobs(), Rules.parse({"border": border})
    labels[:20] = labels[140:] = 0
    part = measure_particles(labels[20:140], rules=rules)
    within = measure_particles(labels, rules=rules, rows=(20, 140))
    assert within["touches_border"].sum() > measure_particles(labels)["touches_border"].sum()
    assert_frame_equal(within, part.assign(y_px=part["y_px"] + 20))


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_scikit_image(seed):
    labels = blobs(seed)
    grey = np.random.default_rng(seed).normal(100, 20, labels.shape)
    ours = measure_particles(labels, intensity=grey)
    pairs = {
        "label": "label",
        "area_px2": "area",
        "y_px": "centroid-0",
        "x_px": "centroid-1",
        "ecd_px": "equivalent_diameter_area",
        "perimeter_px": "perimeter_crofton",
        "ellipse_major_px": "axis_major_length",
        "ellipse_minor_px": "axis_minor_length",
        "extent": "extent",
        "mean_intensity": "intensity_mean",
        "sd_intensity": "intensity_std",
    }
    names = {name.removesuffix("-0").removesuffix("-1") for name in pairs.values()}
    theirs = regionprops_table(labels, grey, [*names, "orientation", "feret_diameter_max", "solidity", "bbox"])
    for column, name in pairs.items():
        np.testing.assert_allclose(ours[column], theirs[name], rtol=1e-9, atol=1e-6, err_msg=column)
    np.testing.assert_array_equal(ours["box_height_px"], theirs["bbox-2"] - theirs["bbox-0"])
    np.testing.assert_array_equal(ours["box_width_px"], theirs["bbox-3"] - theirs["bbox-1"])
    turn = np.radians(ours["orientation_deg"]) - theirs["orientation"]
    assert np.nanmax(np.abs(np.sin(turn))) < 1e-6
    np.testing.assert_allclose(ours["feret_max_px"], theirs["feret_diameter_max"], atol=1.5)
    assert (ours["solidity"] >= theirs["solidity"] - 1e-12).all()


@given(small_labels)
@settings(max_examples=150)
def test_hulls_agree_with_independent_ones(labels):
    for row in measure_particles(labels).itertuples():
        mask = labels == row.label
        centres = np.argwhere(mask)
        longest = np.hypot(*np.moveaxis(centres[:, None] - centres[None], -1, 0)).max()
        assert longest <= row.feret_max_px + 1e-9 <= longest + 1 + 2e-9
        try:
            sides = ConvexHull(centres).equations[:, :2]
        except (QhullError, ValueError):
            assert row.solidity == pytest.approx(mask.sum() / (np.gcd(*(centres[-1] - centres[0])) + 1))
            assert 0 < row.feret_min_px <= 1
            continue
        thinnest = min(np.ptp(centres @ side) for side in sides)
        assert thinnest < row.feret_min_px <= thinnest + 1 + 1e-9
        filled = convex_hull_image(mask, offset_coordinates=False).sum()
        assert row.solidity == pytest.approx(mask.sum() / filled)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 6), (7, 1), (20, 30), (50, 50)])
def test_rectangles_along_the_grid(height, width):
    row = measure_particles(np.pad(np.ones((height, width), np.uint8), 2)).iloc[0]
    assert row["area_px2"] == height * width
    assert row["feret_min_px"] == min(height, width)
    assert row["feret_max_px"] == pytest.approx(math.hypot(height, width), abs=0.45)
    assert row["solidity"] == 1
    assert (row["x_px"], row["y_px"]) == (2 + (width - 1) / 2, 2 + (height - 1) / 2)
    expected = math.nan if height == width else 90 if width > height else 0
    assert abs(row["orientation_deg"]) == pytest.approx(expected, nan_ok=True)


def test_a_concave_outline_over_many_rows_has_the_right_hull():
    y, x = np.mgrid[:400, :400]
    crescent = ((x - 200) ** 2 + (y - 200) ** 2 < 190**2) & ((x - 80) ** 2 + (y - 200) ** 2 > 180**2)
    row = measure_particles(crescent.astype(np.uint16)).iloc[0]
    expected = crescent.sum() / convex_hull_image(crescent, offset_coordinates=False).sum()
    assert row["solidity"] == pytest.approx(expected, rel=1e-12)


@given(any_labels)
def test_only_the_largest_piece_of_a_label_counts(labels):
    table, clean = measure_particles(labels), labels.copy()
    for number, count in zip(table["label"], table["pieces"], strict=True):
        piece = connected(labels == number, connectivity=2)
        areas = np.bincount(piece[piece > 0])
        clean[(piece > 0) & (piece != areas.argmax())] = 0
        assert count == piece.max()
    flags = ["pieces", "largest_piece"]
    assert_frame_equal(table.drop(columns=flags), measure_particles(clean).drop(columns=flags), check_exact=True)
    share = table["largest_piece"] * np.bincount(labels.reshape(-1))[table["label"]]
    np.testing.assert_allclose(share, table["area_px2"])


@given(st.integers(0, 9), st.lists(st.tuples(st.integers(0, 159), st.integers(0, 159)), min_size=1, max_size=5))
@settings(max_examples=40)
def test_stray_pixels_of_a_label_change_nothing_but_their_number(seed, places):
    labels = blobs(seed)
    clean, areas = measure_particles(labels), np.bincount(labels.reshape(-1))
    number = int(areas[1:].argmax()) + 1
    stray = labels.copy()
    for y, x in places:
        if labels[y, x] == 0 and not (labels[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] == number).any():
            stray[y, x] = number
    table = measure_particles(stray)
    assert (table.set_index("label")["pieces"] > 1).sum() == (stray != labels).any()
    flags = ["pieces", "largest_piece"]
    assert_frame_equal(table.drop(columns=flags), clean.drop(columns=flags), check_exact=True)


@given(small_labels, st.integers(0, 5), st.integers(0, 5))
def test_moving_changes_only_the_position(labels, down, right):
    still = measure_particles(np.pad(labels, 6))
    moved = measure_particles(np.pad(labels, ((6 + down, 6), (6 + right, 6))))
    np.testing.assert_allclose(moved["x_px"], still["x_px"] + right, rtol=1e-12)
    np.testing.assert_allclose(moved["y_px"], still["y_px"] + down, rtol=1e-12)
    rest = [name for name in still if name not in ("x_px", "y_px", "weight")]
    assert_frame_equal(moved[rest], still[rest], rtol=1e-12)


@given(small_labels)
def test_a_quarter_turn_changes_only_position_and_orientation(labels):
    still, turned = measure_particles(labels), measure_particles(np.rot90(labels))
    place = {"x_px", "y_px", "orientation_deg", "box_width_px", "box_height_px", "feret_90_px", "aggregate"}
    same = [name for name in still.columns.drop(["image", "class", "excluded"]) if name not in place]
    np.testing.assert_allclose(turned[same].astype(float), still[same].astype(float), rtol=1e-9)
    assert turned["touches_border"].equals(still["touches_border"])
    by = np.radians(turned["orientation_deg"] - still["orientation_deg"])
    np.testing.assert_allclose(np.abs(np.sin(by[by.notna()])), 1, atol=1e-6)


@given(small_labels, st.floats(1e-3, 1e6))
def test_nm_columns_scale_with_the_pixel(labels, pixel_size_nm):
    table = measure_particles(labels, pixel_size_nm=pixel_size_nm)
    in_nm = [name for name in table if "_nm" in name]
    assert len(in_nm) == 19
    for name in in_nm:
        power = {"area_nm2": 2, "volume_nm3": 3}.get(name, 1)
        np.testing.assert_allclose(table[name], table[name.replace("_nm", "_px")] * pixel_size_nm**power, rtol=1e-12)


@pytest.mark.parametrize("shape", [(12, 9), (0, 0), (0, 5), (1, 1)])
def test_an_image_without_particles_gives_an_empty_table_with_all_columns(shape):
    empty = np.zeros(shape, np.int32)
    rules = Rules(density_g_cm3=1)
    table = measure_particles(empty, pixel_size_nm=2.0, intensity=np.zeros(shape), scores={1: 0.5}, rules=rules)
    assert len(table) == 0
    assert list(table) == [name for name in written() if name != "visible_fraction"]  # no whole particle is known
    full = measure_particles(np.ones((3, 3), np.uint8), pixel_size_nm=2.0, intensity=np.ones((3, 3)), rules=rules)
    assert table.dtypes.equals(full.dtypes)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", ">i4", ">u2"])
def test_every_integer_type_gives_the_same_table(dtype):
    labels = blobs() % 127
    assert_frame_equal(measure_particles(labels.astype(dtype)), measure_particles(labels), check_exact=True)


@pytest.mark.parametrize("ids", [[1, 255, 256, 257], [65535, 65536, 65537, 131071], [1, 2**31, 2**32 - 1, 2**40]])
def test_large_ids_stay_apart(ids):
    labels = np.repeat(np.repeat(np.asarray(ids, np.int64).reshape(2, 2), 3, axis=0), 3, axis=1)
    table = measure_particles(labels, scores={ids[3]: 0.25})
    assert table["label"].tolist() == sorted(ids)
    assert (table["area_px2"] == 9).all()
    assert table.set_index("label")["score"].dropna().to_dict() == {ids[3]: 0.25}


def test_border_contact():
    labels = np.zeros((9, 9), np.uint8)
    labels[0, 4], labels[4, 0], labels[8, 4], labels[4, 8], labels[1, 1], labels[7, 7] = range(1, 7)
    table = measure_particles(labels).set_index("label")
    assert table["touches_border"].tolist() == [True] * 4 + [False] * 2


@pytest.mark.parametrize(
    ("labels", "more"),
    [
        (np.zeros((2, 3, 4), int), {}),
        (np.zeros((3, 4)), {}),
        (np.zeros((3, 4), bool), {}),
        (np.full((3, 4), -1), {}),
        (np.zeros((3, 4), int), {"intensity": np.zeros((4, 3))}),
        (np.zeros((3, 4), int), {"pixel_size_nm": 0.0}),
        (np.zeros((3, 4), int), {"pixel_size_nm": math.nan}),
    ],
)
def test_bad_input_is_refused(labels, more):
    with pytest.raises(UserError):
        measure_particles(labels, **more)


def test_the_input_is_left_alone():
    labels = blobs()
    before = labels.copy()
    labels.flags.writeable = False
    measure_particles(labels[:, ::-1])
    np.testing.assert_array_equal(labels, before)
