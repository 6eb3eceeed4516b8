import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.store.csv_text import csv_rows, guarded, unguarded

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r")) | st.from_regex(
    r"'*[=+@\-]\w*", fullmatch=True
)


@given(st.lists(TEXT, min_size=1))
def test_texts_come_back_and_none_is_a_formula(texts):
    shown = csv_rows(["name", "size"], [[text, 1] for text in texts])
    _, *rows = csv.reader(io.StringIO(shown, newline=""))
    assert [unguarded(name) for name, _ in rows] == texts
    assert not any(name[:1] in ("=", "+", "@", "\t") for name, _ in rows)


@pytest.mark.parametrize("text", ["=1+1", "+1", "@SUM(A1)", "-cmd|' /C calc'!A0", "'=1"])
def test_a_formula_is_guarded(text):
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


def test_numbers_carry_seven_digits_and_what_is_missing_is_empty():
    rows = [[None, float("nan"), 1 / 3, 12345678, 0.1 + 0.2, -1e-9, True]]
    assert csv_rows(list("abcdefg"), rows).splitlines()[1] == ",,0.3333333,12345678,0.3,-1e-09,1"
    assert csv_rows(["a"], [["a\udcff"]]) == "a\na\\udcff\n"
