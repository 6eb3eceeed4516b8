"""Rows of many parts as one table."""

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.store.row_files import RowFiles


def rows_of(start, count):
    numbers = np.arange(start, start + count)
    return pd.DataFrame({"label": numbers, "ecd": numbers / 3, "counted": numbers % 2 == 0, "image": "a"})


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=12), st.randoms())
def test_the_table_is_in_the_order_of_the_parts_whatever_the_order_of_writing(tmp_path_factory, counts, random):
    files = RowFiles(tmp_path_factory.mktemp("a") / "rows")
    starts = np.cumsum([0, *counts])
    parts = [((i // 3, i % 3), rows_of(starts[i], count)) for i, count in enumerate(counts)]
    whole = pd.concat([table for _, table in parts], ignore_index=True) if any(counts) else None
    random.shuffle(parts)
    for part, table in parts:
        files.write(part, table)
    assert files.parts() == sorted(part for part, _ in parts) and len(files) == sum(counts)
    if whole is not None:
        pd.testing.assert_frame_equal(files.read(), whole, check_dtype=False)
        pd.testing.assert_frame_equal(files.read(["ecd", "label"]), whole[["ecd", "label"]])
        pd.testing.assert_frame_equal(pd.concat(files.batches(["ecd"]), ignore_index=True), whole[["ecd"]])


def test_parts_need_not_have_the_same_columns_and_types(tmp_path):
    files = RowFiles(tmp_path / "rows")
    files.write((10,), pd.DataFrame({"a": [1, 2], "text": ["x", None]}))
    files.write((9,), pd.DataFrame({"a": [0.5, np.nan], "b": [3, 4]}))
    files.write((11,), pd.DataFrame({"a": np.array([], float), "text": np.array([], object)}))
    expected = pd.DataFrame({"a": [0.5, np.nan, 1, 2], "b": [3, 4, np.nan, np.nan], "text": [None, None, "x", None]})
    pd.testing.assert_frame_equal(files.read(), expected.astype({"text": "str"}))


def test_what_is_not_completely_written_does_not_count(tmp_path, monkeypatch):
    files = RowFiles(tmp_path / "rows")
    files.write((0,), rows_of(0, 3))

    def full(table, path):
        path.write_bytes(b"PAR1")
        raise OSError(28, "full")

    monkeypatch.setattr(pyarrow.parquet, "write_table", full)
    with pytest.raises(UserError, match="disk is full"):
        files.write((1,), rows_of(3, 3))
    assert files.parts() == [(0,)] and len(files.read()) == 3


def test_no_parts_give_no_rows(tmp_path):
    files = RowFiles(tmp_path / "rows")
    assert files.parts() == [] and len(files) == 0 and files.read().empty


def test_a_damaged_file_and_a_column_that_is_not_there_are_named(tmp_path):
    files = RowFiles(tmp_path / "rows")
    files.write((0,), rows_of(0, 3))
    with pytest.raises(UserError, match="no column feret; it has label, ecd, counted, image"):
        files.read(["feret"])
    files.path((0,)).write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError, match=r"000000\.parquet cannot be read"):
        files.read()
