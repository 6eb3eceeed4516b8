"""Columns that descriptors declare, of this package and of others."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.mask import Mask, WholeLabels
from particleforge.measurement.column import Column
from particleforge.measurement.columns import DESCRIPTORS, GIVEN, SIZES, arranged, columns, written
from particleforge.measurement.descriptor import Particles
from particleforge.measurement.overlapping import particles_of
from particleforge.measurement.rules import Rules

HEADER = (
    "image,label,class,x_px,y_px,ecd_px,area_px2,perimeter_px,feret_max_px,feret_min_px,feret_mean_px,feret_90_px,"
    "rectangle_length_px,rectangle_width_px,ellipse_major_px,ellipse_minor_px,inscribed_px,enclosing_px,"
    "fibre_length_px,volume_px3,ved_px,neighbour_px,box_width_px,box_height_px,aspect_ratio,ellipse_aspect_ratio,"
    "circularity,roundness,solidity,convexity,extent,curl,orientation_deg,touches_border,weight,excluded,score,"
    "mean_intensity,sd_intensity,pieces,largest_piece,aggregate,aggregate_particles,contacts,mass_fg,"
    "visible_fraction,"
    "x_nm,y_nm,ecd_nm,perimeter_nm,feret_max_nm,feret_min_nm,feret_mean_nm,feret_90_nm,"
    "rectangle_length_nm,rectangle_width_nm,ellipse_major_nm,ellipse_minor_nm,inscribed_nm,enclosing_nm,"
    "fibre_length_nm,ved_nm,neighbour_nm,area_nm2,volume_nm3"
)
"""First line of every ``particles.csv``; programs of others rely on these names."""
FOREIGN = """
'''How long a particle is for its width.'''
from particleforge.measurement.column import Column

COLUMNS = (
    Column("elongation", "ratio", "elongation", "One less width over length."),
    Column("half", "length", "half length", "Half the largest Feret diameter.", size=True),
)


def compute(particles):
    '''From the Feret diameters.'''
    longest = particles["feret_max_px"]
    return {"elongation": 1 - particles["feret_min_px"] / longest, "half_px": longest / 2}
