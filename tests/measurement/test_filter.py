"""Which particles count besides the rules."""

import re

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.mask import Mask, WholeLabels
from particleforge.measurement.borders.keep_all import KeepAll
from particleforge.measurement.columns import PROPERTIES
from particleforge.measurement.filter import Filter, Limit
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules

LABELS = np.zeros((100, 120), np.uint32)
for number, corner in enumerate(((5, 5, 12, 14), (30, 20, 50, 44), (60, 70, 92, 95)), start=1):
    LABELS[corner[0] : corner[2], corner[1] : corner[3]] = number


def test_every_property_can_be_limited():
    rules = Rules(border=KeepAll(), density_g_cm3=1)
    every = WholeLabels(
        LABELS, {number: Mask.of(number == LABELS) for number in np.unique(LABELS[LABELS > 0]).tolist()}
    )
    table = measure_particles(every, pixel_size_nm=2.0, rules=rules, intensity=np.ones(LABELS.shape), scores={})
    numbers = table.select_dtypes("number").columns.drop("label")
    assert {name.rpartition("_nm")[0] for name in numbers if "_nm" in name} <= set(PROPERTIES.names())
    for name in PROPERTIES.names():
        own = [column for column in numbers if re.sub("_(nm|px|deg|fg)[23]?$", "", column) == name]
        if table[own[-1]].notna().all():
            assert not Limit(quantity=name, least=1e12).keeps(table).any(), name
    assert {"area", "feret_max", "solidity", "mean_intensity", "score"} <= set(PROPERTIES.names())
    with pytest.raises(UserError, match="no property 'feret_maxx'; did you mean 'feret_max'"):
        Limit.parse({"quantity": "feret_maxx"})


def test_particles_without_a_score_are_not_filtered_by_it():
    assert Filter(min_score=0.9).keeps(measure_particles(LABELS)).all()
