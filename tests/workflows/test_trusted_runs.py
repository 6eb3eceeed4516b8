"""Runs that go on: what has changed is measured again, and no single image ends a run."""

import json
import os
import shutil

import numpy as np
import pytest
import tifffile

from particleforge.errors import Cancelled
from particleforge.measurement.measured import Measured
from particleforge.measurement.results import Results
from particleforge.measurement.table_file import read_table
from particleforge.micrograph import Micrograph
from particleforge.store.files import DiskError
from particleforge.store.pixels import Pages
from particleforge.store.planes import find_planes
from particleforge.store.source import Source
from particleforge.workflows._each_plane import measure_each
from particleforge.workflows._one_plane import Found
from particleforge.workflows.sizes import SizesParams, sizes

QUICK = SizesParams(reports=False, precision={"resamples": 100})


def squares(*ids):
    labels = np.zeros((40, 50), np.uint16)
    for i, label in enumerate(ids):
        labels[3 + 9 * i : 8 + 9 * i, 4 : 10 + 2 * i] = label
    return labels


def failing(name, error, shape=(40, 50)):
    """An image whose pixels cannot be had."""

    def read(_):
        raise error

    return Source.of(Pages((), shape, np.uint8, read), "YX", name=name)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "given").mkdir()
    for name, ids in {"a": (1,), "b": (2, 3), "c": (4, 5, 6)}.items():
        tifffile.imwrite(tmp_path / "given" / f"{name}.tif", squares(*ids))
    return tmp_path / "given"