"""
USE = """
import json, sys
from pathlib import Path
import numpy as np
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.results import Results
from particleforge.measurement.columns import PROPERTIES, SIZES
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.rules import Rules
from particleforge.measurement.filter import Filter, Limit
labels = np.zeros((40, 40), int)
labels[5:9, 5:15] = 1
labels[20:30, 20:30] = 2
table = measure_particles(labels, pixel_size_nm=2.0)
rules = Rules(size="half")
results = Results(Path(sys.argv[1]), {"params": rules.model_dump(mode="json")}, rules)
results.add_labels("one", labels, 2.0)
done = results.finish()
folder = ResultsFolder.open(sys.argv[1])
read = folder.table()
long = Filter(limits=(Limit(quantity="elongation", least=0.5),))
print(json.dumps({
    "tail": list(table)[-3:],
    "header": done.table.read_text().partition("\\n")[0],
    "elongation": table["elongation"].tolist(),
    "read": read["elongation"].tolist(),
    "half_nm": table["half_nm"].tolist(),
    "mean": folder.summary["pooled"]["nm"]["mean"],
    "size": [folder.rules.size, folder.summary["pooled"]["size"]],
    "kept": long.keeps(read).tolist(),
    "sizes": SIZES.names(),
    "properties": PROPERTIES.names()[-2:],
    "sentence": Rules(size="half").sentences()["Size"],
}))
"""


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """Another package with a descriptor, for child processes."""
    package = tmp_path / "site"
    (package / "others-1.0.dist-info").mkdir(parents=True)
    (package / "others.py").write_text(FOREIGN)
    (package / "others-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\n")
    (package / "others-1.0.dist-info" / "entry_points.txt").write_text(
        "[particleforge.descriptors]\nelongation = others\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(package), prepend=os.pathsep)
    return package


def test_the_columns_written_so_far_keep_their_place():
    assert ",".join(written()) == HEADER


def test_provided_columns_come_first():
    names = arranged(["mine", "track", "group", "x_nm", "label", "time_s", "class", "image", "frame"])
    assert names == ["image", "frame", "time_s", "track", "group", "label", "class", "x_nm", "mine"]
    assert not {column.in_px for column in GIVEN} & set(written())


def test_every_descriptor_computes_what_it_declares():
    labels = np.zeros((30, 30), np.int32)
    labels[3:8, 4:20], labels[15:20, 5:9] = 4, 9
    masks = {number: Mask.of(labels == number) for number in (4, 9)}
    particles = particles_of(
        WholeLabels(labels, masks), Rules(density_g_cm3=1), intensity=labels.astype(float), pixel_size_nm=1.0
    )
    for name in DESCRIPTORS.names():
        found = DESCRIPTORS.get(name)
        assert {column.in_px for column in found.COLUMNS} == set(found.compute(particles)), name
        assert DESCRIPTORS.summary(name)
    assert all(column.title and column.meaning.endswith(".") for column in columns().values())


def test_columns_that_cannot_be_computed_are_missing():
    particles = Particles(np.ones((3, 3), int), Rules())
    assert "mean_intensity" not in particles and "score" in particles
    with pytest.raises(KeyError):
        particles["height_px"]


def test_a_wrong_size_is_refused_with_a_similar_name():
    with pytest.raises(UserError, match="no size 'feret_maxx'; did you mean 'feret_max'"):
        Rules.parse({"size": "feret_maxx"})
    with pytest.raises(UserError, match="no size 'area'; available: ecd, feret_max, feret_min, feret_mean, ved"):
        Rules.parse({"size": "area"})
    with pytest.raises(ValueError, match="not a length"):
        Column("area", "area", "area", "Pixels.", size=True)
    assert Rules.parse({"size": "ved"}).model_dump(mode="json")["size"] == "ved"
    assert SIZES["ecd"].title == "equal-area diameter"


def test_columns_of_another_package_come_last_and_are_used_like_built_in_ones(foreign, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", USE, str(tmp_path / "out")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["tail"] == ["elongation", "half_px", "half_nm"]
    assert found["header"] == f"{HEADER},elongation,half_px,half_nm"
    np.testing.assert_allclose(found["read"], found["elongation"], rtol=1e-6)
    assert found["elongation"][0] > 0.5 and abs(found["elongation"][1]) < 0.4
    assert found["mean"] == pytest.approx(np.mean(found["half_nm"]), rel=0.2)
    assert found["size"] == ["half", "half"] and found["kept"] == [True, False]
    assert found["sizes"][-1] == "half" and found["properties"] == ["elongation", "half"]
    assert found["sentence"] == "half length"


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ('"elongation", "ratio"', '"circularity", "ratio"', "defines the column 'circularity', which exists already"),
        (
            'particles["feret_max_px"]',
            'particles["elongation"]',
            "'elongation' needs columns that in turn depend on it",
        ),
        ("longest / 2", "longest[:1] / 2", r"'elongation' returned 'half_px' with the shape \(1,\)"),
        ('"half_px"', '"half"', "'elongation' returned 'half' with the shape"),
    ],
)
def test_a_wrong_descriptor_is_named(foreign, was, becomes, words):
    assert was in FOREIGN
    (foreign / "others.py").write_text(FOREIGN.replace(was, becomes))
    code = (
        "import numpy as np; from particleforge.measurement.particles import measure_particles;"
        "measure_particles(np.kron(np.eye(3, dtype=int), np.full((4, 4), 2)) * np.arange(1, 13))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert re.search(f"UserError: The descriptor .*{words}|UserError: The descriptor {words}", done.stderr), done.stderr


def test_a_package_that_cannot_be_imported_affects_only_its_columns(foreign):
    (foreign / "others.py").write_text("import nothing_of_this_name")
    code = (
        "from particleforge.measurement.rules import Rules; print(Rules(size='ved').size);"
        "from particleforge.measurement.columns import columns; columns()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "ved"
    assert "The descriptor 'elongation' of the package others cannot be used" in done.stderr
