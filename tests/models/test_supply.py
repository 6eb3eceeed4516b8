import itertools

import numpy as np
import pytest
import torch

from particleforge.models.device_patches import Pool
from particleforge.models.patches import Augment, Source
from particleforge.models.supply import PER_CHUNK, STILL, Chunk, chunks

CPU = torch.device("cpu")


def source(seed=0, side=48):
    rng = np.random.default_rng(seed)
    labels = np.zeros((side, side), np.uint32)
    labels[8:20, 10:30], labels[30:40, 30:44] = 3, 900
    known = np.ones(labels.shape, bool)
    known[:, :4] = False
    return Source(rng.random(labels.shape).astype(np.float32), labels, known)


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_chunks_hold_what_the_sources_hold(workers):
    supply = chunks((([source()], 1.0),), 48, 0, workers)
    some = list(itertools.islice(supply, 3))
    supply.close()
    for chunk in some:
        assert chunk.images.shape == chunk.codes.shape == (PER_CHUNK, 48, 48)
        for image, code in zip(chunk.images, chunk.codes, strict=True):
            assert set(np.unique(code)) == {-1, 0, 1, 2}
            assert (code == -1).sum() == 48 * 4
            assert np.bincount(code[code >= 0])[1:].tolist() == [12 * 20, 10 * 14]
            assert np.sort(image, None) == pytest.approx(np.sort(source().image, None), abs=1e-3)


def numbered(count, side=16):
    for number in range(count):
        images = np.full((PER_CHUNK, side, side), number, np.float16)
        yield Chunk(images, np.zeros(images.shape, np.int16))


def test_the_pool_grows_and_replaces_the_oldest(monkeypatch):
    monkeypatch.setattr("particleforge.models.device_patches.POOL_BYTES", 4 * 16 * 16 * PER_CHUNK * 3)
    with Pool(numbered(7), 16, CPU, least=PER_CHUNK) as pool:
        pool._thread.join()
        assert pool.room == 3 * PER_CHUNK
        assert pool.received == 7 * PER_CHUNK
        drawn = pool.draw(200, STILL, np.random.default_rng(0)).images
        assert set(drawn.unique().tolist()) == {4, 5, 6}


def test_without_variation_a_patch_is_flipped_or_rotated_only():
    one = source()
    supply = chunks((([one], 1.0),), 48, 0, 1)
    with Pool(supply, 48, CPU, least=PER_CHUNK) as pool:
        images, labels, known = pool.draw(24, STILL, np.random.default_rng(0))
    ways = [np.rot90(image, k) for image in (one.image, one.image[:, ::-1]) for k in range(4)]
    for image, label, here in zip(images, labels, known, strict=True):
        nearest = [np.abs(image.numpy() - way).max() for way in ways]
        which = int(np.argmin(nearest))
        assert nearest[which] < 2e-3
        way = [np.rot90(part, k) for part in (one.labels, one.labels[:, ::-1]) for k in range(4)][which]
        where = [np.rot90(part, k) for part in (one.known, one.known[:, ::-1]) for k in range(4)][which]
        np.testing.assert_array_equal(here.numpy(), where)
        np.testing.assert_array_equal(label.numpy() > 0, way > 0)


def test_turned_patches_keep_image_and_labels_together():
    labels = np.zeros((64, 64), np.uint32)
    labels[20:44, 26:38] = 5
    bright = Source((labels > 0).astype(np.float32), labels)
    augment = STILL.replace(turned=1, scale=1.5)
    with Pool(chunks((([bright], 1.0),), 64, 0, 1), 64, CPU, least=PER_CHUNK) as pool:
        images, found, known = pool.draw(16, augment, np.random.default_rng(1))
    assert found.flatten(1).amax(1).tolist() == [1] * 16
    assert ((images > 0.5) == (found > 0)).float().mean() > 0.995
    areas = (found > 0).sum((1, 2)).float()
    assert areas.mean() == pytest.approx(24 * 12 * 1.5**2, rel=0.03)
    assert known.float().mean() > 0.9


def test_grey_values_vary_as_asked_for():
    flat = Source(np.full((32, 32), 0.5, np.float32), np.zeros((32, 32), np.uint32))
    augment = Augment(
        scale=1, turned=0, gamma=1, gain=2, offset=0.1, shading=0, noise=0.05, blur_sigma_px=0, inverted=0
    )
    with Pool(chunks((([flat], 1.0),), 32, 0, 1), 32, CPU, least=PER_CHUNK) as pool:
        images = pool.draw(32, augment, np.random.default_rng(0)).images
        still = pool.draw(8, STILL.replace(blur_sigma_px=0.7, inverted=1, gamma=2), np.random.default_rng(0)).images
    assert images.mean() == pytest.approx(1.1, abs=0.01)
    assert images.std() == pytest.approx(0.05, rel=0.05)
    assert still.numpy() == pytest.approx(0.75, abs=1e-3)


def test_what_the_supply_raises_is_raised_where_patches_are_drawn():
    def broken():
        raise ValueError("no chunk")
        yield

    with Pool(broken(), 16, CPU) as pool, pytest.raises(ValueError, match="no chunk"):
        pool.draw(1, STILL, np.random.default_rng(0))
