"""Classes that a model gives stay when other rules are applied."""

import numpy as np

from particleforge.measurement.filter import Filter
from particleforge.measurement.given_classes import with_classes
from particleforge.measurement.other_rules import with_rules
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules


def test_classes_of_a_model_stay_with_other_rules_and_can_be_filtered():
    labels = np.zeros((40, 40), int)
    labels[5:15, 5:15], labels[20:30, 5:35] = 1, 2
    table = with_classes(measure_particles(labels), {1: ("cube", 0.8)})
    assert table["class"].tolist() == ["cube", "rod"]
    changed = with_rules(table, labels.shape, Rules(shape={"rod_aspect": 5}))
    assert changed["class"].tolist() == ["cube", "rod"]
    assert changed["class_probability"].tolist()[0] == 0.8
    assert Filter(classes=("cube",)).applied(table)["excluded"].tolist() == ["", "filtered out"]
