from pathlib import Path

import numpy as np
import pytest

from particleforge.jobs import previews
from particleforge.jobs.previews import KEPT, PREVIEW_PX, Previews
from particleforge.micrograph import Micrograph
from particleforge.sample import Sample


@pytest.fixture
def eager(monkeypatch):
    monkeypatch.setattr(previews, "PREVIEW_SECONDS", 0.0)


def test_a_sample_is_written_with_its_labels(tmp_path):
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    labels = (pixels > 5).astype(np.uint32)
    path = Previews(str(tmp_path)).write(Sample(Micrograph(pixels), labels))
    with np.load(path) as file:
        assert sorted(file) == ["image", "labels", "step"]
        np.testing.assert_array_equal(file["image"], pixels)
        np.testing.assert_array_equal(file["labels"], labels)
        assert file["step"] == 1


@pytest.mark.parametrize("shape", [(PREVIEW_PX + 1, 7), (3, 5 * PREVIEW_PX, 3)])
def test_a_large_array_becomes_small(tmp_path, shape):
    array = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    with np.load(Previews(str(tmp_path)).write(array)) as file:
        step = int(file["step"])
        np.testing.assert_array_equal(file["array"], array[::step, ::step])
        assert max(file["array"].shape) <= PREVIEW_PX


def test_only_the_latest_stay(tmp_path, eager):
    written = Previews(str(tmp_path))
    paths = [written.write(np.zeros((2, 2))) for _ in range(KEPT + 3)]
    assert len(set(paths)) == KEPT + 3
    assert sorted(tmp_path.iterdir()) == [Path(path) for path in paths[-KEPT:]]


def test_a_second_one_has_to_wait(tmp_path):
    written = Previews(str(tmp_path))
    assert written.write(np.zeros((2, 2)))
    assert written.write(np.zeros((2, 2))) is None


def test_a_preview_that_takes_time_is_made_when_it_is_wanted_and_seldom(tmp_path, monkeypatch):
    now, made = [100.0], []
    monkeypatch.setattr(previews.time, "monotonic", lambda: now[0])

    def make():
        made.append(now[0])
        now[0] += 0.3 if len(made) > 1 else 5.0  # with imports
        return np.zeros((2, 2))

    assert Previews("").write(make) is None and not made
    written = Previews(str(tmp_path))
    while now[0] < 160:
        written.write(make)
        now[0] += 0.1
    assert 5 <= len(made) <= 7 and made[1] - made[0] < 10
    assert len(made[1:]) * 0.3 <= 0.03 * 60 + 0.3


@pytest.mark.parametrize("nothing", [None, "text", np.zeros(3)])
def test_only_pictures_are_written(tmp_path, nothing):
    assert Previews(str(tmp_path)).write(nothing) is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_or_not_wanted_stops_nothing(tmp_path):
    assert Previews(str(tmp_path / "gone")).write(np.zeros((2, 2))) is None
    assert Previews("").write(np.zeros((2, 2))) is None
