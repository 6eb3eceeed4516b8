import errno
import json
import multiprocessing
import pickle

import numpy as np
import pandas as pd
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.sample import Sample
from particleforge.store.dataset import Dataset
from particleforge.store.files import sha256


def sample_of(i, dtype=np.uint8, largest=80_000):
    rng = np.random.default_rng(i)
    shape = (12 + i % 3, 10 + i % 2)
    pixels = rng.integers(0, 250, shape).astype(dtype)
    labels = np.where(pixels > 200, rng.integers(1, largest, shape), 0).astype(np.uint32)
    truth = pd.DataFrame(
        {
            "label": np.unique(labels[labels > 0]).astype(np.int64),
            "diameter_px": 1 / np.arange(1, len(np.unique(labels[labels > 0])) + 1),
            "class": "rod",
        }
    )
    truth.loc[0, "diameter_px"] = np.nan
    return Sample(
        Micrograph(pixels, (0.5, 0.25), "YX", f"s{i}"),
        labels,
        pixels > 20 if i % 3 == 0 else None,
        truth if i % 2 else None,
        {"kind": "test", "size": 0.1 + i, "list": [1, None]},
    )


SAMPLES = [sample_of(i) for i in range(10)]


def create(path, count=10, per=4, dtype=np.uint8):
    return Dataset.create(path, count, (14, 11), dtype, {"recipe": {"a": 1}, "seed": 3}, per)


def fill(dataset, shards=None):
    for k in dataset.shards if shards is None else shards:
        dataset.write_shard(k, [SAMPLES[i] for i in dataset.shard_range(k)])
    return dataset


def assert_same(back, sample):
    assert (back.name, back.recipe) == (sample.name, sample.recipe)
    assert back.micrograph.pixel_size_nm == sample.micrograph.pixel_size_nm
    assert back.labels.dtype == np.uint32
    np.testing.assert_array_equal(back.micrograph.pixels, sample.micrograph.pixels, strict=True)
    np.testing.assert_array_equal(back.labels, sample.labels, strict=True)
    assert (back.known is None) == (sample.known is None)
    if sample.known is not None:
        np.testing.assert_array_equal(back.known, sample.known, strict=True)
    assert (back.truth is None) == (sample.truth is None)
    if sample.truth is not None:
        pd.testing.assert_frame_equal(back.truth, sample.truth)


def contents(folder):
    return {str(path.relative_to(folder)): sha256(path) for path in folder.rglob("*") if path.is_file()}


def test_samples_come_back_as_they_were(tmp_path):
    dataset = fill(create(tmp_path / "a.zarr"))
    for opened in (dataset, Dataset.open(dataset.path), pickle.loads(pickle.dumps(dataset))):
        assert len(opened) == 10
        assert opened.meta == {"recipe": {"a": 1}, "seed": 3}
        assert (opened.shape, opened.dtype) == ((14, 11), np.uint8)
        for back, sample in zip(opened, SAMPLES, strict=True):
            assert_same(back, sample)
    for i, sample in enumerate(SAMPLES):
        assert_same(dataset[i], sample)
    assert_same(dataset[-1], SAMPLES[9])
    assert [sample.name for sample in dataset[2:5]] == ["s2", "s3", "s4"]
    image, labels, known = dataset.arrays(3)
    np.testing.assert_array_equal(image, SAMPLES[3].micrograph.pixels)
    np.testing.assert_array_equal(labels, SAMPLES[3].labels)
    np.testing.assert_array_equal(known, SAMPLES[3].known)
    with pytest.raises(IndexError):
        dataset[10]


def test_any_zarr_reader_sees_the_arrays(tmp_path):
    fill(create(tmp_path / "a.zarr"))
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    assert group["labels"].dtype == np.uint32
    assert group["images"].chunks == (1, 14, 11)
    assert group["images"].shards == (4, 14, 11)
    np.testing.assert_array_equal(group["images"][1, :13, :11], SAMPLES[1].micrograph.pixels)
    assert not group["images"][0, 12:].any()
    assert group["known"][1].all()