def contents(out):
    """Bytes of all files but for the parquet file; the summary without remarks."""
    files = {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    files.pop("particles.parquet")
    summary = json.loads(files.pop("summary.json"))
    assert summary["complete"]
    remarks = summary.pop("remarks")
    return files | {"summary": json.dumps(summary)}, remarks


def messages(step):
    """What a step reports, driven to its end."""
    return [progress.message for progress in step]


@pytest.mark.parametrize("interrupted", [True, False])
def test_changed_removed_and_new_images_are_noticed(folder, tmp_path, interrupted):
    out = tmp_path / "out"
    step = sizes.steps(folder, out, QUICK)
    for _ in range(3 if interrupted else 99):
        next(step, None)
    step.close()
    tifffile.imwrite(folder / "a.tif", squares(7, 8))
    (folder / "b.tif").unlink()
    tifffile.imwrite(folder / "aa.tif", squares(9))
    reported = messages(sizes.steps(folder, out, QUICK))
    sentence = (
        "Since the run before: 1 image (a) measured again because changed, 1 image (b) left out because removed, "
        "1 image (aa) new."
    )
    assert sentence in reported
    assert sum("particle" in message for message in reported) == (3 if interrupted else 2)
    fresh = sizes(folder, tmp_path / "fresh", QUICK)
    continued, remarks = contents(out)
    assert remarks == [sentence] and fresh.summary["remarks"] == []
    assert continued == contents(tmp_path / "fresh")[0]
    assert sizes(folder, out, QUICK).summary["remarks"] == []


def test_what_a_killed_run_left_incomplete_is_removed(folder, tmp_path):
    step = sizes.steps(folder, tmp_path / "out", QUICK)
    next(step)
    step.close()
    part = tmp_path / "out" / "labels" / ".0123.part.tif"
    part.parent.mkdir(exist_ok=True)
    part.write_bytes(b"II")
    sizes(folder, tmp_path / "out", QUICK)
    assert not part.exists()


def test_another_micrograph_is_a_change_too(folder, tmp_path):
    images = [Micrograph(np.full((40, 50), value, np.uint8), (1.0, 1.0), name=name) for value, name in enumerate("abc")]
    sizes(folder, tmp_path / "out", QUICK, images)
    images[1] = Micrograph(np.full((40, 50), 9, np.uint8), (1.0, 1.0), name="b")
    images[2] = images[2].with_pixel_size(2.0)
    found = sizes(folder, tmp_path / "out", QUICK, images)
    assert found.summary["remarks"] == ["Since the run before: 2 images (b, c) measured again because changed."]
    assert found.summary["images"]["c"]["pixel_size_nm"] == 2
    sizes(folder, tmp_path / "fresh", QUICK, images)
    assert contents(tmp_path / "out")[0] == contents(tmp_path / "fresh")[0]


@pytest.mark.parametrize(
    ("damage", "again"),
    [
        (lambda table: table.unlink(), 3),
        (lambda table: table.write_bytes(b""), 3),
        (lambda table: table.write_bytes(b"\xff\x00nonsense"), 3),
        (lambda table: table.write_text("".join(table.read_text().splitlines(True)[:-2])), 1),
        (lambda table: table.write_text(table.read_text()[:-9]), 1),
    ],
)
def test_a_damaged_table_is_restored(folder, tmp_path, damage, again):
    sizes(folder, tmp_path / "out", QUICK)
    whole, _ = contents(tmp_path / "out")
    damage(tmp_path / "out" / "particles.csv")
    reported = messages(sizes.steps(folder, tmp_path / "out", QUICK))
    assert sum("particle" in message and "lacked" not in message for message in reported) == again
    restored, remarks = contents(tmp_path / "out")
    assert restored == whole
    assert len(remarks) == 1 and remarks[0].startswith(f"particles.csv or aggregates.csv lacked rows of {again} image")


def test_nothing_that_happens_to_one_image_ends_a_run(tmp_path):
    images = [
        Micrograph(squares(1), name="first"),
        failing("bug", ZeroDivisionError("by none")),
        failing("memory", MemoryError()),
        failing("huge", AssertionError("must not be read"), (10**6, 10**6)),
        Micrograph(np.zeros((0, 50), np.uint8), name="empty"),
        Micrograph(squares(1), name="n" * 300),
        Micrograph(squares(1), name="../outside"),
        Micrograph(squares(2), name="a$_$b$"),
        Micrograph(squares(2), name="=last"),
    ]
    found = sizes(images, tmp_path / "out", QUICK)
    assert found.summary["complete"] and list(found.summary["images"]) == ["first", "a$_$b$", "=last"]
    reasons = found.summary["failed"]
    for name, words in {
        "bug": "by none. This is an error in the program; please report it",
        "memory": "not enough memory",
        "huge": "1000000 x 1000000 pixels; measuring it needs about",
        "empty": "empty",
        "n" * 300: "has 300 bytes; files are named after images of up to 240 bytes",
        "../outside": "cannot be a file name",
    }.items():
        assert words in reasons.pop(name)
    assert not reasons
    written = [path.name for path in sorted((tmp_path / "out").rglob("*")) if path.is_file()]
    assert [name for name in written if name.startswith("n")] == []
    assert read_table(found.table)["image"].tolist() == ["first", "a$_$b$", "=last"]


@pytest.mark.parametrize("error", [DiskError("the disk is full"), Cancelled(), KeyboardInterrupt()])
def test_what_concerns_all_images_ends_a_run(folder, tmp_path, error):
    planes = find_planes(folder)

    def find(plane):
        if plane.name == "b":
            raise error
        return Found(Measured(plane.name, labels=plane.read().pixels))

    with pytest.raises(type(error)):
        for _ in measure_each(Results(tmp_path / "out", {}), [planes], find, "", 20):
            pass
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["complete"], list(summary["images"]), summary["failed"]) == (False, ["a"], {})


def test_a_name_that_is_not_text_is_one_failure(folder, tmp_path):
    bad = os.fsencode(folder) + b"/bad\xff.tif"
    try:
        shutil.copy(os.fsencode(folder / "a.tif"), bad)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    summary = sizes(folder, tmp_path / "out", QUICK).summary
    assert list(summary["images"]) == ["a", "b", "c"]
    assert list(summary["failed"]) == [r"bad\udcff"] and "not UTF-8" in summary["failed"][r"bad\udcff"]
    assert json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))["failed"] == summary["failed"]


def test_names_that_look_like_formulas_are_text(tmp_path):
    names = ["=1+1", "@sum", "+5V", "-cmd", "-5 kV", "'=quoted", "'plain"]
    found = sizes([Micrograph(squares(1), name=name) for name in names], tmp_path / "out", QUICK)
    cells = [line.split(",")[0] for line in found.table.read_text().splitlines()[1:]]
    assert cells == ["'=1+1", "'@sum", "'+5V", "'-cmd", "-5 kV", "''=quoted", "'plain"]
    assert read_table(found.table)["image"].tolist() == names
    again = sizes([Micrograph(squares(1), name=name) for name in names], tmp_path / "out", QUICK)
    assert read_table(again.table)["image"].tolist() == names and again.summary["remarks"] == []
