import json

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image
from skimage.draw import disk

from particleforge.errors import UserError
from particleforge.measurement.columns import written
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.results import Results
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.micrograph import Micrograph
from particleforge.store.labels import read_labels
from particleforge.workflows.sizes import SizesParams, sizes

QUICK = SizesParams(reports=False, precision={"resamples": 100})


def squares(*ids):
    labels = np.zeros((40, 50), np.int32)
    for i, label in enumerate(ids):
        labels[3 + 9 * i : 8 + 9 * i, 4 : 10 + 2 * i] = label
    return labels


@pytest.fixture
def folder(tmp_path):
    labels = tmp_path / "given"
    labels.mkdir()
    tifffile.imwrite(labels / "a.tif", squares(1, 255, 256, 70_000))
    Image.fromarray(squares(65_535, 3).astype(np.uint16)).save(labels / "b.png")
    tifffile.imwrite(labels / "empty.tif", squares())
    return labels


@pytest.fixture
def images(tmp_path, folder):
    images = tmp_path / "images"
    images.mkdir()
    for path in folder.iterdir():
        grey = np.random.default_rng(0).integers(0, 255, (40, 50), np.uint8)
        Image.fromarray(grey).save(images / f"{path.stem}.png")
    return images


def test_everything_is_written_and_agrees(folder, images, tmp_path):
    before = {path: path.read_bytes() for path in (*folder.iterdir(), *images.iterdir())}
    steps = list(sizes.steps(folder, tmp_path / "listed", QUICK, images))
    assert [(step.done, step.total) for step in steps] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    found = sizes(folder, tmp_path / "out", QUICK.replace(pixel_size="0.5 nm"), images=images)
    table = pd.read_csv(found.table)
    assert list(table) == written()
    assert table.groupby("image")["label"].apply(list).to_dict() == {"a": [1, 255, 256, 70_000], "b": [3, 65_535]}
    expected = measure_particles(squares(1, 255, 256, 70_000), pixel_size_nm=0.5)
    for name in ("ecd_nm", "area_nm2", "feret_max_nm", "perimeter_px", "solidity"):
        np.testing.assert_allclose(table.loc[table["image"] == "a", name], expected[name], rtol=1e-6)
    assert table["mean_intensity"].between(50, 200).all()
    again = sizes(found.out / "labels", tmp_path / "again", QUICK).summary  # the labels know their pixel size
    middle = found.summary["pooled"]["nm"]["geometric_mean"]
    assert again["pooled"]["nm"]["geometric_mean"] == pytest.approx(middle, rel=1e-6)
    for name, ids in {"a": (1, 255, 256, 70_000), "b": (65_535, 3), "empty": ()}.items():
        np.testing.assert_array_equal(read_labels(found.out / "labels" / f"{name}.tif"), squares(*ids))
        with Image.open(found.out / "figures" / f"{name}.png") as figure:
            assert min(figure.size) > 500
    assert not list(found.out.rglob("*.part*"))
    assert {path: path.read_bytes() for path in before} == before


def test_the_summary_says_what_was_done(folder, tmp_path):
    found = sizes(folder, tmp_path / "out", SizesParams(pixel_size="0.002 um", reports=False))
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary == found.summary
    assert summary["complete"]
    assert summary["pooled"]["count"] == 6
    assert summary["pooled"]["nm"]["d50"] == pytest.approx(2 * summary["pooled"]["px"]["d50"])
    assert {name: entry["count"] for name, entry in summary["images"].items()} == {"a": 4, "b": 2, "empty": 0}
    assert summary["images"]["a"]["pixel_size_nm"] == pytest.approx(2)
    provenance = summary["provenance"]
    assert provenance["command"] == "sizes"
    assert SizesParams.parse(provenance["params"]) == SizesParams(pixel_size="0.002 um", reports=False)
    assert provenance["version"]


