"""Single and aggregated particles in reports of one measurement and of several."""

import json

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.measurement.headline import aggregation_line, headline
from particleforge.measurement.outputs import Outputs
from particleforge.measurement.results import Results
from particleforge.measurement.results_folder import AGGREGATES, ResultsFolder
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.step import run
from particleforge.workflows.compare_sizes import compare_sizes

QUICK = Precision(resamples=100)


def beads(pairs, singles, size=9):
    """Pairs of touching squares and single ones, in rows."""
    labels = np.zeros((20 * (pairs + singles) + 10, 60), np.int32)
    for number in range(pairs + singles):
        top = 10 + 20 * number
        labels[top : top + size, 10 : 10 + size] = 2 * number + 1
        if number < pairs:
            labels[top : top + size + 1, 10 + size : 10 + 2 * size] = 2 * number + 2
    return labels


def measured(out, *images, density=None, reports=False):
    rules = Rules(density_g_cm3=density)
    provenance = {"command": "sizes", "params": rules.model_dump(mode="json")}
    results = Results(out, provenance, rules, QUICK, Outputs(reports=reports))
    for number, labels in enumerate(images):
        results.add_labels(f"image{number}", labels, 2.0)
    return results.finish()


def test_results_hold_the_aggregates_of_all_images(tmp_path):
    done = measured(tmp_path / "out", beads(3, 4), beads(2, 2), beads(0, 1), density=2)
    folder = ResultsFolder.open(tmp_path / "out")
    aggregates, table = folder.aggregates(), folder.table()
    assert aggregates.groupby("image").size().to_dict() == {"image0": 3, "image1": 2}
    assert aggregates["particles"].tolist() == [2] * 5 and (aggregates["mass_fg"] > 0).all()
    assert table.groupby("image")["aggregate"].max().to_dict() == {"image0": 3, "image1": 2, "image2": 0}
    pooled, one = done.summary["pooled"]["aggregation"], done.summary["images"]["image2"]["aggregation"]
    assert (pooled["aggregates_found"], one["aggregates_found"], one["degree_by_number"]["value"]) == (5, 0, 0)
    assert pooled["aggregated"]["count"] == 10 and pooled["single"]["count"] == 7
    assert headline(done.summary)["aggregation"].endswith(
        "of the particles in aggregates, 2.00 (2.00 to 2.00) particles each"
    )


def test_a_lost_table_of_aggregates_is_noticed(tmp_path):
    measured(tmp_path / "out", beads(3, 4), beads(2, 2))
    whole = (tmp_path / "out" / AGGREGATES).read_text()
    (tmp_path / "out" / AGGREGATES).write_text("\n".join(whole.splitlines()[:-1]) + "\n")
    folder = ResultsFolder.open(tmp_path / "out")
    provenance = {name: value for name, value in folder.provenance.items() if name != "version"}
    again = ResultsFolder.begin(tmp_path / "out", provenance)
    assert again.names == ["image0"] and "lacked rows of 1 image (image1)" in again.summary["remarks"][0]
    (tmp_path / "out" / AGGREGATES).unlink()
    with pytest.raises(UserError, match=r"holds no aggregates.csv. Repeat the measurement"):
        folder.aggregates()


def test_the_report_shows_degree_sizes_and_masses(tmp_path):
    measured(tmp_path / "out", beads(8, 6), density=2, reports=True)
    for path in ("report.html", "reports/image0.html"):
        page = (tmp_path / "out" / path).read_text()
        for words in (
            "Degree of aggregation",
            "Particles in aggregates, by mass",
            "Mean mass",
            "Particles per aggregate",
        ):
            assert words in page
        assert "g/cm³" in page and "does not distinguish firmly bound aggregates, loose agglomerates" in page
    pooled = json.loads((tmp_path / "out" / "report.json").read_text())["aggregation"]
    assert pooled["aggregates"]["by_number"]["d50"]["value"] > pooled["single"]["by_number"]["d50"]["value"]


def test_cut_aggregates_are_warned_of(tmp_path):
    labels = beads(3, 2)[12:]
    measured(tmp_path / "out", labels, reports=True)
    assert "1 of 3 aggregates touch the border" in (tmp_path / "out" / "report.html").read_text()


def test_samples_are_compared_side_by_side(tmp_path):
    for name, pairs, density in (("water", 2, 2), ("sugar", 9, 3)):
        measured(tmp_path / name, beads(pairs, 11 - pairs), density=density)
    run(compare_sizes.steps(tmp_path / "water", [tmp_path / "sugar"], tmp_path / "both.html", QUICK))
    page = (tmp_path / "both.html").read_text()
    assert "Degree of aggregation" in page and "water: aggregates" in page and "sugar: single particles" in page
    for name in ("water", "sugar"):
        line = aggregation_line(ResultsFolder.open(tmp_path / name).summary["pooled"]["aggregation"])["aggregation"]
        assert line.split(" of the")[0] in page


def test_samples_of_earlier_versions_are_compared_without_aggregates(tmp_path):
    for name in ("water", "sugar"):
        measured(tmp_path / name, beads(3, 8))
    table = ResultsFolder.open(tmp_path / "sugar").table().drop(columns=["aggregate"])
    table.to_csv(tmp_path / "sugar" / "particles.csv", index=False)
    run(compare_sizes.steps(tmp_path / "water", [tmp_path / "sugar"], tmp_path / "both.html", QUICK))
    assert "not known for sugar, of an earlier version" in (tmp_path / "both.html").read_text()
