"""Particles that are corrected in a window are saved again and again, and nobody's work is lost."""

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.store.annotation_state import ChangedElsewhere
from particleforge.store.labels import read_labels, write_labels
from particleforge.store.particle_edits import Edited, particles_state, read_background, save_edited
from particleforge.store.particle_files import ImageParticles, Origin, read_particles

SHAPE = (20, 30)


def edited(particle, background=False):
    labels = np.zeros(SHAPE, np.uint32)
    labels[3:8, 4:9] = particle
    strokes = np.zeros(SHAPE, bool)
    strokes[15:, 20:] = background
    return Edited(
        ImageParticles(labels, Origin(sure=frozenset({particle}), count=1, complete=True)), strokes, (2.0, 2.0)
    )


def test_it_comes_back_with_its_background(tmp_path):
    folder = tmp_path / "particles"
    state = save_edited(folder, "a", edited(3, background=True), ())
    found = read_particles(folder, "a")
    assert found.labels[4, 5] == 3 and found.origin.sure == {3} and found.origin.complete
    assert read_background(folder, "a", SHAPE).sum() == 50
    state = save_edited(folder, "a", edited(4), state)
    assert state == particles_state(folder, "a") and len(state) == 1
    assert not read_background(folder, "a", SHAPE).any()
    assert sorted(path.name for path in folder.iterdir()) == ["a.tif", "background"]


def test_what_another_window_has_saved_is_not_overwritten_unasked(tmp_path):
    mine = save_edited(tmp_path, "a", edited(3), ())
    save_edited(tmp_path, "a", edited(4), mine)
    with pytest.raises(ChangedElsewhere, match="another window"):
        save_edited(tmp_path, "a", edited(5), mine)
    assert read_particles(tmp_path, "a").origin.sure == {4}
    save_edited(tmp_path, "a", edited(5), mine, replace=True)
    assert read_particles(tmp_path, "a").origin.sure == {5}
    assert read_labels(tmp_path / "originals" / "a.tif").max() == 4


def test_labels_of_another_program_are_kept_as_they_were(tmp_path):
    labels = np.zeros(SHAPE, np.uint32)
    labels[2:9, 2:9] = 8
    write_labels(tmp_path / "a.tif", labels)
    before = (tmp_path / "a.tif").read_bytes()
    state = save_edited(tmp_path, "a", edited(3), particles_state(tmp_path, "a"))
    save_edited(tmp_path, "a", edited(4), state)
    assert [path.name for path in (tmp_path / "originals").iterdir()] == ["a.tif"]
    assert (tmp_path / "originals" / "a.tif").read_bytes() == before


def test_background_of_another_image_is_refused(tmp_path):
    save_edited(tmp_path, "a", edited(3, background=True), ())
    with pytest.raises(UserError, match=r"shape \(20, 30\)"):
        read_background(tmp_path, "a", (5, 5))
