"""From a detector that distinguishes classes to the tables of a project."""

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

import particleforge as pf
from particleforge.measurement.project_tables import image_table
from particleforge.measurement.rules import Rules
from particleforge.micrograph import Micrograph
from particleforge.models.detections import Detections
from particleforge.models.roles import Detector
from particleforge.params import Params
from particleforge.step import Progress
from particleforge.store.micrographs import write_micrograph
from particleforge.store.particle_files import ImageParticles, Origin, read_particles, write_particles
from particleforge.store.project import PARTICLES, Project
from particleforge.workflows.find import FindParams

SIDES = (6, 12, 18)


class Options(Params):
    """None."""


class BySize(Detector[Options]):
    """Finds bright squares, and calls those of more than 100 pixels large."""

    Options = Options
    provenance = {"name": "by size"}

    def steps(self, micrograph, options):
        yield Progress(0, 1, "Finding particles")
        labels, count = ndimage.label(micrograph.grey > 120)
        areas = np.bincount(labels.ravel())[1:]
        points = np.array(ndimage.center_of_mass(labels > 0, labels, range(1, count + 1)), float).reshape(-1, 2)
        classes = tuple("large" if area > 100 else "little" for area in areas)
        scores = np.full(count, 0.75, np.float32)
        return Detections(labels.shape, points, scores, None, lambda: labels.astype(np.uint32), classes)


@pytest.fixture
def images(tmp_path):
    grey = np.full((40, 90), 60, np.uint8)
    for place, side in enumerate(SIDES):
        grey[10 : 10 + side, 10 + 28 * place : 10 + 28 * place + side] = 200
    folder = tmp_path / "images"
    folder.mkdir()
    write_micrograph(folder / "squares.tif", Micrograph(grey, (2.0, 2.0), name="squares"))
    return folder


def classes(table):
    return dict(zip(table["label"], table["class"], strict=True))


def test_a_project_keeps_the_classes_of_a_detector(images):
    pf.measure(BySize(), project=images)
    expected = {1: "little", 2: "large", 3: "large"}
    table = pd.read_csv(images / "results" / "particles.csv")
    assert classes(table) == expected and set(table["class_probability"]) == {0.75}
    assert classes(image_table(Project(images), "squares", Rules()).table) == expected


def test_particles_changed_by_hand_have_the_class_of_their_outline(images):
    pf.find(images, (), BySize())
    project = Project(images)
    found = read_particles(images / PARTICLES, "squares")
    edited = Origin.parse(found.origin.plain() | {"scores": {"1": 0.75, "2": 0.75}, "sure": [3]})
    write_particles(images / PARTICLES, "squares", ImageParticles(found.labels, edited))
    kept = classes(image_table(project, "squares", Rules()).table)
    assert kept == {1: "little", 2: "large", 3: "block"}
    pf.find(images, (), BySize(), FindParams(again=True))  # around the sure one, with other ids
    again = classes(image_table(project, "squares", Rules()).table)
    assert again.pop(3) == "block" and sorted(again.values()) == ["large", "little"]
