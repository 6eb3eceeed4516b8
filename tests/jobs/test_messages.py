import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.jobs.messages import KINDS, Advance, Failure, Result, Stopped, Task, read, write

finite = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers() | finite | st.text()
plain = st.dictionaries(
    st.text(), st.recursive(scalars, lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=12)
)
messages = st.one_of(
    st.builds(Task, call=st.text(), args=plain, params=plain, scratch=st.text()),
    st.builds(Advance, done=finite, total=finite, message=st.text(), preview=st.none() | st.text()),
    st.builds(Result, value=plain),
    st.builds(
        Failure, error=st.text(), message=st.text(), hint=st.text(), log=st.lists(st.text(), max_size=5).map(tuple)
    ),
    st.builds(Stopped, forced=st.booleans()),
)


@given(messages)
def test_a_message_is_one_line_and_comes_back(message):
    line = write(message)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert read(line) == message
    assert type(read(line)) is KINDS[message.kind]


@given(st.binary(max_size=200))
def test_bytes_that_are_not_a_message_are_refused(line):
    with pytest.raises(UserError):
        read(line)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"kind": "advance", "done": 1, "totl": 2}, "totl"),
        ({"kind": "result", "value": 3}, "value"),
        ({"kind": ["task"]}, "not a message"),
        ({"kind": "tusk"}, "not a message"),
        ([1], "not a message"),
    ],
)
def test_almost_valid_messages_are_refused(data, word):
    with pytest.raises(UserError, match=word):
        read(json.dumps(data).encode())


@pytest.mark.parametrize("value", [b"bytes", object(), float("nan"), float("inf"), (1, {2})])
def test_only_plain_data_can_be_sent(value):
    with pytest.raises(ValueError):
        write(Task(args={"a": value}))
