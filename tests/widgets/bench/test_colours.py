"""Colours of particles can be distinguished with and without all cones."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from napari.layers import Labels
from skimage.color import deltaE_ciede2000, rgb2lab

from particleforge.widgets.bench.colours import CYCLE, State, by_label
from particleforge.widgets.bench.work_layers import STROKE_COLOUR

SIGHTS = {  # in linear RGB; Machado et al. 2009, severity 1
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
GREYS = np.stack([np.linspace(0, 100, 201), np.zeros(201), np.zeros(201)], axis=-1)


def rgb(text):
    return np.array([int(text[at : at + 2], 16) for at in (1, 3, 5)]) / 255


def seen(text, sight):
    """A colour in CIELAB as it is seen."""
    coded = rgb(text)
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.asarray(SIGHTS[sight]) @ linear, 0, 1)
    return rgb2lab(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


def test_the_simulation_confuses_what_is_known_to_be_confused():
    red, green = "#c04040", "#707020"  # differ along the axis that both dichromats lack
    normal, *others = (deltaE_ciede2000(seen(red, sight), seen(green, sight)) for sight in SIGHTS)
    assert normal > 30 and min(others) < 15
    for sight in SIGHTS:
        assert np.abs(seen("#808080", sight)[1:]).max() < 0.5  # grey stays grey


@pytest.mark.parametrize("sight", SIGHTS)
def test_all_colours_differ(sight):
    for one, other in combinations(CYCLE, 2):
        assert deltaE_ciede2000(seen(one, sight), seen(other, sight)) >= 14, (one, other)
    for one, other in pairwise((*CYCLE, CYCLE[0])):
        assert deltaE_ciede2000(seen(one, sight), seen(other, sight)) >= 22, (one, other)


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("colour", CYCLE)
def test_each_differs_from_grey_and_from_strokes(sight, colour):
    found = seen(colour, sight)
    assert deltaE_ciede2000(np.broadcast_to(found, GREYS.shape), GREYS).min() >= (24 if sight == "normal" else 10)
    assert deltaE_ciede2000(found, seen(STROKE_COLOUR, sight)) >= 15


def test_states_have_colours_of_their_own():
    colours = [state.colour for state in State]
    assert len(set(colours)) == len(colours) and set(colours) <= set(CYCLE)


def test_labels_are_shown_in_the_cycle():
    layer = Labels(np.zeros((2, 2), np.int32), colormap=by_label())
    np.testing.assert_array_equal(layer.get_color(0) if layer.get_color(0) is not None else np.zeros(4), 0)
    for label in range(1, 20):
        np.testing.assert_allclose(layer.get_color(label)[:3], rgb(CYCLE[(label - 1) % len(CYCLE)]), atol=0.004)
