"""From a detector of whole particles that cross to their sizes in files."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

import particleforge as pf
from particleforge.mask import Mask
from particleforge.measurement.project_tables import image_table
from particleforge.measurement.rules import Rules
from particleforge.micrograph import Micrograph
from particleforge.models.detections import Detections, Masks
from particleforge.models.roles import Detector
from particleforge.params import Params
from particleforge.step import Progress
from particleforge.store.labels import read_labels, write_labels
from particleforge.store.micrographs import write_micrograph
from particleforge.store.particle_files import read_particles, write_particles
from particleforge.store.project import PARTICLES, Project
from particleforge.store.whole_masks import read_whole, whole_file
from particleforge.workflows.find import FindParams

LENGTH_PX, WIDTH_PX = 70, 9


def rod(shape, middle, degrees, length=LENGTH_PX, width=WIDTH_PX):
    rows, columns = np.indices(shape)
    angle = np.deg2rad(degrees)
    along = (rows - middle[0]) * np.sin(angle) + (columns - middle[1]) * np.cos(angle)
    across = (rows - middle[0]) * np.cos(angle) - (columns - middle[1]) * np.sin(angle)
    return (np.abs(along) <= length / 2) & (np.abs(across) <= width / 2)


class Options(Params):
    """None."""


class Straight(Detector[Options]):
    """Finds straight rods of a known size by correlation with rods at all angles; where they cross, all of them."""

    Options = Options
    provenance = {"name": "straight"}

    def steps(self, micrograph, options):
        bright = (micrograph.grey > 120).astype(float)
        found = []
        for degrees in range(0, 180, 15):
            template = rod((81, 81), (40, 40), degrees).astype(float)
            match = ndimage.correlate(bright, template, mode="constant") / template.sum()
            found += [(match[y, x], y, x, degrees) for y, x in np.argwhere(match > 0.97)]
            yield Progress(degrees, 180, "Finding particles")
        kept, masks = [], []
        for score, y, x, degrees in sorted(found, reverse=True):
            if not any(degrees == d and np.hypot(y - b, x - a) < 12 for _, b, a, d in kept):
                kept.append((score, y, x, degrees))
                masks.append(Mask.of(rod(micrograph.shape, (y, x), degrees)))
        points = np.array([(y, x) for _, y, x, _ in kept], float).reshape(-1, 2)
        scores = np.array([score for score, *_ in kept], np.float32)
        return Detections(micrograph.shape, points, scores, Masks(masks))


RODS = [((60, 70), 30), ((60, 70), 90), ((110, 110), 0)]


@pytest.fixture(scope="module")
def micrograph():
    shape = (150, 160)
    covered = np.any([rod(shape, *one) for one in RODS], axis=0)
    return Micrograph((60 + 120 * covered).astype(np.uint8), (2.0, 2.0), name="rods")


@pytest.fixture
def images(micrograph, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    write_micrograph(folder / "rods.tif", micrograph)
    return folder


def check(table, count=3):
    assert len(table) == count
    assert table["rectangle_length_nm"].to_numpy(float) == pytest.approx([2 * LENGTH_PX] * count, rel=0.04)
    assert table["rectangle_width_nm"].to_numpy(float) == pytest.approx([2 * WIDTH_PX] * count, rel=0.12)
    assert sorted(table["visible_fraction"] < 1) == [False, False, True]
    assert sorted(table["contacts"]) == [0, 1, 1]


def test_measure_writes_right_sizes_of_crossing_rods(images, tmp_path):
    out = tmp_path / "results"
    pf.measure(Straight(), images, out)
    table = pd.read_csv(out / "particles.csv")
    check(table)
    labels = read_labels(out / "labels" / "rods.tif")
    assert labels.max() == 3
    again = tmp_path / "again"
    pf.sizes(out / "labels", again)
    check(pd.read_csv(again / "particles.csv"))
    assert len(read_whole(again / "labels" / "rods.tif").of(labels)) == 3
    assert not json.loads((again / "summary.json").read_text())["left_out"]


def test_flat_labels_would_cut_the_lower_rod(images, tmp_path):
    out = tmp_path / "results"
    pf.measure(Straight(), images, out)
    whole_file(out / "labels" / "rods.tif").unlink()
    pf.sizes(out / "labels", tmp_path / "flat")
    table = pd.read_csv(tmp_path / "flat" / "particles.csv")
    assert table["rectangle_length_nm"].min() < LENGTH_PX * 1.2
    assert table["visible_fraction"].isna().all()


def test_predict_writes_the_masks_next_to_the_labels(images, tmp_path):
    pf.predict(Straight(), images, tmp_path / "found")
    labels = read_labels(tmp_path / "found" / "rods.tif")
    assert len(read_whole(tmp_path / "found" / "rods.tif").of(labels)) == 3


def test_a_notebook_measures_detections(micrograph):
    found = Straight().detect(micrograph)
    table = pf.measure_particles(found, micrograph)
    check(table)
    assert len(pf.measure_aggregates(found, table, micrograph)) == 1


def test_a_project_keeps_whole_masks_of_particles_that_nobody_has_edited(images, tmp_path):
    pf.measure(Straight(), project=images)
    project = Project(images)
    check(pd.read_csv(images / "results" / "particles.csv"))
    check(image_table(project, "rods", Rules()).table)
    path = images / PARTICLES / "rods.tif"
    particles = read_labels(path)
    below = int(image_table(project, "rods", Rules()).table.query("visible_fraction < 1")["label"].iloc[0])
    assert len(read_whole(path).of(np.where(particles == below, 0, particles))) == 2


def test_particles_around_sure_ones_stay_whole(images):
    pf.measure(Straight(), project=images)
    folder = images / PARTICLES
    before = read_particles(folder, "rods")
    write_particles(folder, "rods", replace(before, origin=replace(before.origin, sure=frozenset({1}))))
    assert pf.find(images, model=Straight(), params=FindParams(again=True)).counts == {"rods": 3}
    after = read_particles(folder, "rods")
    assert 1 in after.origin.sure
    table = image_table(Project(images), "rods", Rules()).table
    assert table["rectangle_length_px"].to_numpy(float) == pytest.approx([LENGTH_PX] * 3, rel=0.04)


def test_labels_of_others_are_measured_flat(images, tmp_path):
    labels = np.zeros((20, 20), np.uint32)
    labels[2:9, 3:9] = 1
    write_labels(tmp_path / "own.tif", labels)
    pf.sizes(tmp_path / "own.tif", tmp_path / "out")
    assert not list((tmp_path / "out" / "labels").glob("*.json"))
