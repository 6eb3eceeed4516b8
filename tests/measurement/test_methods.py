"""The methods paragraph: what it states is what is recorded."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import yaml

from particleforge.measurement.methods import citation, methods
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.measurement.uncertainty.uncertainty import Uncertainty

ROOT = Path(__file__).parents[2]


def written(rules=Rules(), provenance=None, images=None, pixel_size_nm=2.0):
    """Paragraph on nine squares, three of them at the border."""
    labels = np.kron(np.arange(1, 10).reshape(3, 3), np.pad(np.ones((7, 7), int), ((0, 3), (2, 2))))
    table = measure_particles(labels, image="a", pixel_size_nm=pixel_size_nm, rules=rules)
    entry = {"pixel_size_nm": pixel_size_nm, "rows": None}
    description = describe(Sizes.of(table, rules), Precision(resamples=100, confidence_percent=90))
    uncertainty = Uncertainty.of(description, len(table), [])
    return methods(table, rules, uncertainty, provenance or {}, images or {"a": entry})


def test_it_states_what_is_recorded():
    params = {"precision": {"resamples": 100}}
    about = {"command": "measure", "version": "7.8", "method": "Particles were found by magic.", "params": params}
    images = {
        "a": {"pixel_size_nm": 2.0, "rows": [0, 20], "working_scale": 0.5},
        "b": {"pixel_size_nm": 3.0, "rows": None, "working_scale": 0.75},
    }
    text = written(Rules(smallest_px=3, size="feret_max"), about, images)
    for part in (
        "Particles were found by magic. The factor used (working scale) was 0.5 to 0.75.",
        "Burnt-in data bars of 1 image were left out;",
        "Burnt-in scale bars and their letters, where there were any, were left out.",
        "Of 9 particles in 2 images, 6 were counted. Particles that touch the border do not count;",
        "Particles with an equal-area diameter below 3 px were not counted.",
        "The pixel size, 2 to 3 nm, was read from the image files.",
        "The size of a particle is its largest Feret diameter (",
        "given in nm.",
        "Intervals are 90 % bootstrap intervals from 100 resamples of single particles.",
        "with ParticleForge 7.8 (The ParticleForge developers: ParticleForge, version 7.8, software).",
    ):
        assert part in text, (part, text)


def test_it_states_who_gave_the_pixel_size_or_that_nobody_did():
    assert "The pixel size of all images was given as 3 nm." in written(provenance={"params": {"pixel_size": "3 nm"}})
    given = {"a": {"pixel_size_nm": 2.0, "rows": None, "remarks": ["Pixel size 2 nm from scale/NAME.json."]}}
    assert "The pixel size, 2 nm, was given for the images." in written(images=given)
    text = written(pixel_size_nm=None)
    assert "The pixel size of 1 image is unknown." in text and "given in px." in text


def test_labels_of_others_are_named_as_such():
    text = written(provenance={"command": "sizes"})
    assert text.startswith("Particles were outlined beforehand; their label images were measured.")
    assert "letters" not in text


def test_the_citation_is_that_of_the_package():
    about = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    (author,) = about["authors"]
    assert citation({}) == f"{author['name']}: {about['title']}, version {version('napari-particleforge')}, software"