def test_without_any_particle_there_is_a_table_with_a_header(tmp_path):
    (tmp_path / "given").mkdir()
    tifffile.imwrite(tmp_path / "given" / "none.tif", squares())
    found = sizes(tmp_path / "given", tmp_path / "out", QUICK)
    table = pd.read_csv(found.table)
    assert (len(table), list(table)) == (0, written())
    assert found.summary["pooled"]["count"] == 0
    assert (found.out / "figures" / "none.png").exists()


def test_the_pixel_size_of_a_label_file_is_used_unless_another_is_given(tmp_path):
    (tmp_path / "given").mkdir()
    scaled = {"imagej": True, "resolution": (1 / 4, 1 / 4), "metadata": {"unit": "nm"}}
    tifffile.imwrite(tmp_path / "given" / "scaled.tif", squares(1).astype(np.uint16), **scaled)
    own = sizes(tmp_path / "given", tmp_path / "own", QUICK).summary
    given = sizes(tmp_path / "given", tmp_path / "other", QUICK.replace(pixel_size="3 nm")).summary
    assert own["images"]["scaled"]["pixel_size_nm"] == pytest.approx(4)
    assert given["images"]["scaled"]["pixel_size_nm"] == 3


def test_an_interrupted_run_leaves_what_it_has(folder, tmp_path):
    steps = sizes.steps(folder, tmp_path / "out", QUICK)
    next(steps), next(steps)
    steps.close()
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["complete"], list(summary["images"])) == (False, ["a"])
    assert len(pd.read_csv(tmp_path / "out" / "particles.csv")) == 4
    assert (tmp_path / "out" / "labels" / "a.tif").exists()
    with (tmp_path / "out" / "particles.csv").open("a", encoding="utf-8") as file:
        file.write("b,3,half a ro")
    again = list(sizes.steps(folder, tmp_path / "out", QUICK))
    assert [step.message.partition(":")[0] for step in again] == ["Measuring", "b", "empty"]
    whole = sizes(folder, tmp_path / "whole", QUICK)
    for name in ("particles.csv", "particles.parquet", "summary.json"):
        assert (tmp_path / "out" / name).read_bytes() == (whole.out / name).read_bytes(), name
    with pytest.raises(
        UserError,
        match=r"other inputs or parameters \(params.border.kind is 'miles_lantuejoul' there and 'drop' here\)",
    ):
        sizes(folder, tmp_path / "out", QUICK.replace(border="drop"))


def test_a_broken_file_does_not_end_the_run(folder, tmp_path):
    whole = (folder / "a.tif").read_bytes()
    (folder / "a.tif").write_bytes(whole[:100])
    summary = sizes(folder, tmp_path / "out", QUICK).summary
    assert (list(summary["failed"]), list(summary["images"])) == (["a"], ["b", "empty"])
    assert "a.tif" in summary["failed"]["a"] and summary["complete"]
    (folder / "a.tif").write_bytes(whole)
    mended = sizes(folder, tmp_path / "out", QUICK).summary
    assert (mended["failed"], sorted(mended["images"])) == ({}, ["a", "b", "empty"])
    for path in folder.iterdir():
        path.write_bytes(b"no image")
    with pytest.raises(UserError, match="None of 3"):
        sizes(folder, tmp_path / "none", QUICK)


def test_different_pixel_sizes_are_pooled_in_nm_only(tmp_path):
    results = Results(tmp_path / "out", {"command": "test"})
    for i, size in enumerate((1.0, 2.0)):
        results.add_labels(f"image{i}", squares(1, 2), size)
    pooled = results.finish().summary["pooled"]
    assert pooled["px"] is None
    one = measure_particles(squares(1, 2))
    assert pooled["nm"]["mean"] == pytest.approx(1.5 * np.average(one["ecd_px"], weights=one["weight"]))
    results.add_labels("unknown", squares(1))
    assert results.finish().summary["pooled"]["nm"] is None


def test_scores_reach_the_table(tmp_path):
    results = Results(tmp_path / "out", {})
    results.add(Micrograph(np.zeros((40, 50), np.uint8), name="one"), squares(5, 9), {5: 0.75, 9: 0.5})
    assert pd.read_csv(results.finish().table)["score"].tolist() == [0.75, 0.5]


