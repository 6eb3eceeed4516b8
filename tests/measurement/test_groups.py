"""Images in groups: the same numbers as `measure` and `compare-sizes` give for folders of results."""

from dataclasses import asdict

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.measurement.filter import Filter
from particleforge.measurement.groups import Group, ImageTable, by_group, together
from particleforge.measurement.measured import Measured
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.results import Results
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.rules import Rules
from particleforge.measurement.uncertainty.pixel_size import Calibration
from particleforge.workflows.compare_sizes import compare_sizes

SHAPE = (160, 200)
ERRORS = {"geometric_mean": 0.02, "gsd": 0.01, "d10": 0.02, "d50": 0.02, "d90": 0.03, "count": 0.05}


def image_of_discs(seed, radius):
    """Discs of about a radius, some cut by the border."""
    rng, labels = np.random.default_rng(seed), np.zeros(SHAPE, np.int32)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for number, (row, column) in enumerate(np.argwhere(np.ones((6, 7))) * 26 + 8, start=1):
        labels[(y - row) ** 2 + (x - column) ** 2 <= (radius * rng.lognormal(0, 0.2)) ** 2] = number
    return labels


def written(out, images, rules, calibration):
    """Write results as `sizes` does."""
    params = {**rules.model_dump(mode="json"), "pixel_size_uncertainty": calibration}
    results = Results(out, {"params": params}, rules, calibration=Calibration(pixel_size_uncertainty=calibration))
    for name, (labels, size, finding) in images.items():
        measured = results.writer.measure(Measured(name, labels=labels, pixel_size_nm=size))
        results.enter(results.writer.write(measured, finding))
    results.finish()
    return out


def group(name, images, rules, calibration):
    tables = [
        ImageTable(
            image,
            measure_particles(labels, image=image, pixel_size_nm=size, rules=rules),
            SHAPE,
            rules,
            name,
            None,
            size,
            finding,
        )
        for image, (labels, size, finding) in images.items()
    ]
    return Group(name, tuple(tables), rules, calibration=calibration)


@pytest.mark.parametrize(
    ("rules", "finding", "calibrations"),
    [
        ({}, {}, (None, None)),
        ({"border": "drop", "size": "feret_max", "smallest_px": 8}, {"detection_error": ERRORS}, ("1 %", "1 %")),
        ({"border": "drop"}, {"detection_error": ERRORS, "certainty": 0.9}, ("1 %", "3 %")),
    ],
)
def test_groups_differ_as_compare_sizes_states(tmp_path, rules, finding, calibrations):
    rules = Rules.parse(rules)
    sources = {
        "small": {f"s{n}": (image_of_discs(n, 7), 2.0, finding) for n in range(2)},
        "large": {f"l{n}": (image_of_discs(10 + n, 9), 2.0 + n, finding) for n in range(2)},
    }
    folders, groups = [], []
    for (name, images), calibration in zip(sources.items(), calibrations, strict=True):
        folders.append(written(tmp_path / name, images, rules, calibration))
        groups.append(group(name, images, rules, calibration))
    stated = compare_sizes(folders[0], folders[1:], tmp_path / "report.html")["large"]
    found = groups[1].compared(groups[0])
    for key, value in asdict(stated).items():
        assert getattr(found, key) == (value if isinstance(value, str) else pytest.approx(value, rel=1e-4)), key


def test_a_group_has_the_figures_of_its_results(tmp_path):
    rules = Rules(border="drop")
    images = {f"s{n}": (image_of_discs(n, 7), 2.0, {"detection_error": ERRORS}) for n in range(3)}
    written(tmp_path / "out", images, rules, "2 %")
    pooled = ResultsFolder.open(tmp_path / "out").summary["pooled"]
    figures = group("s", images, rules, "2 %").figures
    for name in ("geometric_mean", "gsd", "d50"):
        assert figures[name].value == pytest.approx(pooled["nm"][name], rel=1e-5)
        assert [figures[name].low, figures[name].high] == pytest.approx(pooled["intervals"][name], rel=1e-4)


def tables(**sizes):
    return [
        ImageTable(name, measure_particles(image_of_discs(1, 7), image=name, pixel_size_nm=size), SHAPE, group=name[0])
        for name, size in sizes.items()
    ]


def test_images_are_put_together_by_group():
    images = [*tables(a1=1.0, b1=1.0, a2=1.0), ImageTable("c", together([]), SHAPE)]
    assert {name: [one.name for one in own] for name, own in by_group(images).items()} == {
        "a": ["a1", "a2"],
        "b": ["b1"],
        "no group": ["c"],
    }


def test_an_image_without_a_scale_is_not_mixed_with_others():
    one, other = (
        ImageTable(
            name, measure_particles(image_of_discs(1, 7), image=name, pixel_size_nm=size), SHAPE, pixel_size_nm=size
        )
        for name, size in (("with", 2.0), ("without", None))
    )
    both = Group("both", (one, other), Rules())
    assert both.not_pooled == {"without": "its scale is not known"}
    assert both.sizes.unit == "nm" and set(both.table["image"]) == {"with"}
    alone = Group("alone", (other,), Rules())
    assert not alone.not_pooled and alone.sizes.unit == "px"
    with pytest.raises(UserError, match="Give the pixel size of both"):
        both.compared(alone)


def test_uncertain_and_blank_images_are_not_pooled():
    table = measure_particles(image_of_discs(1, 7))
    images = [
        ImageTable(name, table.assign(image=name), SHAPE, finding=finding)
        for name, finding in (("sure", {"certainty": 0.9}), ("unsure", {"certainty": 0.1}), ("blank", {"blank": True}))
    ]
    assert set(Group("all", tuple(images), Rules()).not_pooled) == {"unsure", "blank"}
    assert not Group("all", tuple(images), Rules(least_certainty=0)).not_pooled


def test_a_filter_leaves_particles_in_the_table_with_the_reason():
    labels = image_of_discs(1, 8)
    table = measure_particles(labels, scores={number: 0.9 if number == 9 else 0.2 for number in range(1, 43)})
    found = Filter(min_score=0.5).applied(table)
    border = table["touches_border"].to_numpy()
    assert border.any() and len(found) == len(table)
    assert set(found["excluded"][border]) == {"at the border"}
    assert found["label"][found["weight"] > 0].tolist() == [9]
    assert set(found["excluded"][~border & (found["label"] != 9)]) == {"filtered out"}
    assert found["weight"][found["label"] == 9].tolist() == table["weight"][table["label"] == 9].tolist()
    assert Filter().applied(table) is table


def test_no_particles_at_all_are_described():
    nothing = Group("none", (), Rules())
    assert nothing.figures["geometric_mean"].value is None and not len(nothing.sizes)
