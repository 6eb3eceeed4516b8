"""Any image or stack is copied to OME-Zarr exactly, with its scale; what goes wrong is a sentence."""

import errno
import hashlib
import shutil
from itertools import count

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from yaozarrs import validate_zarr_store

from particleforge.errors import UserError
from particleforge.store import pyramid
from particleforge.store.micrographs import open_source
from particleforge.store.source import Source
from particleforge.store.tiff_scale import scale_tags
from particleforge.workflows.convert import ConvertParams, convert

SMALL = ConvertParams(shard_px=256)
GREY = np.random.default_rng(0).integers(0, 2**16, (600, 700), dtype=np.uint16)


def everything(path):
    files = [path] if path.is_file() else sorted(inner for inner in path.rglob("*") if inner.is_file())
    return {str(file): (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns) for file in files}


def tiff(path, pixels=GREY, size=(0.5, 0.25)):
    tifffile.imwrite(path, pixels, tile=(64, 64), compression="zlib", metadata=None, **scale_tags(size))
    return path


@pytest.fixture(autouse=True)
def levels(monkeypatch):
    monkeypatch.setattr(pyramid, "LARGEST_COARSEST_PX", 100)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.data())
def test_every_pixel_and_mean_is_kept(tmp_path_factory, data):
    lengths = {"T": 2, "Z": 3, "C": 2, "Y": data.draw(st.integers(1, 300)), "X": data.draw(st.integers(1, 300))}
    stack = data.draw(st.sets(st.sampled_from("TZC")))
    axes = "".join(data.draw(st.permutations([*sorted(stack), "Y", "X"])))
    dtype = data.draw(st.sampled_from(["u1", "i2", ">u2", "u4", "f4", "f2", "?"]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    pixels = (rng.random([lengths[axis] for axis in axes]) * 200 - 50 * (np.dtype(dtype).kind in "if")).astype(dtype)
    about = {"pixel_size_nm": (0.5, 0.3), "interval_s": 2.5 if "T" in axes else None}
    about["z_step_nm"] = 4.0 if "Z" in axes else None
    out = tmp_path_factory.mktemp("convert") / "a.zarr"
    convert(Source.of(pixels, axes, name="a", **about), out, SMALL)

    copy = open_source(out)
    assert not copy.remarks and {name: getattr(copy, name) for name in about} == about
    validate_zarr_store(str(out))
    expected = pixels.transpose([axes.index(axis) for axis in copy.axes])
    np.testing.assert_array_equal(np.asarray(copy.pixels), expected)
    y, x = (copy.axes.index(axis) for axis in "YX")
    for level in copy.levels:
        expected = means(np.moveaxis(expected, (y, x), (-2, -1)), copy.pixels.dtype)
        expected = np.moveaxis(expected, (-2, -1), (y, x))
        np.testing.assert_allclose(np.asarray(level.pixels), expected, rtol=1e-6)
    assert max(copy.levels[-1].sides if copy.levels else copy.sides) <= 100


def means(pixels, dtype):
    """Mean of each block of two by two pixels, of fewer at odd ends."""
    found, counts = pixels.astype(np.float64), np.ones(pixels.shape[-2:])
    for axis in (-2, -1):
        starts = np.arange(0, found.shape[axis], 2)
        found, counts = np.add.reduceat(found, starts, axis), np.add.reduceat(counts, starts, axis)
    found /= counts
    return (np.floor(found + 0.5) if dtype.kind != "f" else found).astype(dtype)


def test_levels_lie_in_the_middle_of_what_they_show(tmp_path):
    convert(tiff(tmp_path / "a.tif"), tmp_path / "a.zarr", SMALL)
    about = zarr.open_group(tmp_path / "a.zarr").attrs["ome"]["multiscales"][0]
    scale, moved = about["datasets"][2]["coordinateTransformations"]
    assert scale == {"type": "scale", "scale": pytest.approx([2, 1])}
    assert moved == {"type": "translation", "translation": pytest.approx([0.75, 0.375])}
    assert {axis["unit"] for axis in about["axes"]} == {"nanometer"}


def test_a_run_that_failed_is_continued_and_the_image_is_untouched(tmp_path, monkeypatch):
    image, out = tiff(tmp_path / "a.tif"), tmp_path / "b" / "a.zarr"
    convert(image, tmp_path / "a.zarr", SMALL)
    before, calls, save = everything(image), count(), zarr.storage.LocalStore.set

    async def full(self, key, *args, **kwargs):
        if "/c/" in key and next(calls) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return await save(self, key, *args, **kwargs)

    with monkeypatch.context() as patch, pytest.raises(UserError, match=r"a\.zarr cannot be written: the disk is full"):
        patch.setattr(zarr.storage.LocalStore, "set", full)
        convert(image, out, SMALL)
    done = {path: path.stat().st_mtime_ns for path in (out / "0").rglob("c/*/*")}
    assert len(done) == 3
    convert(image, out, SMALL)
    assert all(path.stat().st_mtime_ns == at for path, at in done.items())
    assert everything(image) == before
    shas = [[sha for sha, _ in everything(one).values()] for one in (out, tmp_path / "a.zarr")]
    assert shas[0] == shas[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "a.zarr", "b"]


def test_a_damaged_chunk_is_named_and_can_be_repaired(tmp_path):
    image = tmp_path / "source.zarr"
    convert(tiff(tmp_path / "a.tif"), image, SMALL)
    shard = image / "0" / "c" / "1" / "1"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:2000] + bytes(100) + whole[2100:])
    before = everything(image)
    with pytest.raises(UserError, match=r"source\.zarr cannot be read"):
        convert(image, tmp_path / "copy.zarr", SMALL)
    assert everything(image) == before
    assert (tmp_path / "copy.zarr" / "0" / "c" / "0" / "0").is_file()
    assert any("not stored" in remark for remark in open_source(tmp_path / "copy.zarr").remarks)


