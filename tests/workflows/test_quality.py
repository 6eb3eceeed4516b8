import json
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from particleforge.cli import main
from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.sample import Sample
from particleforge.store.annotated import write_annotated
from particleforge.store.dataset import Dataset
from particleforge.store.selection import ALL
from particleforge.workflows import _sets
from particleforge.workflows._pictures import Picture
from particleforge.workflows._sets import items
from particleforge.workflows.quality_ import QualityParams, quality_

FEW = QualityParams.parse({"precision": {"resamples": 100}, "images": 6, "crops": 2})


def using(network):
    """Parameters with a network of one's own."""
    return FEW.model_copy(update={"features": network})


def inverted(sample):
    """The same particles, dark on bright ground."""
    micrograph = replace(sample.micrograph, pixels=255 - sample.micrograph.pixels)
    return replace(sample, micrograph=micrograph)


@pytest.fixture(scope="module")
def sets(drawn, tmp_path_factory):
    """Folder with real images, a set like them, and one with dark particles."""
    folder = tmp_path_factory.mktemp("sets")
    write_annotated(folder / "real", [drawn(seed) for seed in range(6)])
    write_annotated(folder / "dark", [inverted(drawn(seed)) for seed in range(20, 26)])
    samples = [drawn(seed) for seed in range(10, 18)]
    dataset = Dataset.create(folder / "like.zarr", 8, (96, 120), np.uint8, {})
    dataset.write_shard(0, samples)
    return folder


@pytest.fixture(scope="module")
def judged(sets):
    return quality_([sets / "dark", sets / "like.zarr"], sets / "out", [sets / "real"], FEW)


@pytest.mark.slow
def test_the_set_like_the_real_images_is_nearest_by_every_distance(judged):
    assert judged.data["ranked"] == ["like.zarr", "dark"]
    for key, distance in judged.data["distances"].items():
        far = distance["sets"]
        assert far["like.zarr"]["value"] < far["dark"]["value"], key
        assert far["like.zarr"]["nearest"] > 0.5, key
        assert distance["by_chance"]["unit"] > 0
    assert judged.data["images"] == {"real images": 6, "dark": 6, "like.zarr": 6}
    assert judged.data["resolution_px"] == pytest.approx(19, abs=3)


@pytest.mark.slow
def test_files_hold_what_is_returned(judged):
    assert json.loads((judged.out / "quality.json").read_text()) == judged.data
    report = (judged.out / "report.html").read_text()
    assert "like.zarr" in report and "Halves of the real images" in report


@pytest.mark.slow
def test_a_run_is_continued_from_what_is_known_of_its_images(judged, sets):
    files = {path: path.stat().st_mtime_ns for path in (judged.out / "described").rglob("*.npz")}
    assert len(files) == 2 * 18
    first = sorted(files)[0]
    first.write_bytes(b"damaged")
    again = quality_([sets / "dark", sets / "like.zarr"], judged.out, [sets / "real"], FEW)
    assert again.data == judged.data
    assert {path for path, when in files.items() if path.stat().st_mtime_ns != when} == {first}
    with pytest.raises(UserError, match="other inputs or parameters"):
        quality_([sets / "dark"], judged.out, [sets / "real"], FEW)


@pytest.mark.slow
def test_images_that_cannot_be_used_are_left_out_and_named(sets, tmp_path, drawn):
    folder = tmp_path / "mixed"
    folder.mkdir()
    tifffile.imwrite(folder / "good.tif", drawn(30).micrograph.pixels)
    tifffile.imwrite(folder / "even.tif", np.full((96, 96), 7, np.uint8))
    broken = drawn(31).micrograph.pixels.astype(np.float32)
    broken[3, 4] = np.nan
    tifffile.imwrite(folder / "nan.tif", broken)
    judged = quality_([folder], tmp_path / "out", [sets / "real" / "images" / "discs_0.tif"], FEW)
    found = judged.data
    assert judged.report()["not_measured"] == 2 and "single real image" in judged.report()["remarks"]
    assert set(found["left_out"]["mixed"]) == {"even", "nan"}
    assert "NaN" in found["left_out"]["mixed"]["nan"]
    assert any("single real image" in line for line in found["warnings"])
    assert any("2 images left out" in line for line in found["warnings"])
    assert found["distances"]["kernel"]["by_chance"] is None


def test_what_cannot_be_compared_is_refused(sets, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="There are no real images"):
        quality_([sets / "dark"], tmp_path / "out", [], FEW)
    with pytest.raises(UserError, match="no set to compare"):
        quality_([], tmp_path / "out", [sets / "real"], FEW)
    with pytest.raises(UserError, match="empty"):
        quality_([tmp_path / "empty"], tmp_path / "out", [sets / "real"], FEW)
    tifffile.imwrite(tmp_path / "noise.tif", np.random.default_rng(0).integers(0, 2, (64, 64)).astype(np.uint8))
    tifffile.imwrite(tmp_path / "even.tif", np.full((96, 96), 7, np.uint8))
    with pytest.raises(UserError, match="all pixels are equal"):
        quality_([tmp_path / "even.tif"], tmp_path / "out", [sets / "real"], FEW)
    with pytest.raises(UserError, match="is not a file"):
        quality_(
            [sets / "dark"],
            tmp_path / "out",
            [sets / "real"],
            FEW.model_copy(update={"features": tmp_path / "no.onnx"}),
        )


def test_every_so_many_images_are_taken_of_large_sets(sets):
    assert [item.name for item in items(sets / "like.zarr", ALL, 3)] == [
        "sample_000000",
        "sample_000004",
        "sample_000007",
    ]
    assert [item.name for item in items(sets / "real", ALL, 2)] == ["discs_0", "discs_5"]


