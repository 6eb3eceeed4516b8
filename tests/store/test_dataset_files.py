"""Files of a dataset that are missing, empty or damaged are errors, never black images."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.recipes.any import as_recipe
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.sample import Sample
from particleforge.store.dataset import Dataset
from particleforge.store.files import sha256

FORMAT_1 = Path(__file__).with_name("format_1.zarr")
RECIPE = as_recipe({"kind": "shapes", "height_px": 40, "width_px": 40})
PARAMS = SynthesizeParams(count=5, samples_per_shard=2)


def contents(folder):
    return {str(path.relative_to(folder)): sha256(path) for path in folder.rglob("*") if path.is_file()}


def shard(dataset, array="images", k=1):
    return dataset.path / array / "c" / str(k) / "0" / "0"


def black(name, known=None):
    return Sample(Micrograph(np.zeros((6, 7), np.uint8), name=name), np.zeros((6, 7), np.uint32), known)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    return draw_dataset(RECIPE, [], tmp_path_factory.mktemp("drawn") / "whole.zarr", PARAMS).path


@pytest.fixture
def dataset(drawn, tmp_path):
    return Dataset.open(shutil.copytree(drawn, tmp_path / "d.zarr"))


def remove(path):
    path.unlink()


def empty(path):
    path.write_bytes(b"")


WAYS = {
    "sample": lambda dataset, array: dataset[2],
    "whole shard": lambda dataset, array: list(dataset),
    "training": lambda dataset, array: dataset.arrays(3),
    "stack": lambda dataset, array: dataset.stack(array),
    "check": lambda dataset, array: dataset.check(),
}


@pytest.mark.parametrize("read", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("array", ["images", "labels"])
@pytest.mark.parametrize(("lose", "state"), [(remove, "missing"), (empty, "empty")])
def test_a_lost_file_is_named(dataset, read, array, lose, state):
    lose(shard(dataset, array))
    with pytest.raises(
        UserError, match=rf"d\.zarr: the array {array} of samples 2 to 3 is lost: .* is {state}"
    ) as caught:
        read(Dataset.open(dataset.path), array)
    assert "draws lost samples again" in caught.value.hint
    assert dataset.missing_shards() == dataset.lost_shards() == [1]
    assert dataset[0].name == "000000"


@pytest.mark.parametrize("lose", [remove, empty])
@pytest.mark.parametrize("array", ["images", "labels", "known"])
def test_lost_samples_are_drawn_again_to_the_same_bytes(drawn, dataset, lose, array):
    lose(shard(dataset, array, 0))
    with pytest.warns(RuntimeWarning, match=r"files of 2 samples are missing or empty, for example of samples 0 to 1"):
        steps = list(draw_dataset.steps(RECIPE, [], dataset.path, PARAMS))
    assert any("will be drawn again" in step.message for step in steps)
    assert contents(dataset.path) == contents(drawn)


@settings(max_examples=30)
@given(data=st.data(), array=st.sampled_from(["images", "labels"]))
def test_a_flipped_bit_is_an_error_or_changes_nothing(drawn, tmp_path_factory, data, array):
    dataset = Dataset.open(shutil.copytree(drawn, tmp_path_factory.mktemp("flip") / "d.zarr"))
    before = [(sample.micrograph.pixels, sample.labels) for sample in dataset[2:4]]
    file = shard(dataset, array)
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(content)
    try:
        after = [(sample.micrograph.pixels, sample.labels) for sample in dataset[2:4]]
    except UserError as error:
        assert f"the array {array} of samples 2 to 3 cannot be read" in error.message
        assert "Delete this file" in error.hint
    else:
        for one, other in zip(before, after, strict=True):
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1])


def test_a_flipped_byte_of_pixels_is_an_error(dataset):
    file = shard(dataset)
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"the array images of samples 2 to 3 cannot be read: .* is damaged"):
        list(dataset)


def test_black_images_without_particles_are_stored_like_others(tmp_path):
    dataset = Dataset.create(tmp_path / "a.zarr", 2, (6, 7), np.uint8, {}, 2)
    dataset.write_shard(0, [black("a"), black("b", np.ones((6, 7), bool))])
    assert Dataset.open(dataset.path).missing_shards() == []
    assert not any(sample.micrograph.pixels.any() or sample.labels.any() for sample in dataset)
    shard(dataset, "known", 0).unlink()
    with pytest.raises(UserError, match="the array known of samples 0 to 1 is lost"):
        dataset.check()


@pytest.fixture
def old(tmp_path):
    return Dataset.open(shutil.copytree(FORMAT_1, tmp_path / "old.zarr"))


def test_former_datasets_are_complete_without_files_of_fill_values(old):
    assert old.missing_shards() == []
    old.check()
    assert not shard(old, "known").exists()
    assert [sample.name for sample in old] == ["s0", "s1", "s2", "s3", "s4"]


@pytest.mark.parametrize("array", ["images", "labels"])
@pytest.mark.parametrize("lose", [remove, empty])
def test_lost_files_of_former_datasets_are_named(old, array, lose):
    lose(shard(old, array, 0))
    with pytest.raises(UserError, match=f"the array {array} of samples 0 to 3 is lost"):
        list(old)
    with pytest.raises(UserError, match=f"the array {array} of samples 0 to 3 is lost"):
        old.arrays(1)
    assert old.lost_shards() == [0]
    assert old[4].name == "s4"


def test_arrays_and_foreign_groups_are_no_datasets(tmp_path, dataset):
    zarr.create_array(tmp_path / "plain.zarr", shape=(3, 3), dtype="uint8")
    with pytest.raises(UserError, match="is a zarr array, but not a ParticleForge dataset"):
        Dataset.open(tmp_path / "plain.zarr")
    with pytest.raises(UserError, match="is a zarr array"):
        Dataset.open(dataset.path / "images")
    (tmp_path / "none.zarr").mkdir()
    with pytest.raises(UserError) as caught:
        Dataset.open(tmp_path / "none.zarr")
    assert "TIFF" not in str(caught.value)


def test_every_array_has_checksums(dataset):
    for name in ("images", "labels", "known"):
        (sharding,) = json.loads((dataset.path / name / "zarr.json").read_text())["codecs"]
        assert sharding["configuration"]["codecs"][-1]["configuration"]["checksum"] is True
        assert sharding["configuration"]["index_codecs"][-1]["name"] == "crc32c"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("count", 10**12, r"array images has 5 samples in shards of 2, but the dataset 1000000000000"),
        ("count", -1, "count is -1"),
        ("count", "5", "count is '5'"),
        ("count", None, "count is None"),
        ("samples_per_shard", 0, "samples_per_shard is 0"),
        ("samples_per_shard", 3, "in shards of 2, but the dataset 5 in shards of 3"),
        ("format", "new", "cannot be read"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(dataset, field, value, message):
    header = json.loads((dataset.path / "zarr.json").read_text())
    header["attributes"]["particleforge"][field] = value
    (dataset.path / "zarr.json").write_text(json.dumps(header))
    with pytest.raises(UserError, match=message):
        Dataset.open(dataset.path)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": "ab"},
        {"shape": [40]},
        {"shape": [-1, 40]},
        {"shape": [40, 1.5]},
        {"pixel_size_nm": [1]},
        {"pixel_size_nm": "1 nm"},
        {"truth": 3},
        {"truth": {"label": {"dtype": "nothing", "values": [1]}}},
        {"truth": {"label": 5}},
        {"known": None, "name": 7, "recipe": None, "shape": None},
    ],
)
def test_rows_of_other_content_are_a_sentence(dataset, change):
    rows = dataset.path / "rows" / "000001.jsonl"
    first, *rest = rows.read_text().splitlines()
    rows.write_text("\n".join([json.dumps(json.loads(first) | change), *rest]) + "\n")
    for read in (lambda: dataset[2], lambda: list(dataset)):
        with pytest.raises(UserError):
            read()


@pytest.mark.parametrize("line", ["{}", "[]", "3", "{", "[" * 100_000, "\udcff"])
def test_broken_rows_are_a_sentence(dataset, line):
    rows = dataset.path / "rows" / "000001.jsonl"
    rows.write_bytes(line.encode("utf-8", "surrogateescape") + b"\n" + rows.read_bytes())
    for read in (lambda: dataset[2], lambda: list(dataset)):
        with pytest.raises(UserError, match=r"000001\.jsonl"):
            read()