def test_a_shard_that_is_not_what_was_read_is_refused(tmp_path, monkeypatch):
    read = pyramid.Pyramid.read
    monkeypatch.setattr(pyramid.Pyramid, "read", lambda *args: read(*args) + 1)
    with pytest.raises(UserError, match="a part that was written is not what was read of the image"):
        convert(tiff(tmp_path / "a.tif"), tmp_path / "a.zarr", SMALL)
    assert not list((tmp_path / "a.zarr" / "0").rglob("c/*/*"))


def test_nothing_is_overwritten(tmp_path):
    image, other = tiff(tmp_path / "a.tif"), tiff(tmp_path / "b.tif", GREY // 2)
    convert(image, tmp_path / "a.zarr", SMALL)
    (tmp_path / "file.zarr").write_text("mine")
    (tmp_path / "folder.zarr").mkdir()
    (tmp_path / "folder.zarr" / "mine.txt").write_text("mine")
    zarr.open_group(tmp_path / "group.zarr", mode="w").create_array("0", data=GREY)
    before = everything(tmp_path)
    for given_image, out, message in [
        (other, "a.zarr", "exists and was made of something else"),
        (tmp_path / "a.zarr", "a.zarr", "is the image itself"),
        (image, "file.zarr", "exists and is a file"),
        (image, "folder.zarr", "exists and is not empty"),
        (image, "group.zarr", "was not written by ParticleForge"),
        (image, "a.tif", r"must be called NAME\.zarr"),
    ]:
        with pytest.raises(UserError, match=message):
            convert(given_image, tmp_path / out, SMALL)
    with pytest.raises(UserError, match="another shape, scale or division"):
        convert(image, tmp_path / "a.zarr", SMALL.replace(pixel_size="3 nm"))
    assert everything(tmp_path) == before


def test_several_images_are_refused_and_a_series_is_not(tmp_path):
    folder = tmp_path / "movie"
    folder.mkdir()
    for number in range(3):
        tiff(folder / f"{number}.tif", GREY[number : number + 400 : 7, :60])
    with pytest.raises(UserError, match=r"several images: 3 planes \(0, 1, 2\).*--as-series"):
        convert(folder, tmp_path / "a.zarr")
    made = convert(folder, tmp_path / "a.zarr", ConvertParams(as_series=True))
    assert made.layout.axes == "TYX" and made.layout.shape == (3, 58, 60) and made.layout.shard_px == 256
    np.testing.assert_array_equal(open_source(made.path)[2].read().pixels, GREY[2:402:7, :60])
    tiff(folder / "9.tif", GREY)
    with pytest.raises(UserError, match="the frames of a series must be alike"):
        convert(folder, tmp_path / "b.zarr", ConvertParams(as_series=True))
    assert not (tmp_path / "b.zarr").exists()


@pytest.mark.parametrize("target", ["/proc/a.zarr", "a.tif/a.zarr"])
def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path, target):
    image = tiff(tmp_path / "a.tif")
    with pytest.raises(UserError, match=r"cannot be (written: its folder is protected|created)"):
        convert(image, tmp_path / target)


def test_a_missing_scale_is_remarked_on_and_can_be_given(tmp_path):
    image = tiff(tmp_path / "a.tif", size=None)
    assert convert(image, tmp_path / "a.zarr", SMALL).remarks[-1].startswith("The image has no pixel size")
    shutil.rmtree(tmp_path / "a.zarr")
    assert not convert(image, tmp_path / "a.zarr", SMALL.replace(pixel_size="2 nm")).remarks
    assert open_source(tmp_path / "a.zarr").pixel_size_nm == (2, 2)


def test_a_channel_and_its_fellows(tmp_path):
    colours = np.random.default_rng(1).integers(0, 255, (300, 520, 3), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb", rowsperstrip=16, compression="zlib")
    convert(tmp_path / "a.tif", tmp_path / "a.zarr", SMALL)
    np.testing.assert_array_equal(open_source(tmp_path / "a.zarr")[0].read().pixels, colours)
    convert(tmp_path / "a.tif", tmp_path / "b.zarr", SMALL.replace(channel=2))
    np.testing.assert_array_equal(open_source(tmp_path / "b.zarr")[0].read().pixels, colours[..., 1])
