import json

import numpy as np
import pandas as pd
import pytest
import tifffile

from particleforge.errors import UserError
from particleforge.measurement.table_file import read_table
from particleforge.micrograph import Micrograph
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph
from particleforge.workflows.measure import MeasureParams, measure
from particleforge.workflows.predict import predict

BAR_PX = 40


@pytest.fixture
def images(tmp_path):
    """A micrograph as it is, and with a bar of letters, which look like particles, below."""
    from particleforge.workflows.demo import SPHERES

    grey = read_micrograph(SPHERES / "more" / "images" / "spheres_1.tif").grey[:160, :200]
    grey = np.clip(grey, 5, 250)
    bar = np.zeros((BAR_PX, 200), np.uint8)
    bar[10:22, 8:192:16] = bar[28:32, 100:160] = 255
    bar[14:18, 11:192:16] = 0
    folder = tmp_path / "images"
    folder.mkdir()
    tifffile.imwrite(folder / "bare.tif", grey.astype(np.uint8))
    tifffile.imwrite(folder / "bar.tif", np.concatenate([grey.astype(np.uint8), bar]))
    return folder


@pytest.mark.slow
def test_a_data_bar_changes_nothing(images, tmp_path):
    done = measure("base", images, tmp_path / "out", MeasureParams(reports=False))
    bare, whole = (read_labels(tmp_path / "out" / "labels" / f"{name}.tif") for name in ("bare", "bar"))
    assert whole.shape == (160 + BAR_PX, 200) and not whole[160:].any()
    assert bare.any() and np.array_equal(whole[:160], bare)
    figures = json.loads((tmp_path / "out" / "summary.json").read_text())["images"]
    assert figures["bare"].pop("rows") is None and figures["bar"].pop("rows") == [0, 160]
    assert figures["bare"].pop("shape") == [160, 200] and figures["bar"].pop("shape") == [160 + BAR_PX, 200]
    assert figures["bare"] == figures["bar"] and done.summary["complete"]
    assert done.summary == json.loads((tmp_path / "out" / "summary.json").read_text())  # a job hands it over as JSON


def test_a_data_bar_is_kept_where_asked_for(images, tmp_path):
    params = MeasureParams(reports=False, burnt_in="keep")
    measure("base", images / "bar.tif", tmp_path / "out", params)
    entry = json.loads((tmp_path / "out" / "summary.json").read_text())["images"]["bar"]
    assert entry["rows"] is None
    assert read_labels(tmp_path / "out" / "labels" / "bar.tif")[160:].any()


@pytest.mark.parametrize("given", ["stack", "array"])
def test_planes_of_a_stack_give_what_the_images_give(images, tmp_path, given):
    grey = read_micrograph(images / "bare.tif").pixels
    stack = np.stack([grey, grey[::-1], grey[:, ::-1]])
    folder = tmp_path / "single"
    folder.mkdir()
    for number, plane in enumerate(stack):
        tifffile.imwrite(folder / f"run_{number:05d}.tif", plane)
    tifffile.imwrite(tmp_path / "run.tif", stack, photometric="minisblack")
    params = MeasureParams(reports=False, pixel_size="2 nm")
    shown = tmp_path / "run.tif" if given == "stack" else Micrograph(stack, axes="TYX", name="run")
    whole, single = (measure("base", one, tmp_path / out, params) for one, out in ((shown, "a"), (folder, "b")))
    tables = [read_table(one.table) for one in (whole, single)]
    assert set(tables[0]["image"]) == {"run_00000", "run_00001", "run_00002"}
    assert (tables[0]["frame"] == tables[0]["image"].str[-5:].astype(int)).all()
    pd.testing.assert_frame_equal(tables[0].drop(columns="frame"), tables[1])
    frames = {name: entry.pop("frame") for name, entry in whole.summary["images"].items()}
    assert frames == {"run_00000": 0, "run_00001": 1, "run_00002": 2}
    assert whole.summary["images"] == single.summary["images"]
    labels = [read_labels(tmp_path / out / "labels" / "run_00001.tif") for out in ("a", "b")]
    np.testing.assert_array_equal(*labels)


def test_a_plane_that_cannot_be_measured_does_not_end_the_run(images, tmp_path):
    stack = np.stack([read_micrograph(images / "bare.tif").pixels] * 3).astype(np.float32)
    stack[1, 5, 5] = np.nan
    tifffile.imwrite(tmp_path / "run.tif", stack, photometric="minisblack")
    done = measure("base", tmp_path / "run.tif", tmp_path / "out", MeasureParams(reports=False))
    assert list(done.summary["images"]) == ["run_00000", "run_00002"]
    assert list(done.summary["failed"]) == ["run_00001"] and "NaN" in done.summary["failed"]["run_00001"]
    assert done.summary["complete"]


@pytest.mark.parametrize("verb", [measure, predict])
def test_sizes_in_nm_without_any_pixel_size_are_refused_once_and_at_once(images, tmp_path, verb):
    params = verb.params.parse({"options": {"smallest": "2 nm"}})
    with pytest.raises(UserError, match=r"^A size of 2 nm needs a known pixel size\. Give the pixel size"):
        verb("threshold", images, tmp_path / "out", params)
    assert not (tmp_path / "out").exists()
    pixels = read_micrograph(images / "bare.tif").pixels
    tifffile.imwrite(images / "bare.tif", pixels, imagej=True, resolution=(2, 2), metadata={"unit": "nm"})
    verb("threshold", images, tmp_path / "out", params)
    assert [path.stem for path in (tmp_path / "out").rglob("*.tif")] == ["bare"]


def test_predict_writes_a_label_image_for_every_plane(images, tmp_path):
    grey = read_micrograph(images / "bare.tif").pixels
    tifffile.imwrite(tmp_path / "run.tif", np.stack([grey, grey[::-1]]), photometric="minisblack")
    written = predict("base", tmp_path / "run.tif", tmp_path / "out").labels
    assert [path.name for path in written] == ["run_00000.tif", "run_00001.tif"]
    assert read_labels(written[1]).any()


def test_what_was_not_read_is_named(images, tmp_path):
    (images / "c.xyz").touch()
    args = {"model": "threshold", "images": images, "out": tmp_path / "labels"}
    assert predict.report(predict(**args), args)["left_out"] == "Not read: 1 .xyz file."
    found = measure("threshold", images, tmp_path / "out", MeasureParams(reports=False))
    assert found.summary["left_out"] == {".xyz": 1}


def test_predict_goes_on_after_a_broken_image_and_names_what_was_remarked(images, tmp_path):
    (images / "broken.tif").write_bytes(b"II*")
    pixels = read_micrograph(images / "bare.tif").pixels
    colours = np.dstack([pixels, pixels, pixels // 2])
    tifffile.imwrite(images / "colours.tif", colours, photometric="rgb")
    args = {"model": "threshold", "images": images, "out": tmp_path / "labels"}
    report = predict.report(predict(**args), args)
    assert report["images"] == 3 and report["not_measured"].startswith("broken (")
    assert report["remarks"] == "colours: Colour image: its luminance (Rec. 709) is used."
    alone = {**args, "images": images / "broken.tif", "out": tmp_path / "alone"}
    with pytest.raises(UserError, match=r"^[^ ]*broken.* cannot be read"):
        predict(**alone)
