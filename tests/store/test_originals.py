"""Annotations of others are kept, and changes by others noticed."""

import numpy as np
import pytest
from PIL import Image as PillowImage

from particleforge.store.annotation_state import ChangedElsewhere, state_of, unchanged
from particleforge.store.labels import read_labels, write_labels
from particleforge.store.originals import are_kept, keeping_originals
from particleforge.store.pixel_sizes import save_pixel_size_nm

IDS = np.eye(5, dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    """A folder with labels of two images, as PNG."""
    (tmp_path / "labels").mkdir()
    for name in ("a", "ab"):
        PillowImage.fromarray(IDS).save(tmp_path / "labels" / f"{name}.png")
    return tmp_path


def test_labels_of_another_format_give_way_to_a_tiff(folder):
    before = (folder / "labels" / "a.png").read_bytes()
    assert not are_kept(folder, "a")
    with keeping_originals(folder, "a"):
        write_labels(folder / "labels" / "a.tif", IDS * 7)
    assert sorted(path.name for path in (folder / "labels").iterdir()) == ["a.tif", "ab.png"]
    assert (folder / "originals" / "labels" / "a.png").read_bytes() == before
    assert are_kept(folder, "a") and not are_kept(folder, "ab")


def test_they_come_back_if_nothing_could_be_written(folder):
    before = (folder / "labels" / "a.png").read_bytes()
    with pytest.raises(OSError, match="full"), keeping_originals(folder, "a"):
        raise OSError("full")
    assert (folder / "labels" / "a.png").read_bytes() == before


def test_the_first_originals_stay_and_later_ones_go_elsewhere(tmp_path):
    path, kept = tmp_path / "labels" / "a.tif", tmp_path / "originals"
    path.parent.mkdir()
    for number, again in ((1, False), (2, False), (3, True), (4, True)):
        write_labels(path, IDS * number)
        with keeping_originals(tmp_path, "a", again):
            pass
    found = {file.relative_to(kept).as_posix(): read_labels(file).max() for file in kept.rglob("a.tif")}
    assert found == {"labels/a.tif": 1, "2/labels/a.tif": 3, "3/labels/a.tif": 4}


@pytest.mark.parametrize("what", ["labels", "scale", "nothing"])
def test_a_change_by_somebody_else_is_noticed(folder, what):
    expected = state_of(folder, "a")
    if what == "labels":
        PillowImage.fromarray(IDS * 3).save(folder / "labels" / "a.png")
    elif what == "scale":
        save_pixel_size_nm(folder, "a", (2.0, 2.0))
    else:
        PillowImage.fromarray(IDS * 3).save(folder / "labels" / "ab.png")  # another image
        with unchanged(folder, "a", expected):
            assert (folder / ".lock").exists()
        assert not (folder / ".lock").exists()
        return
    with pytest.raises(ChangedElsewhere, match="changed by another window"), unchanged(folder, "a", expected):
        pytest.fail("it must not be written")
    assert not (folder / ".lock").exists()


def test_a_new_folder_is_made(tmp_path):
    with unchanged(tmp_path / "new" / "one", "a", ()):
        assert (tmp_path / "new" / "one").is_dir()
