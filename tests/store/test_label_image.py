"""Label images of large images: written by windows, read by others, their levels always those of level 0."""

import json
import pickle

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from yaozarrs import validate_zarr_store

from particleforge.errors import UserError
from particleforge.step import run
from particleforge.store import pyramid
from particleforge.store.label_image import LabelImage
from particleforge.store.labels import open_labels, read_labels
from particleforge.store.pyramid import Layout


def labels_of(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 2**32, shape, dtype=np.uint32)


def filled(store, labels, **about):
    made = LabelImage.in_store(store, "particles", Layout(labels.shape, **about))
    for shard in made.missing():
        made.write(made.window(shard), labels[made.window(shard)])
    run(made.build_levels())
    return made


def assert_levels(made, labels):
    for level in made.levels:
        np.testing.assert_array_equal(level[...], labels)
        labels = labels[..., ::2, ::2]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(pyramid, "LARGEST_COARSEST_PX", 16)


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_every_level_is_every_second_pixel_of_the_finer_one(tmp_path_factory, data):
    planes = data.draw(st.sampled_from([(), (2,), (1, 2)]))
    labels = labels_of((*planes, *data.draw(st.tuples(*[st.integers(1, 60)] * 2))))
    shard = data.draw(st.sampled_from([8, 12, 32, 64]))
    axes = "TZYX"[: len(planes)] + "YX"
    made = filled(tmp_path_factory.mktemp("a") / "a.zarr", labels, shard_px=shard, axes=axes)
    assert_levels(made, labels)
    assert max(made.levels[-1].shape[-2:]) <= 16

    sides = [sorted(data.draw(st.tuples(st.integers(0, n), st.integers(0, n)))) for n in labels.shape]
    window = tuple(slice(a, b) for a, b in sides)
    np.testing.assert_array_equal(made.read(window), labels[window])
    labels[window] = 7
    made.correct(window, labels[window])
    assert_levels(made, labels)


def test_an_interrupted_run_continues_with_what_is_missing(tmp_path):
    labels = labels_of((100, 70))
    layout = Layout(labels.shape, 32)
    made = LabelImage.in_store(tmp_path / "a.zarr", "particles", layout)
    first, *others = made.missing()
    made.write(made.window(first), labels[made.window(first)])
    again = LabelImage.in_store(tmp_path / "a.zarr", "particles", layout)
    assert again.missing() == others
    with pytest.raises(UserError, match=r"not written yet"):
        again.read((slice(0, 40), slice(0, 8)))
    with pytest.raises(UserError, match=r"not written yet"):
        run(again.build_levels())
    for shard in others:
        again.write(again.window(shard), labels[again.window(shard)])
    steps = again.build_levels()
    for _ in range(3):
        next(steps)
    steps.close()
    done = {path: path.stat().st_mtime_ns for path in (again.path / "1").rglob("*") if path.is_file()}
    run(again.build_levels())
    assert_levels(again, labels)
    assert done.items() <= {path: path.stat().st_mtime_ns for path in (again.path / "1").rglob("*")}.items()


def test_writing_level_0_again_takes_away_what_was_built_of_it(tmp_path):
    labels = labels_of((100, 70))
    made = filled(tmp_path / "a.zarr", labels, shard_px=16)
    window = made.window((2, 1))
    labels[window] = 3
    made.write(window, labels[window])
    assert made.missing(1) == [(1, 0)] and made.missing(2) == [(0, 0)]
    run(made.build_levels())
    assert_levels(made, labels)


def test_a_level_0_changed_elsewhere_is_rebuilt_over_the_window(tmp_path):
    labels = labels_of((100, 70))
    made = filled(tmp_path / "a.zarr", labels, shard_px=16)
    window = (slice(31, 52), slice(7, 33))
    labels[window] = 3
    made.levels[0][window] = 3
    made.rebuild(window)
    assert_levels(made, labels)


def test_empty_parts_count_as_written(tmp_path):
    made = filled(tmp_path / "a.zarr", np.zeros((100, 70), np.uint32), shard_px=16)
    assert [made.missing(level) for level in range(len(made.levels))] == [[]] * len(made.levels)


