"""YAML and JSON of users: right, or refused with a sentence, and never expensive."""

import json
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.plain_data import DEEPEST, MOST_VALUES, parse_json, parse_yaml, read_json, read_yaml

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("abc: -#'é1", max_size=8)
DATA = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text("abc", min_size=1), inner))
BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@given(DATA)
def test_plain_data_come_back_from_yaml_and_json(data):
    assert parse_yaml(yaml.safe_dump(data), "It") == data
    assert parse_json(json.dumps(data), "It") == data


def test_values_that_are_referred_to_twice_are_kept():
    assert parse_yaml("a: &x [1, 2]\nb: *x\nc: {<<: {d: 3}, e: 4}", "It") == {
        "a": [1, 2],
        "b": [1, 2],
        "c": {"d": 3, "e": 4},
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (BOMB, f"up to line 6 it holds more than {MOST_VALUES} values"),
        ("a: &a [*a]", "line 1 refers to a value that contains itself"),
        ("a: &a {b: *a}", "line 1 refers to a value that contains itself"),
        ("noise: " + "[" * 900 + "]" * 900, f"line 1 is nested more than {DEEPEST} levels deep"),
        ("n: " + "7" * 5000, "line 1 holds a number of 5000 characters; at most 400"),
        ("n: 0b_", "line 1: '0b_' is not a value of the type int"),
        ("a: !!bool maybe", "'maybe' is not a value of the type bool"),
        ("count: 1\ncount: 2", "line 2 gives 'count' a second time"),
        ("a: !!python/object/apply:os.system [ls]", "is not valid YAML"),
        ("a: [1", "is not valid YAML"),
        ("a: \x07", "is not valid YAML"),
    ],
)
def test_yaml_beyond_a_limit_is_refused_at_once(text, sentence):
    began = time.process_time()
    with pytest.raises(UserError) as refused:
        parse_yaml(text, "my.yaml")
    assert refused.value.message.startswith("my.yaml ")
    assert sentence in refused.value.message
    assert time.process_time() - began < 1


def test_a_date_stays_text():
    assert parse_yaml("source: 2024-02-30", "It") == {"source": "2024-02-30"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 100_000, "nested more than 40 levels deep"),
        ('{"a":' * 60 + "1" + "}" * 60, "nested more than 40 levels deep"),
        ("9" * 5000, "holds a number that is too long"),
        ('{"a": 1', "is not valid JSON"),
    ],
)
def test_json_beyond_a_limit_is_refused(text, sentence):
    with pytest.raises(UserError, match=sentence):
        parse_json(text, "my.json")


def test_files_that_cannot_be_used_are_named(tmp_path):
    path = tmp_path / "a.yaml"
    with pytest.raises(UserError, match=r"a\.yaml cannot be read \(No such file"):
        read_yaml(path)
    path.write_bytes(b"a: \xff\xfe")
    with pytest.raises(UserError, match=r"a\.yaml is not valid YAML: .*Save it as text in UTF-8"):
        read_yaml(path)
    with path.open("wb") as file:
        file.truncate(17 * 2**20)
    with pytest.raises(UserError, match=r"a\.yaml has 17 MiB; at most 16 MiB are read"):
        read_yaml(path)
    with pytest.raises(UserError, match=r"a\.yaml has 17 MiB; at most 1 MiB"):
        read_json(path, 2**20)
    path.write_text("[1]")
    with pytest.raises(UserError, match=r"a\.yaml holds a list"):
        read_yaml(path)
    with pytest.raises(UserError, match=r"cannot be read"):
        read_yaml(tmp_path)


class Numbers(Params):
    count: int = 1
    pair: tuple[float, float] = (0, 1)
    flag: bool = False


@pytest.mark.parametrize("data", [{"count": True}, {"pair": [1, False]}])
def test_true_is_not_a_number(data):
    with pytest.raises(UserError, match="a number is needed, not true or false"):
        Numbers.parse(data)
    assert Numbers.parse({"flag": True}).flag


def test_a_long_value_is_not_repeated_in_full():
    with pytest.raises(UserError) as refused:
        Numbers.parse({"count": "x" * 10_000})
    assert len(str(refused.value)) < 500


def test_parameters_of_a_file_name_it(tmp_path):
    path = tmp_path / "numbers.yaml"
    path.write_text("count: many")
    with pytest.raises(UserError, match=r"numbers\.yaml: count = 'many'"):
        Numbers.from_yaml(path)
