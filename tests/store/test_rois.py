"""Selections of ImageJ, of every kind, as label images."""

import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi

from particleforge.errors import UserError
from particleforge.store.roi_outlines import as_selections
from particleforge.store.rois import read_rois

SHAPE = (20, 30)
SQUARE = np.array([[3, 2], [9, 2], [9, 6], [3, 6]])


def square_at(x=0, y=0, size=4, **about):
    corners = np.array([[x, y], [x + size, y], [x + size, y + size], [x, y + size]])
    return ImagejRoi.frompoints(corners, **about)


def plain(kind, left, top, right, bottom, name="box", **about):
    return ImagejRoi(roitype=kind, left=left, top=top, right=right, bottom=bottom, name=name, **about)


def saved(path, *rois):
    if path.suffix == ".roi":
        path.write_bytes(rois[0].tobytes())
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for number, roi in enumerate(rois):
                archive.writestr(f"{number:04d}.roi", roi.tobytes())
    return path


def painted(tmp_path, *rois, shape=SHAPE):
    return read_rois(saved(tmp_path / "RoiSet.zip", *rois)).labels(shape)


def ellipse(left, top, right, bottom, shape=SHAPE):
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    radii = (right - left) / 2, (bottom - top) / 2
    return ((x - (left + right) / 2) / radii[0]) ** 2 + ((y - (top + bottom) / 2) / radii[1]) ** 2 <= 1


@pytest.mark.parametrize("kind", [ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED])
@pytest.mark.parametrize("suffix", [".zip", ".roi"])
def test_outlines_of_whole_pixels(tmp_path, kind, suffix):
    roi = ImagejRoi.frompoints(SQUARE, name="one")
    roi.roitype = kind
    labels, comments = read_rois(saved(tmp_path / f"a{suffix}", roi)).labels(SHAPE)
    expected = np.zeros(SHAPE, np.uint32)
    expected[2:6, 3:9] = 1
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype == np.uint32 and comments == ()


def test_outlines_between_pixels_hold_the_centres_inside(tmp_path):
    wider = np.array([[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]])
    labels, _ = painted(tmp_path, ImagejRoi.frompoints(SQUARE + wider))
    expected = np.zeros(SHAPE, np.uint32)
    expected[2:7, 3:10] = 1
    np.testing.assert_array_equal(labels, expected)


def test_rectangles_and_ovals(tmp_path):
    labels, _ = painted(tmp_path, plain(ROI_TYPE.RECT, 2, 3, 7, 5), plain(ROI_TYPE.OVAL, 10, 4, 23, 15))
    expected = np.zeros(SHAPE, np.uint32)
    expected[3:5, 2:7] = 1
    expected[ellipse(10, 4, 23, 15)] = 2
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("kind", [ROI_TYPE.RECT, ROI_TYPE.OVAL])
def test_boxes_between_pixels(tmp_path, kind):
    about = {"xd": 4.6, "yd": 3.2, "widthd": 10.3, "heightd": 9.9, "options": ROI_OPTIONS.SUB_PIXEL_RESOLUTION}
    labels, _ = painted(tmp_path, plain(kind, 4, 3, 15, 14, **about))
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    box = (x > 4.6) & (x < 14.9) & (y > 3.2) & (y < 13.1)
    np.testing.assert_array_equal(labels > 0, box if kind == ROI_TYPE.RECT else ellipse(4.6, 3.2, 14.9, 13.1))


def test_composites_have_holes(tmp_path):
    path = []
    for x, y, size in ((2, 2, 12), (5, 5, 4), (20, 3, 5)):
        corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]
        path += [value for i, corner in enumerate(corners) for value in (1 if i else 0, *corner)] + [4]
    values = np.array(path, np.float32)
    roi = plain(ROI_TYPE.RECT, 2, 2, 25, 14, shape_roi_size=len(values), multi_coordinates=values)
    labels, _ = painted(tmp_path, roi)
    expected = np.zeros(SHAPE, np.uint32)
    expected[2:14, 2:14] = expected[3:8, 20:25] = 1
    expected[5:9, 5:9] = 0
    np.testing.assert_array_equal(labels, expected)


def test_the_smaller_one_is_on_top_and_what_is_lost_is_named(tmp_path):
    rois = [
        square_at(1, 1, 4, name="small"),
        square_at(0, 0, 12, name="large"),
        square_at(26, 10, 8, name="edge"),
        square_at(40, 40, name="away"),
        square_at(15, 2, 3, name="twin"),
        square_at(15, 2, 3, name="twin again"),
    ]
    labels, comments = painted(tmp_path, *rois)
    assert (labels == 1).sum() == 16 and (labels == 2).sum() == 144 - 16
    assert np.unique(labels).tolist() == [0, 1, 2, 3, 6]
    assert comments == (
        "1 selection (away) left out: no pixel of the image is inside.",
        "1 selection (twin) left out: hidden by smaller ones.",
        "1 selection (edge) cut off at the edge of the image.",
        "1 selection (large) partly covered by smaller ones.",
    )