def test_bad_input_is_refused_before_anything_is_written(folder, images, tmp_path):
    (images / "b.png").unlink()
    with pytest.raises(UserError, match="no image for 1 of 3"):
        sizes(folder, tmp_path / "out", images=images)
    assert not (tmp_path / "out").exists()
    with pytest.raises(UserError, match="not empty"):
        sizes(folder, folder)
    with pytest.raises(UserError, match="length"):
        SizesParams.parse({"pixel_size": "5 apples"})


def test_shapes_must_agree_and_pixels_be_square(tmp_path):
    results = Results(tmp_path / "out", {})
    with pytest.raises(UserError, match="shape"):
        results.add(Micrograph(np.zeros((4, 5), np.uint8), name="small"), squares(1))
    with pytest.raises(UserError, match="square"):
        results.add(Micrograph(np.zeros((40, 50), np.uint8), (1.0, 2.0), name="oblong"), squares(1))


@pytest.mark.parametrize("paired", ["with a stack", "with images", "alone"])
def test_label_stacks_are_measured_plane_by_plane(tmp_path, paired):
    labels = np.stack([squares(1, 2), squares(), squares(5)])
    grey = np.random.default_rng(0).integers(0, 255, (3, 40, 50), np.uint8)
    tifffile.imwrite(tmp_path / "run.tif", labels.astype(np.uint16), photometric="minisblack")
    images = None
    if paired == "with a stack":
        images = tmp_path / "images" / "run.ome.tif"
        images.parent.mkdir()
        tifffile.imwrite(images, grey, ome=True, metadata={"axes": "ZYX", "PhysicalSizeX": 2e-3, "PhysicalSizeY": 2e-3})
    elif paired == "with images":
        images = [Micrograph(plane, (2.0, 2.0), name=f"run_{i:05d}") for i, plane in enumerate(grey)]
    found = sizes(tmp_path / "run.tif", tmp_path / "out", QUICK, images)
    table = pd.read_csv(found.table)
    assert table[["image", "frame", "label"]].to_numpy().tolist() == [
        ["run_00000", 0, 1],
        ["run_00000", 0, 2],
        ["run_00002", 2, 5],
    ]
    assert list(found.summary["images"]) == ["run_00000", "run_00001", "run_00002"]
    if paired == "alone":
        assert table["ecd_nm"].isna().all() and table["mean_intensity"].isna().all()
    else:
        np.testing.assert_allclose(table["ecd_nm"], 2 * table["ecd_px"], rtol=1e-6)
        expected = measure_particles(labels[2], intensity=grey[2].astype(np.float32))
        np.testing.assert_allclose(table["mean_intensity"].iloc[2], expected["mean_intensity"], rtol=1e-6)


def test_label_stacks_and_image_stacks_of_other_lengths_are_refused(tmp_path):
    labels = np.stack([squares(1), squares(2), squares(5)])
    with pytest.raises(UserError, match="no image for 1 of 3 label images, for example image_00002"):
        sizes(labels, tmp_path / "out", QUICK, labels[:2])


def test_single_images_have_no_frame_but_stacks_beside_them_do(folder, tmp_path):
    tifffile.imwrite(folder / "run.tif", np.stack([squares(1), squares(2)]).astype(np.uint8), photometric="minisblack")
    table = pd.read_csv(sizes(folder, tmp_path / "out", QUICK).table)
    assert table[table["image"] == "a"]["frame"].isna().all()
    assert table[table["image"] == "run_00001"]["frame"].tolist() == [1]


def test_an_interrupted_stack_goes_on_at_its_next_plane(tmp_path):
    labels = np.stack([squares(1), squares(2), squares(5)])
    steps = sizes.steps(labels, tmp_path / "out", QUICK)
    said = [next(steps).message for _ in range(3)]
    steps.close()
    assert said[1:] == ["image_00000: 1 particle", "image_00001: 1 particle"]
    rest = list(sizes.steps(labels, tmp_path / "out", QUICK))
    assert [step.message for step in rest[1:]] == ["image_00002: 1 particle"]
    assert len(pd.read_csv(tmp_path / "out" / "particles.csv")) == 3