def test_missing_shards_are_known_and_told(tmp_path):
    dataset = create(tmp_path / "a.zarr")
    assert dataset.missing_shards() == [0, 1, 2]
    assert dataset.shard_range(2) == range(8, 10)
    fill(dataset, [2, 0])
    assert dataset.missing_shards() == [1]
    assert dataset[9].name == "s9"
    with pytest.raises(UserError, match="sample 5 is not written yet; 1 of 3"):
        dataset[5]
    samples = iter(dataset)
    assert [next(samples).name for _ in range(4)] == ["s0", "s1", "s2", "s3"]
    with pytest.raises(UserError, match="sample 4 is not written yet; 1 of 3"):
        next(samples)


def test_bytes_do_not_depend_on_order_or_processes(tmp_path):
    one = contents(fill(create(tmp_path / "a.zarr")).path)
    backwards = create(tmp_path / "b.zarr")
    assert contents(fill(backwards, [2, 0, 1]).path) == one
    fill(backwards, [1])
    assert contents(backwards.path) == one
    dataset = create(tmp_path / "c.zarr")
    context = multiprocessing.get_context("spawn")
    batches = [(dataset, k, [SAMPLES[i] for i in dataset.shard_range(k)]) for k in (2, 0, 1)]
    children = [context.Process(target=Dataset.write_shard, args=batch) for batch in batches]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    assert dataset.missing_shards() == []
    assert contents(dataset.path) == one


@pytest.mark.parametrize("parts", [(10,), (4, 6), (3, 3, 4), (1,) * 10, (0, 10, 0)])
def test_appending_gives_the_same_bytes_as_writing(tmp_path, parts):
    whole = contents(fill(create(tmp_path / "a.zarr")).path)
    dataset = create(tmp_path / "b.zarr", count=0)
    start = 0
    for part in parts:
        dataset.append(SAMPLES[start : start + part])
        start += part
    assert contents(dataset.path) == whole


def test_interrupted_append_leaves_the_dataset_as_it_was(tmp_path):
    dataset = create(tmp_path / "a.zarr", count=0)
    dataset.append(SAMPLES[:6])
    too_large = Sample(Micrograph(np.zeros((99, 99), np.uint8), name="large"), np.zeros((99, 99), np.uint32))
    with pytest.raises(UserError, match="large"):
        dataset.append([*SAMPLES[6:9], too_large])
    again = Dataset.open(dataset.path)
    assert (len(again), again.missing_shards()) == (6, [])
    for back, sample in zip(again, SAMPLES[:6], strict=True):
        assert_same(back, sample)
    again.append(SAMPLES[6:])
    for back, sample in zip(again, SAMPLES, strict=True):
        assert_same(back, sample)


def test_appending_behind_a_missing_shard_is_refused(tmp_path):
    dataset = create(tmp_path / "a.zarr")
    with pytest.raises(UserError, match="not written"):
        dataset.append(SAMPLES[:1])


@pytest.mark.parametrize(
    ("pixels", "dtype", "value"),
    [
        (np.array([[1, 256]], np.int64), np.uint8, "256"),
        (np.array([[1, -1]], np.int16), np.uint16, "-1"),
        (np.array([[1, 0.5]]), np.uint8, "0.5"),
        (np.array([[1, np.nan]]), np.int32, "nan"),
        (np.array([[1, 1e300]]), np.float32, "1e\\+300"),
        (np.array([[1, 70_000]]), np.float16, "70000"),
        (np.array([[1, 2]], np.uint8), np.bool_, "2"),
    ],
)
def test_images_never_wrap(tmp_path, pixels, dtype, value):
    dataset = create(tmp_path / "a.zarr", 1, dtype=dtype)
    with pytest.raises(UserError, match=value):
        dataset.write_shard(0, [Sample(Micrograph(pixels, name="x"), np.zeros((1, 2), np.uint32))])
    assert dataset.missing_shards() == [0]


def test_colours_become_grey(tmp_path):
    dataset = create(tmp_path / "a.zarr", 1)
    colour = np.dstack([SAMPLES[0].micrograph.pixels] * 3)
    dataset.write_shard(0, [Sample(Micrograph(colour, axes="YXC"), SAMPLES[0].labels)])
    np.testing.assert_array_equal(dataset[0].micrograph.pixels, SAMPLES[0].micrograph.pixels)