def test_points_and_lines_are_left_out_and_named(tmp_path):
    line = plain(ROI_TYPE.LINE, 0, 0, 5, 5, "scale bar")
    points = ImagejRoi.frompoints([[1, 1], [2, 2]], name="points")
    points.roitype = ROI_TYPE.POINT
    text = plain(ROI_TYPE.RECT, 0, 0, 5, 5, "text", subtype=ROI_SUBTYPE.TEXT)
    spline = square_at(3, 3, name="spline")
    spline.options |= ROI_OPTIONS.SPLINE_FIT
    rois = read_rois(saved(tmp_path / "a.zip", line, square_at(3, 3), points, text, spline))
    assert len(rois.areas) == 2
    assert rois.remarks == (
        "3 selections (scale bar, points, text) left out: not an area.",
        "1 selection (spline) fitted with splines, drawn with straight sides.",
    )
    with pytest.raises(UserError, match="none of its 2 selections is an area"):
        read_rois(saved(tmp_path / "a.zip", line, points))


def test_selections_of_another_image_are_refused(tmp_path):
    with pytest.raises(UserError, match="none of its 2 selections covers a pixel of the image of 20 x 30 px") as caught:
        painted(tmp_path, square_at(300, 1), square_at(1, 200))
    assert "on which they were drawn" in caught.value.hint


def test_planes_of_stacks(tmp_path):
    by_number = [square_at(position=0), square_at(position=2)]
    rois = read_rois(saved(tmp_path / "a.zip", *by_number))
    for number, index, count in [(0, {"z": 0}, 1), (1, {"z": 1}, 0), (2, {"t": 2}, 1), (4, {"t": 1, "z": 1}, 0)]:
        assert len(rois.on_plane(number, index).areas) == count
    by_axis = read_rois(saved(tmp_path / "b.zip", square_at(position=7, c=0, z=1, t=2)))
    assert len(by_axis.on_plane(5, {"t": 2, "z": 1}).areas) == 1
    assert len(by_axis.on_plane(7, {"t": 1, "z": 1}).areas) == 0
    with pytest.raises(UserError, match="lie on 2 planes of a stack"):
        rois.on_single_image()
    assert by_axis.on_single_image() is by_axis
    unplaced = read_rois(saved(tmp_path / "c.zip", square_at(name="here"), square_at(position=0)))
    with pytest.raises(UserError, match=r"1 selection \(here\) of 2 have no position"):
        unplaced.on_stack()
    assert unplaced.on_single_image() is unplaced


@pytest.mark.parametrize("suffix", [".zip", ".roi"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"Iout" + bytes(20), b"text" * 40])
def test_broken_files_are_told(tmp_path, suffix, content):
    (tmp_path / f"a{suffix}").write_bytes(content)
    with pytest.raises(UserError, match=rf"a\{suffix}"):
        read_rois(tmp_path / f"a{suffix}")
    with pytest.raises(UserError, match="does not exist"):
        read_rois(tmp_path / f"b{suffix}")


def test_archives_without_selections_and_bombs_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("notes.txt", "mine")
    with pytest.raises(UserError, match="contains no selections"):
        read_rois(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.roi", bytes(2**28 + 1))
    with pytest.raises(UserError, match="more than 256 MiB"):
        read_rois(tmp_path / "b.zip")


@given(position=st.integers(0, 200), byte=st.integers(0, 255), kind=st.sampled_from(["polygon", "oval", "composite"]))
def test_any_changed_byte_gives_labels_or_a_sentence(tmp_path_factory, position, byte, kind):
    path = tmp_path_factory.mktemp("rois") / "a.roi"
    values = np.array([0, 1, 1, 1, 5, 1, 1, 5, 5, 4], np.float32)
    roi = {
        "polygon": ImagejRoi.frompoints(SQUARE + 0.25),
        "oval": plain(ROI_TYPE.OVAL, 1, 1, 9, 9, options=ROI_OPTIONS.SUB_PIXEL_RESOLUTION, widthd=8.0, heightd=8.0),
        "composite": plain(ROI_TYPE.RECT, 1, 1, 5, 5, shape_roi_size=10, multi_coordinates=values),
    }[kind]
    content = bytearray(roi.tobytes())
    content[position % len(content)] = byte
    path.write_bytes(content)
    try:
        labels, _ = read_rois(path).labels(SHAPE)
    except UserError as error:
        assert "a.roi" in error.message
    else:
        assert labels.shape == SHAPE


@given(
    arrays(np.uint32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.sampled_from([0, 0, 1, 2, 70_000]))
)
def test_labels_come_back_exactly(tmp_path_factory, labels):
    found = list(as_selections(labels))
    assert [label for label, _ in found] == [label for label in np.unique(labels).tolist() if label]
    path = tmp_path_factory.mktemp("rois") / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for label, content in found:
            archive.writestr(f"{label}.roi", content)
    if found:
        back, comments = read_rois(path).labels(labels.shape)
        np.testing.assert_array_equal(back, np.searchsorted(np.unique([0, *np.unique(labels)]), labels))
        assert comments == ()
