"""Datasets whose samples have more than image and labels, and those written before there was such a thing."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.outline import Outline
from particleforge.sample import Sample
from particleforge.schema import Array, Axis, Map, Schema
from particleforge.store.dataset import Dataset
from particleforge.store.files import sha256
from particleforge.targets.category import Category
from particleforge.targets.number import Number
from particleforge.targets.outlines import Outlines

FORMAT_1 = Path(__file__).with_name("format_1.zarr")
LARGEST = (5, 4)
DTYPES = ("bool", "uint8", "int16", "uint32", "int64", "float16", "float32", "float64")
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("images", "labels", "known", "rows")
)
FINITE = st.floats(-1e6, 1e6)
OUTLINES = st.builds(
    Outline,
    st.integers(1, 9),
    arrays(np.float64, st.tuples(st.integers(3, 6), st.just(2)), elements=FINITE),
    st.floats(0, 1),
).map(lambda one: Outlines().unpack(Outlines().pack((one,)))[0])
"""Rounded as they are stored."""
VALUES = {
    "number": st.floats(allow_infinity=False),
    "category": st.sampled_from(["anatase", "rutile"]),
    "outlines": st.lists(OUTLINES, max_size=3).map(tuple),
}
TARGETS = {"number": Number(unit="nm"), "category": Category(names=("anatase", "rutile")), "outlines": Outlines()}
AXES = st.lists(st.builds(Axis, name=st.sampled_from("abc"), size=st.integers(1, 4)), max_size=3).map(tuple)


@st.composite
def schemas(draw):
    names = draw(st.lists(NAMES, unique=True, max_size=5))
    kinds = [draw(st.sampled_from(["map", "array", *TARGETS])) for _ in names]
    image = "map" in kinds or draw(st.booleans())
    return Schema(
        image=image,
        labels=image and draw(st.booleans()),
        maps={n: Map(dtype=draw(st.sampled_from(DTYPES))) for n, k in zip(names, kinds, strict=True) if k == "map"},
        arrays={
            n: Array(dtype=draw(st.sampled_from(DTYPES)), axes=draw(AXES))
            for n, k in zip(names, kinds, strict=True)
            if k == "array"
        },
        targets={n: TARGETS[k] for n, k in zip(names, kinds, strict=True) if k in TARGETS},
    )


@st.composite
def samples(draw, schema, name):
    shape = draw(st.tuples(st.integers(1, LARGEST[0]), st.integers(1, LARGEST[1]))) if schema.image else (0, 0)
    own = {n: tuple(draw(st.integers(0, size)) for size in one.shape) for n, one in schema.arrays.items()}
    more = {
        "maps": {n: draw(arrays(one.dtype, shape)) for n, one in schema.maps.items()},
        "arrays": {n: draw(arrays(one.dtype, own[n])) for n, one in schema.arrays.items()},
        "targets": {n: draw(VALUES[one.kind]) for n, one in schema.targets.items()},
    }
    image = Micrograph(draw(arrays(np.uint8, shape)), name=name)
    if not schema.labels:
        return Sample.unlabelled(image, **more)
    known = draw(st.none() | arrays(np.bool_, shape))
    truth = draw(st.none() | st.just(pd.DataFrame({"label": [1, 2]})))
    return Sample(image, draw(arrays(np.uint32, shape)), known, truth, {"kind": "test"}, **more)


def written(path, schema, drawn, per=2):
    dataset = Dataset.create(path, len(drawn), LARGEST if schema.image else (0, 0), np.uint8, {}, per, schema)
    for k in dataset.shards:
        dataset.write_shard(k, [drawn[i] for i in dataset.shard_range(k)])
    return dataset


def contents(folder):
    return {str(path.relative_to(folder)): sha256(path) for path in folder.rglob("*") if path.is_file()}


def assert_same(back, sample):
    """Everything is equal: fingerprints cover arrays and targets, NaN and digits included."""
    assert back.fingerprint() == sample.fingerprint()
    assert (back.recipe, back.known is None) == (sample.recipe, sample.known is None)
    assert (back.truth is None) == (sample.truth is None)


@settings(max_examples=25)
@given(st.data())
def test_samples_of_any_schema_come_back_as_they_were(tmp_path_factory, data):
    schema = data.draw(schemas())
    drawn = [data.draw(samples(schema, f"s{i}")) for i in range(data.draw(st.integers(1, 5)))]
    folder = tmp_path_factory.mktemp("d")
    dataset = written(folder / "a.zarr", schema, drawn)
    for opened in (dataset, Dataset.open(dataset.path), pickle.loads(pickle.dumps(dataset))):
        assert opened.schema == schema
        assert opened.missing_shards() == []
        for back, at, sample in zip(opened, opened[:], drawn, strict=True):
            assert_same(back, sample)
            assert_same(at, sample)
    grown = Dataset.create(folder / "b.zarr", 0, dataset.shape, np.uint8, {}, 2, schema)
    for sample in drawn:
        grown.append([sample])
    assert contents(grown.path) == contents(dataset.path)


def test_any_zarr_reader_sees_the_further_arrays(tmp_path):
    axes = (Axis(name="radius", size=3, unit="nm", coordinates=(1, 2, 4)), Axis(name="time", size=2, unit="s"))
    schema = Schema(maps={"crack": Map()}, arrays={"spectrum": Array(axes=axes)})
    sample = Sample(
        Micrograph(np.zeros((2, 3), np.uint8)),
        np.zeros((2, 3), np.uint32),
        maps={"crack": np.ones((2, 3), bool)},
        arrays={"spectrum": np.full((3, 1), 0.5, np.float32)},
    )
    group = zarr.open_group(written(tmp_path / "a.zarr", schema, [sample] * 3).path, mode="r")
    assert (group["crack"].shape, group["crack"].dtype, group["crack"].shards) == ((3, 5, 4), bool, (2, 5, 4))
    assert group["crack"][2, :2, :3].all()
    assert group["crack"][:].sum() == 3 * 6
    np.testing.assert_array_equal(group["spectrum"][1], [[0.5, 0]] * 3)
    assert group["spectrum"].metadata.dimension_names == ("sample", "radius", "time")
    own = group.attrs["particleforge"]
    assert own["format"] == 2
    assert own["schema"]["arrays"]["spectrum"]["axes"][0]["coordinates"] == [1, 2, 4]


def test_a_sample_that_does_not_fit_leaves_its_shard_missing(tmp_path):
    dataset = Dataset.create(tmp_path / "a.zarr", 1, LARGEST, np.uint8, {}, schema=Schema(maps={"crack": Map()}))
    with pytest.raises(UserError, match=r"s has the maps \(none\); wanted are crack"):
        dataset.write_shard(0, [Sample(Micrograph(np.zeros((2, 3), np.uint8), name="s"), np.zeros((2, 3), np.uint32))])
    assert dataset.missing_shards() == [0]


def test_what_training_reads_is_there_without_labels(tmp_path):
    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    dataset = written(
        tmp_path / "a.zarr",
        Schema(labels=False, targets={"phase": Category()}),
        [Sample.unlabelled(Micrograph(image), targets={"phase": "rutile"})],
    )
    pixels, labels, known = dataset.arrays(0)
    np.testing.assert_array_equal(pixels, image)
    assert not labels.any()
    assert not known.any()
    assert {path.name for path in dataset.path.iterdir()} == {"images", "rows", "zarr.json"}
    np.testing.assert_array_equal(dataset.stack("images")[0, :2, :3], image)
    with pytest.raises(UserError, match="has no labels; its samples have images"):
        dataset.stack("labels")


def test_a_missing_array_is_named(tmp_path):
    dataset = Dataset.create(tmp_path / "a.zarr", 1, LARGEST, np.uint8, {}, schema=Schema(maps={"crack": Map()}))
    shutil.rmtree(dataset.path / "crack")
    with pytest.raises(UserError, match=r"a\.zarr is broken: its array crack is missing"):
        Dataset.open(dataset.path)


def test_datasets_of_the_first_format_are_read(tmp_path):
    dataset = Dataset.open(shutil.copytree(FORMAT_1, tmp_path / "old.zarr"))
    assert (len(dataset), dataset.schema, dataset.missing_shards()) == (5, Schema(), [])
    assert [sample.name for sample in dataset] == ["s0", "s1", "s2", "s3", "s4"]
    for i, sample in enumerate(dataset):
        pixels = np.random.default_rng(i).integers(0, 250, (12 + i % 3, 10 + i % 2)).astype(np.uint8)
        np.testing.assert_array_equal(sample.micrograph.pixels, pixels)
        np.testing.assert_array_equal(sample.labels > 0, pixels > 200)
        assert (sample.known is None) == (i % 3 != 0)
        assert (sample.truth is None) == (i % 2 == 0)
        assert (sample.maps, sample.arrays, sample.targets) == ({}, {}, {})
    dataset.append(dataset[:2])
    assert [sample.name for sample in Dataset.open(dataset.path)] == ["s0", "s1", "s2", "s3", "s4", "s0", "s1"]


def test_datasets_of_image_and_labels_are_still_of_the_first_format(tmp_path):
    old = Dataset.open(shutil.copytree(FORMAT_1, tmp_path / "old.zarr"))
    new = Dataset.create(tmp_path / "new.zarr", 5, old.shape, old.dtype, old.meta, 4)
    for k in new.shards:
        new.write_shard(k, [old[i] for i in new.shard_range(k)])
    before, after = contents(old.path), contents(new.path)
    assert after.keys() - before.keys() == {"known/c/1/0/0"} and before.keys() <= after.keys()
    rows = [name for name in before if name.endswith(".jsonl")]
    assert len(rows) == 2  # arrays have checksums now, and every shard its file
    assert {name: before[name] for name in rows} == {name: after[name] for name in rows}
    headers = [json.loads((folder.path / "zarr.json").read_text()) for folder in (old, new)]
    for header in headers:
        header["attributes"]["particleforge"].pop("version")
        header["attributes"]["particleforge"].pop("every_file", None)
    assert headers[0] == headers[1]