def test_a_window_off_the_shards_is_refused(tmp_path):
    made = LabelImage.in_store(tmp_path / "a.zarr", "particles", Layout((100, 70), 16))
    with pytest.raises(ValueError, match="boundaries"):
        made.write((slice(0, 16), slice(8, 24)), np.zeros((16, 16), np.uint32))


def test_the_path_alone_is_pickled(tmp_path):
    made = filled(tmp_path / "a.zarr", labels_of((40, 30)), shard_px=16)
    again = pickle.loads(pickle.dumps(made))
    assert again.path == made.path and again.layout == made.layout


def test_another_shape_or_scale_under_the_same_name_is_refused(tmp_path):
    LabelImage.in_store(tmp_path / "a.zarr", "particles", Layout((100, 70), 16))
    with pytest.raises(UserError, match="another shape"):
        LabelImage.in_store(tmp_path / "a.zarr", "particles", Layout((100, 70), 16, pixel_size_nm=(2, 2)))


def test_a_damaged_shard_is_an_error_that_names_the_image(tmp_path):
    made = filled(tmp_path / "a.zarr", labels_of((40, 30)), shard_px=16)
    file = made.path / "0" / "c" / "0" / "0"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(UserError, match="particles cannot be read"):
        made.read((slice(0, 16), slice(0, 16)))


def test_a_store_of_zarr_format_2_is_left_alone(tmp_path):
    zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match="format 2"):
        LabelImage.in_store(tmp_path / "a.zarr", "particles", Layout((100, 70), 16))
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("axes", ["YX", "TYX", "TZYX"])
def test_an_independent_validator_accepts_it(tmp_path, axes):
    store, shape = tmp_path / "a.zarr", (2, 3, 40, 30)[-len(axes) :]
    filled(store, labels_of(shape), shard_px=16, axes=axes, pixel_size_nm=(0.5, 0.5), interval_s=2.0)
    validate_zarr_store(store / "labels" / "particles")
    validate_zarr_store(store / "labels")
    LabelImage.in_store(store, "others", Layout(shape, 16, axes=axes))
    assert json.loads((store / "labels" / "zarr.json").read_text())["attributes"]["ome"]["labels"] == [
        "particles",
        "others",
    ]


def test_it_is_read_like_any_label_image_with_its_scale(tmp_path):
    labels = labels_of((40, 30))
    made = filled(tmp_path / "a.zarr", labels, shard_px=16, pixel_size_nm=(0.5, 0.25))
    source = open_labels(made.path)
    assert source.pixel_size_nm == (0.5, 0.25) and not source.remarks
    np.testing.assert_array_equal(source[0].read().pixels, labels)
    bare = filled(tmp_path / "b.zarr", labels, shard_px=16)
    assert open_labels(bare.path).pixel_size_nm is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # ome-zarr deprecates what its older versions need
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_label_images_of_another_program_are_read(tmp_path, version):
    from ome_zarr.format import FormatV04, FormatV05
    from ome_zarr.writer import write_multiscale, write_multiscale_labels

    store, labels = tmp_path / "a.zarr", labels_of((1, 40, 30)) % 2**16
    form = {"0.4": FormatV04, "0.5": FormatV05}[version]()
    group = zarr.open_group(store, mode="w", zarr_format=form.zarr_format)
    axes = [{"name": "c", "type": "channel"}] + [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
    scales = [[{"type": "scale", "scale": [1.0, step, step]}] for step in (0.5, 1.0)]
    about = {"axes": axes, "fmt": form, "coordinate_transformations": scales}
    write_multiscale([labels.astype("u1"), labels[:, ::2, ::2].astype("u1")], group, **about)
    write_multiscale_labels([labels.astype("i4"), labels[:, ::2, ::2].astype("i4")], group, name="cells", **about)
    source = open_labels(store / "labels" / "cells")
    assert source.pixel_size_nm == (500.0, 500.0)
    np.testing.assert_array_equal(read_labels(store / "labels" / "cells"), labels[0])