def test_what_was_not_read_is_named(folder, images, tmp_path):
    (folder / "c.xyz").touch()
    (folder / "d.xyz").touch()
    (images / "sub").mkdir()
    args = {"labels": folder, "out": tmp_path / "out", "images": images}
    done = sizes(**args, params=QUICK.replace(reports=True))
    said = "Not read: 2 .xyz files, 1 subfolder."
    assert sizes.report(done, args)["left_out"] == said
    assert done.summary["left_out"] == {".xyz": 2, "subfolders": 1}
    assert said in (done.out / "report.html").read_text()


def test_masks_are_refused_one_by_one_and_doubts_are_reported(folder, tmp_path):
    mask = np.where(squares(1, 2) > 0, 255, 0)
    Image.fromarray(mask.astype(np.uint8)).save(folder / "mask.png")
    chain = np.zeros((40, 50), np.uint8)
    for x in (10, 21, 32):
        chain[disk((20, x), 6)] = 1
    Image.fromarray(chain).save(folder / "chain.png")
    found = sizes(folder, tmp_path / "out", QUICK)
    assert list(found.summary["failed"]) == ["mask"]
    assert "all 2 separate regions have the number 255" in found.summary["failed"]["mask"]
    (doubt,) = found.summary["images"]["chain"]["remarks"]
    assert "several particles that touch" in doubt


def test_labels_go_with_a_selected_page_of_their_image(folder, images, tmp_path):
    pages = np.stack([np.full((40, 50), 50, np.uint8), np.full((40, 50), 90, np.uint8)])
    (images / "a.png").unlink()
    tifffile.imwrite(images / "a.tif", pages, photometric="minisblack")
    with pytest.raises(UserError, match=r"There is no image for .* a\..*called a_00000.*--page 1"):
        sizes(folder / "a.tif", tmp_path / "all", QUICK, images / "a.tif")
    found = sizes(folder / "a.tif", tmp_path / "out", QUICK.replace(page=2), images / "a.tif")
    assert (pd.read_csv(found.table)["mean_intensity"] == 90).all()
    assert found.summary["images"]["a"]["remarks"] == ["1 of 2 pages of the file read: number 2."]
    assert found.summary["provenance"]["params"]["page"] == 2


def test_a_page_of_labels_is_selected_where_there_are_no_images(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.stack([squares(1), squares(1, 2)]), photometric="minisblack")
    found = sizes(tmp_path / "a.tif", tmp_path / "out", QUICK.replace(page=2))
    assert {name: entry["count"] for name, entry in found.summary["images"].items()} == {"a": 2}


def test_reports_and_figures_are_written_in_the_formats_asked_for(folder, tmp_path):
    def endings(done):
        return {path.suffix for part in ("figures", "reports") for path in (done.out / part).iterdir()}

    done = sizes(folder / "a.tif", tmp_path / "usual", QUICK.replace(reports=True))
    assert endings(done) == {".png", ".html", ".json"} and (done.out / "report.pdf").is_file()
    wanted = QUICK.replace(reports=True, image_pdfs=True, vector_figures="svg", figure_text_pt=7)
    done = sizes(folder / "a.tif", tmp_path / "all", wanted)
    assert endings(done) == {".png", ".svg", ".html", ".json", ".pdf"}
    done_folder = ResultsFolder.open(done.out)
    done_folder.drop(["a"])
    assert endings(done) == set()


def test_methods_are_written_for_papers(folder, tmp_path):
    done = sizes(folder / "a.tif", tmp_path / "out", QUICK.replace(reports=True, pixel_size="2 nm"))
    text = json.loads((done.out / "summary.json").read_text())["methods"]
    for part in ("outlined beforehand", "Of 4 particles in 1 image, 4 were", "given as 2 nm"):
        assert part in text
    assert all(text in (done.out / page).read_text() for page in ("report.html", "reports/a.html"))
