import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbacks.recorder import DeviceBuffer, replace


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 5), max_size=4))
def test_taken_rows_are_the_written_ones(counts):
    buffer = DeviceBuffer(capacity=5, width=2)
    written = 0
    for count in counts:
        rows = [[written + i, -i] for i in range(count)]
        for row in rows:
            buffer.update_state(np.array(row, "float32"))
        buffer.reset_state()
        taken = buffer.take()
        assert taken.dtype == np.float32
        np.testing.assert_array_equal(taken, np.array(rows, "float32").reshape(-1, 2))
        written += count


def test_overrun_is_told_once(tensorflow_only):
    buffer = DeviceBuffer(capacity=2, width=1)
    for value in range(3):
        buffer.update_state(np.array([value], "float32"))
    with pytest.raises(RuntimeError, match="3 iterations were written to a buffer of 2"):
        buffer.take()
    assert buffer.take().shape == (0, 1)


class Thing:
    def method(self):
        return "class"


def test_replace_is_undone_to_what_was_there():
    thing = Thing()
    undo = replace(thing, "method", lambda: "mine")
    assert thing.method() == "mine"
    undo()
    assert vars(thing) == {}
    thing.number = 1
    undo = replace(thing, "number", 2)
    undo()
    assert thing.number == 1


def test_replace_leaves_what_came_later():
    thing = Thing()
    undo = replace(thing, "number", 2)
    thing.number = 3
    undo()
    assert thing.number == 3