def test_too_large_samples_and_wrong_counts_are_refused(tmp_path):
    dataset = create(tmp_path / "a.zarr", 1)
    with pytest.raises(UserError, match=r"\(15, 3\).*\(14, 11\)"):
        dataset.write_shard(0, [Sample(Micrograph(np.zeros((15, 3), np.uint8)), np.zeros((15, 3), np.uint32))])
    with pytest.raises(ValueError, match="takes 1"):
        dataset.write_shard(0, SAMPLES[:2])


@pytest.mark.parametrize("full_at", [0, 2])
def test_full_disk_is_told_and_the_shard_stays_missing(tmp_path, monkeypatch, full_at):
    dataset = create(tmp_path / "a.zarr")
    calls = iter(range(100))
    write = zarr.storage.LocalStore.set

    async def full(self, *args, **kwargs):
        if next(calls) >= full_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        await write(self, *args, **kwargs)

    monkeypatch.setattr(zarr.storage.LocalStore, "set", full)
    with pytest.raises(UserError, match="disk is full"):
        fill(dataset)
    assert dataset.missing_shards() == [0, 1, 2]
    monkeypatch.undo()
    assert contents(fill(dataset).path) == contents(fill(create(tmp_path / "b.zarr")).path)


def test_what_is_not_a_dataset_is_refused(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        Dataset.open(tmp_path / "a.zarr")
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(UserError, match=r"empty\.zarr"):
        Dataset.open(tmp_path / "empty.zarr")
    zarr.open_group(tmp_path / "other.zarr", mode="w")
    with pytest.raises(UserError, match="not a ParticleForge dataset"):
        Dataset.open(tmp_path / "other.zarr")
    dataset = fill(create(tmp_path / "mine.zarr"))
    with pytest.raises(UserError, match="not empty"):
        create(tmp_path / "mine.zarr")
    (dataset.path / "labels" / "zarr.json").unlink()
    with pytest.raises(UserError, match="labels"):
        Dataset.open(dataset.path)
    (dataset.path / "zarr.json").write_text("{")
    with pytest.raises(UserError, match=r"mine\.zarr"):
        Dataset.open(dataset.path)


def test_broken_shards_and_newer_formats_are_told(tmp_path):
    dataset = fill(create(tmp_path / "a.zarr"))
    shard = dataset.path / "images" / "c" / "1" / "0" / "0"
    shard.write_bytes(shard.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"a\.zarr"):
        dataset[4]
    header = json.loads((dataset.path / "zarr.json").read_text())
    header["attributes"]["particleforge"]["format"] = 99
    (dataset.path / "zarr.json").write_text(json.dumps(header))
    with pytest.raises(UserError, match="99"):
        Dataset.open(dataset.path)


@settings(max_examples=15)
@given(
    arrays(np.float32, (3, 4), elements=st.floats(width=32)),
    arrays(np.uint32, (3, 4)),
    st.none() | arrays(np.bool_, (3, 4)),
    st.lists(st.floats(), max_size=4),
    st.text(max_size=5),
)
def test_round_trip_is_exact(tmp_path_factory, pixels, labels, known, column, text):
    truth = pd.DataFrame(
        {
            "label": np.arange(len(column), dtype=np.int32),
            "x_nm": np.array(column, float),
            "class": pd.Series([text] * len(column), dtype="str"),
            "flag": np.zeros(len(column), bool),
        }
    )
    sample = Sample(Micrograph(pixels, None, "YX", text), labels, known, truth, {"text": text})
    dataset = Dataset.create(tmp_path_factory.mktemp("d") / "a.zarr", 1, (5, 5), np.float32, {})
    dataset.write_shard(0, [sample])
    assert_same(dataset[0], sample)


def test_inputs_are_not_changed(tmp_path):
    before = pickle.dumps([(s.micrograph.pixels, s.labels, s.known, s.truth, s.recipe) for s in SAMPLES])
    fill(create(tmp_path / "a.zarr"))
    assert pickle.dumps([(s.micrograph.pixels, s.labels, s.known, s.truth, s.recipe) for s in SAMPLES]) == before
