"""Changes by others are noticed."""

import numpy as np
import pytest
from PIL import Image as PillowImage

from particleforge.store.annotation_state import ChangedElsewhere, state_of, unchanged
from particleforge.store.pixel_sizes import save_pixel_size_nm

IDS = np.eye(5, dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    """A folder with labels of two images, as PNG."""
    (tmp_path / "labels").mkdir()
    for name in ("a", "ab"):
        PillowImage.fromarray(IDS).save(tmp_path / "labels" / f"{name}.png")
    return tmp_path


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