@pytest.mark.slow
def test_a_recipe_is_drawn_first(sets, tmp_path):
    (tmp_path / "dark.yaml").write_text("kind: shapes\nheight_px: 128\nwidth_px: 128\n")
    params = FEW.model_copy(update={"drawn": 2})
    found = quality_(["shapes", tmp_path / "dark.yaml"], tmp_path / "out", [sets / "real"], params).data
    assert found["images"] == {"real images": 6, "shapes": 2, "dark.yaml": 2}
    assert found["provenance"]["recipes"]["dark.yaml"]["kind"] == "shapes"
    assert len(Dataset.open(tmp_path / "out" / "drawn" / "shapes.zarr")) == 2
    with pytest.raises(UserError, match="'round' is not a kind of recipe"):
        (tmp_path / "wrong.yaml").write_text("kind: round\n")
        quality_([tmp_path / "wrong.yaml"], tmp_path / "new", [sets / "real"], params)


def test_of_a_huge_image_only_the_middle_is_read(tmp_path, monkeypatch):
    pixels = np.random.default_rng(3).integers(0, 255, (60, 90)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "huge.tif", pixels)
    monkeypatch.setattr(_sets, "MOST_PX", 60 * 90 // 9)
    found = items(tmp_path / "huge.tif", ALL, 1)[0].read()
    assert np.array_equal(found.micrograph.pixels, pixels[20:40, 30:60])


def test_finer_images_are_reduced_to_the_given_resolution(drawn):
    fine = drawn(3).micrograph
    picture = Picture.of(fine)
    sharp, soft = (picture.at_working_scale(20.0, resolution) for resolution in (24.0, 6.0))
    assert np.allclose([sharp.grey.shape, soft.grey.shape], (115, 144), atol=1)
    steep = [np.abs(np.diff(one.grey, axis=0)).max() for one in (sharp, soft)]
    assert steep[0] > 1.5 * steep[1]


def test_bars_and_letters_are_in_no_crop():
    grey = np.random.default_rng(1).normal(100, 10, (300, 300)).astype(np.float32)
    picture = Picture("image", grey, [(slice(250, 280), slice(10, 100))])
    scaled = picture.at_working_scale(24.0, 24.0)
    assert scaled.marks == [(slice(250, 280), slice(10, 100))]
    windows = scaled.crops(100)
    assert len(windows) == 8
    small = Picture("image", grey[:132, :132], [(slice(11, 27), slice(20, 69))])
    assert small.crops(1).shape == (1, 96, 96)
    assert np.isin(small.crops(1), grey[27:132, :132]).all()
    with pytest.raises(UserError, match="leave no part"):
        Picture("image", grey, [(slice(0, 300), slice(0, 300))]).crops(3)


def test_a_small_image_is_mirrored_to_a_crop():
    grey = np.random.default_rng(1).random((50, 130)).astype(np.float32)
    crops = Picture("image", grey, []).crops(9)
    assert crops.shape == (1, 96, 96)
    assert np.array_equal(crops[0, 50:], crops[0, 49:3:-1])


@pytest.mark.slow
def test_a_network_of_ones_own_adds_its_distances(sets, tmp_path):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    path = write_network(onnx, tmp_path / "mean.onnx")
    found = quality_([sets / "dark", sets / "like.zarr"], tmp_path / "out", [sets / "real"], using(path)).data
    for key in ("fid", "kid", "cosine"):
        far = found["distances"][key]["sets"]
        assert far["like.zarr"]["value"] < far["dark"]["value"]
    assert len(found["provenance"]["params"]["features_sha256"]) == 64
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    with pytest.raises(UserError, match=r"broken.onnx is not an ONNX file"):
        quality_(
            [sets / "dark"],
            tmp_path / "new",
            [sets / "real"],
            using(tmp_path / "broken.onnx"),
        )
    maps = write_network(onnx, tmp_path / "maps.onnx", pooled=False, channels=2)
    with pytest.raises(UserError, match=r"one image, \(1, 1 or 3, height, width\), is needed"):
        quality_([sets / "dark"], tmp_path / "new", [sets / "real"], using(maps))


def write_network(onnx, path, pooled=True, channels=3):
    """Mean grey values of quarters of the image."""
    helper, types = onnx.helper, onnx.TensorProto
    image = helper.make_tensor_value_info("image", types.FLOAT, [1, channels, 32, 32])
    vector = helper.make_tensor_value_info("vector", types.FLOAT, None)
    nodes = [helper.make_node("AveragePool", ["image"], ["means"], kernel_shape=[16, 16], strides=[16, 16])]
    nodes.append(helper.make_node("Flatten" if pooled else "Identity", ["means"], ["vector"]))
    graph = helper.make_graph(nodes, "means", [image], [vector])
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path


@pytest.mark.slow
def test_the_command_takes_sets_in_place_and_real_images_as_an_option(sets, tmp_path, capsys):
    words = ["quality", sets / "dark", "--real", sets / "real", "--out", tmp_path / "out", "--images", 2, "--crops", 1]
    assert main(list(map(str, words))) == 0
    assert "dark: distance" in capsys.readouterr().out


@pytest.mark.slow
def test_samples_without_particles_are_described_at_the_scale_of_their_set(sets, tmp_path, drawn):
    empty = drawn(40)
    noise = np.random.default_rng(2).normal(30, 4, (96, 120)).clip(0, 255).astype(np.uint8)
    blank = Sample(Micrograph(noise, name="blank"), np.zeros((96, 120), np.uint32))
    dataset = Dataset.create(tmp_path / "some.zarr", 2, (96, 120), np.uint8, {})
    dataset.write_shard(0, [empty, blank])
    found = quality_([tmp_path / "some.zarr"], tmp_path / "out", [sets / "real"], FEW).data
    assert found["images"]["some.zarr"] == 2
