"""What kinds of detectors state about themselves in the methods paragraph."""

from dataclasses import replace

import pytest

from particleforge.models.kind import ModelKind
from particleforge.models.opening import methods_of, open_model
from particleforge.models.stardist.kind import StarDistKind
from particleforge.models.stardist.options import StarDistOptions
from particleforge.models.threshold.options import ThresholdOptions


@pytest.fixture(scope="module")
def base():
    return open_model("base", "detector")


def test_the_built_in_detector_is_described_by_its_record(base):
    text = methods_of("base", base, StarDistOptions(prob_thresh=0.61))
    training = base.provenance
    assert text.startswith("Particles were found by a StarDist network (model base; Schmidt et al., MICCAI 2018).")
    assert f"ParticleForge {training['version']} on {training['synthetic']} synthetic images only." in text
    assert f"threshold was 0.61, the overlap limit of non-maximum suppression (IoU) {base.nms_thresh:.2g}." in text
    assert f"the most plausible of {len(base.search_scales)} factors from" in text
    assert methods_of(base, base, StarDistOptions()).startswith("Particles were found by a StarDist network (Schmidt")


def test_a_learned_detector_names_particles_and_images(base):
    about = {"version": "0.1.0", "training": {"start": "models/gold"}, "real": ["a", "b"], "held_out": ["c"]}
    learned = replace(base, provenance=about | {"particles": 56, "synthetic": 60}, pixel_size_nm=2.0)
    text = StarDistKind.methods("mine", "", learned, StarDistOptions())
    assert "starting from the weights of gold, on 56 annotated particles of 2 micrographs and 60 synthetic" in text
    assert "1 further micrographs" not in text and "by their pixel size (factor 1 at 2 nm)" in text
    assert "trained elsewhere" in StarDistKind.methods("theirs", "", replace(base, provenance={}), StarDistOptions())
    assert "resized by 0.5." in StarDistKind.methods("mine", "", learned, StarDistOptions(scale=0.5))
    by_diameter = StarDistKind.methods("mine", "", learned, StarDistOptions(diameter="20 nm"))
    assert "resized so that particles of about 20 nm measure about 24 px, but enlarged at most 4 times." in by_diameter


def test_the_threshold_is_described_by_its_options():
    detector = open_model("threshold", "detector")
    text = methods_of("threshold", detector, ThresholdOptions(polarity="dark", method="li", split=0, smoothing_px=2))
    assert text.startswith("Particles were found as dark regions by a threshold of the grey values (method li), after")
    assert "(sigma 2 px)" in text and "watershed" not in text and "below 5 px" in text


def test_other_kinds_have_a_sentence_without_writing_one():
    class Glow(ModelKind):
        kind = "glow"
        title = "Glow"
        role = "detector"
        Options = ThresholdOptions

        @classmethod
        def load(cls, folder):
            raise NotImplementedError

    text = Glow.methods("mine", "spheres, 3 images", None, ThresholdOptions(split=0.5))
    assert text.startswith("Particles were found by the detector mine of kind Glow, trained on spheres, 3 images")
    assert text.endswith(" with the options split 0.5.")
