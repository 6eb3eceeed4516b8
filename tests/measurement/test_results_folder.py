"""Results on disk: what is written is read, and what nobody knows is kept."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from particleforge.errors import UserError
from particleforge.measurement.columns import written
from particleforge.measurement.measured import Measured
from particleforge.measurement.results import Results
from particleforge.measurement.results_folder import TABLE, ResultsFolder
from particleforge.measurement.rules import Rules
from particleforge.measurement.summary_file import SUMMARY
from particleforge.measurement.table_file import TableFile, read_table

WRITTEN_BY_0_1 = Path(__file__).parent / "results_0_1"
QUICK = {"command": "test", "params": Rules().model_dump(mode="json")}


def squares(*ids):
    labels = np.zeros((40, 50), np.int32)
    for i, label in enumerate(ids):
        labels[3 + 9 * i : 8 + 9 * i, 4 : 10 + 2 * i] = label
    return labels


def test_results_of_the_first_version_are_read():
    found = ResultsFolder.open(WRITTEN_BY_0_1)
    assert (found.complete, found.names) == (True, ["NA", "0012"])
    assert list(found.failed) == ["broken"] and "broken.tif cannot be read" in found.failed["broken"]
    assert found.rules == Rules.parse({"size": "feret_max", "border": "drop"})
    assert found.provenance["version"] == "0.1.0"
    assert found.images["NA"]["pixel_size_nm"] == 2
    table = found.table()
    assert table["image"].tolist() == ["NA", "NA", "0012", "0012"]
    assert table["label"].tolist() == [1, 5, 1, 5] and table["touches_border"].dtype == bool
    assert table["score"].tolist()[:2] == [0.75, 0.5] and table["ecd_nm"].isna().tolist() == [False] * 2 + [True] * 2
    for name in found.names:
        ids, counts = np.unique(found.labels(name), return_counts=True)
        own = table[table["image"] == name].set_index("label")["area_px2"]
        assert own.to_dict() == dict(zip(ids[1:].tolist(), counts[1:].tolist(), strict=True))


def test_results_of_the_first_version_can_be_continued(tmp_path):
    out = tmp_path / "out"
    shutil.copytree(WRITTEN_BY_0_1, out)
    provenance = yaml.safe_load((out / "run.yaml").read_text())
    before = pd.read_csv(out / TABLE, dtype=str)
    results = Results(out, provenance, Rules.parse(provenance["params"]))
    assert results.measured == {"NA", "0012"}
    results.add_labels("broken", squares(3))
    done = results.finish()
    after = pd.read_csv(done.table, dtype=str)
    assert after.loc[:3, before.columns].equals(before) and after.loc[:3, "pieces"].isna().all()
    assert len(read_table(done.table)) == 5
    assert (done.summary["failed"], list(done.summary["images"])) == ({}, ["NA", "0012", "broken"])


def test_what_nobody_knows_survives_a_continued_run(tmp_path):
    results = Results(tmp_path / "out", QUICK)
    results.add_labels("a", squares(1, 2))
    summary = json.loads((tmp_path / "out" / SUMMARY).read_text())
    summary["later"] = {"lock": 3}
    summary["images"]["a"]["fingerprint"] = "0abc"
    summary["provenance"]["machine"] = "mine"
    (tmp_path / "out" / SUMMARY).write_text(json.dumps(summary))
    table = pd.read_csv(tmp_path / "out" / TABLE, dtype=str, keep_default_na=False)
    table.assign(note=["1.50", "NA, so to say"], code="007").to_csv(tmp_path / "out" / TABLE, index=False)

    again = Results(tmp_path / "out", QUICK)
    again.add_labels("b", squares(4))
    done = again.finish()
    assert done.summary["later"] == {"lock": 3}
    assert done.summary["images"]["a"]["fingerprint"] == "0abc"
    assert done.summary["provenance"]["machine"] == "mine"
    cells = pd.read_csv(done.table, dtype=str, keep_default_na=False)
    assert list(cells) == [*written(), "note", "code"]
    assert cells[["note", "code"]].to_numpy().tolist() == [["1.50", "007"], ["NA, so to say", "007"], ["", ""]]
    assert cells[written()].iloc[:2].equals(table[written()])


def test_given_columns_are_written_where_they_are_there(tmp_path):
    results = Results(tmp_path / "out", QUICK)
    results.add_labels("a", squares(1))
    plain = (tmp_path / "out" / TABLE).read_text()
    assert plain.startswith("image,label,class,x_px")
    table = results.folder.table().assign(image="b", time_s=0.5, frame=3, group="north", track=[7])
    results.folder.add("b", table, {"count": 1})
    found = results.folder.table()
    assert list(found)[:7] == ["image", "frame", "time_s", "track", "group", "label", "class"]
    assert found["frame"].isna().tolist() == [True, False] and found["frame"][1] == 3
    assert found["group"].isna().tolist() == [True, False] and found["group"][1] == "north"
    assert found["label"].tolist() == [1, 1]


def test_a_row_that_was_cut_off_is_dropped(tmp_path):
    results = Results(tmp_path / "out", QUICK)
    results.add_labels("a", squares(1, 2))
    whole = (tmp_path / "out" / TABLE).read_text()
    (tmp_path / "out" / TABLE).write_text(whole + "a,3,ro")
    assert len(Results(tmp_path / "out", QUICK).folder.table()) == 2
    assert (tmp_path / "out" / TABLE).read_text() == whole


def test_whole_numbers_stay_whole_and_what_is_missing_stays_missing(tmp_path):
    file = TableFile(tmp_path / TABLE)
    file.keep([])
    file.append(pd.DataFrame({"image": ["a"], "label": [2**40], "touches_border": [True], "frame": [0]}))
    file.append(pd.DataFrame({"image": ["NA"], "label": [5], "touches_border": [False], "frame": [1]}))
    table = read_table(tmp_path / TABLE)
    assert table[["image", "frame", "label"]].to_numpy().tolist() == [["a", 0, 2**40], ["NA", 1, 5]]
    assert table["frame"].dtype == np.int64 and table["touches_border"].tolist() == [True, False]
    assert table["ecd_px"].isna().all() and table["ecd_px"].dtype == float


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no results"):
        ResultsFolder.open(tmp_path)
    for text, words in (
        ("{", "is not valid JSON"),
        ("[]", "is not a summary"),
        ('{"complete": true}', "not a summary"),
    ):
        (tmp_path / TABLE).write_text("image,label\n")
        (tmp_path / SUMMARY).write_text(text)
        with pytest.raises(UserError, match=words):
            ResultsFolder.open(tmp_path)


def test_an_image_whose_table_is_gone_is_measured_again(tmp_path):
    Results(tmp_path / "out", QUICK).add_labels("a", squares(1))
    (tmp_path / "out" / TABLE).unlink()
    assert Results(tmp_path / "out", QUICK).measured == frozenset()


def test_the_summary_of_many_images_is_written_ever_more_rarely_and_loses_none(tmp_path):
    results = Results(tmp_path / "out", QUICK)
    path, versions = tmp_path / "out" / SUMMARY, 0
    table = results.writer.measure(Measured("", labels=squares(1))).table
    for number in range(300):
        before = path.stat().st_ino
        if number % 7:
            results.note(f"{number}", ["0abc"])
            results.folder.add(f"{number}", table.assign(image=f"{number}"), {"count": 1})
        else:
            results.folder.fail(f"{number}", "broken")
        versions += path.stat().st_ino != before
        if number % 50 == 49:
            found = ResultsFolder.open(tmp_path / "out")
            assert found.summary == results.folder.summary and not found.complete
            assert len(json.loads(path.read_text())["images"]) >= 0.9 * len(found.images)
    assert versions < 90
    killed = Results(tmp_path / "out", QUICK)
    assert killed.measured == results.measured and killed.folder.summary["inputs"] == results.folder.summary["inputs"]
    assert [one.name for one in (tmp_path / "out").iterdir() if one.name.startswith("summary")] == [SUMMARY]


def test_an_image_whose_line_in_the_journal_was_cut_off_is_measured_again(tmp_path):
    results = Results(tmp_path / "out", QUICK)
    table = results.writer.measure(Measured("", labels=squares(1))).table
    for number in range(60):
        results.folder.add(f"{number}", table.assign(image=f"{number}"), {"count": 1})
    (journal,) = (tmp_path / "out").glob("summary.*.jsonl")
    journal.write_bytes(journal.read_bytes()[:-9])
    again = Results(tmp_path / "out", QUICK)
    assert results.measured - again.measured == {"59"}
    assert set(again.folder.table()["image"]) == again.measured
