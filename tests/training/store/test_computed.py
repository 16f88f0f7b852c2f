import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from training.store.computed import FILE_NAME, as_stored, load_computed, save_computed
from training.store.files import DamagedRecordError

PROVENANCE = {"processor": "P", "date": "2026-01-02 03:04 UTC"}

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False)
    | st.text()
    | arrays.arrays(
        st.sampled_from([np.float32, np.float64, np.uint8, np.int32, bool]),
        arrays.array_shapes(max_side=3),
        elements={"allow_nan": False},
    )
)
trees = st.recursive(
    leaves, lambda tree: st.lists(tree, max_size=3) | st.dictionaries(st.text(), tree, max_size=3)
)


@given(values=st.dictionaries(st.text(min_size=1), trees, max_size=3))
def test_what_is_stored_comes_back(values, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    save_computed(folder, values, PROVENANCE)
    loaded, provenance = load_computed(folder)
    np.testing.assert_equal(loaded, values)
    assert provenance == (PROVENANCE if values else None)
    np.testing.assert_equal(as_stored(values), values)


def test_order_of_keys_types_and_numbers_that_are_not_finite_are_kept(tmp_path):
    values = {"b": {"z": 1, "a": np.float32(0.5)}, "a": [np.nan, np.inf, (1, 2)]}
    save_computed(tmp_path, values, PROVENANCE)
    loaded, _ = load_computed(tmp_path)
    assert list(loaded["b"]) == ["z", "a"]
    assert loaded["b"] == {"z": 1, "a": 0.5}
    np.testing.assert_equal(loaded["a"], [np.nan, np.inf, [1, 2]])
    assert as_stored({"x": np.zeros(2, np.float32)})["x"].dtype == np.float32


def test_equal_values_give_equal_bytes(tmp_path):
    folders = tmp_path / "one", tmp_path / "other"
    for folder in folders:
        folder.mkdir()
        save_computed(folder, {"x": np.arange(5), "text": "β"}, PROVENANCE)
    one, other = ((folder / FILE_NAME).read_bytes() for folder in folders)
    assert one == other


def test_nothing_computed_leaves_no_file(tmp_path):
    save_computed(tmp_path, {"x": 1}, PROVENANCE)
    save_computed(tmp_path, {}, PROVENANCE)
    assert not (tmp_path / FILE_NAME).exists()
    assert load_computed(tmp_path) == ({}, None)


@pytest.mark.parametrize("value", [{1: 2}, {"x": object()}, np.array(["text"]), {1, 2}])
def test_what_cannot_be_stored(value):
    with pytest.raises(TypeError, match="stored"):
        as_stored(value)


@pytest.mark.parametrize("damage", [b"", b"PK", b"not a zip file"])
def test_damage_is_named(tmp_path, damage):
    (tmp_path / FILE_NAME).write_bytes(damage)
    with pytest.raises(DamagedRecordError, match=r"computed\.npz is damaged .* run the study"):
        load_computed(tmp_path)


def test_a_changed_byte_is_damage(tmp_path):
    save_computed(tmp_path, {"x": np.arange(1000.0)}, PROVENANCE)
    path = tmp_path / FILE_NAME
    stored = bytearray(path.read_bytes())
    stored[len(stored) // 3] ^= 1
    path.write_bytes(stored)
    with pytest.raises(DamagedRecordError):
        load_computed(tmp_path)
