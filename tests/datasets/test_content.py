import hashlib
import threading

import numpy as np
import pytest

import datasets
from datasets import content, stand_in
from datasets.content import Arrays


@pytest.fixture
def small(arrays):
    return Arrays(**arrays)


@pytest.fixture
def copies(tmp_path):
    """The decoded copies."""
    return lambda: sorted((tmp_path / "cache" / "datasets").glob("*"))


def never():
    raise AssertionError("made again")


def test_fingerprint_is_the_hash_of_all_bytes(small):
    digest = hashlib.sha256(b"".join(bytes(array.flatten().tolist()) for array in small))
    assert content.fingerprint(small) == digest.hexdigest()


def test_fingerprint_ignores_memory_layout_and_label_shape(small):
    other = Arrays(
        np.asfortranarray(small.x_train), small.y_train[:, 0], small.x_test[::1], small.y_test[:, 0]
    )
    assert content.fingerprint(other) == content.fingerprint(small)


@pytest.mark.parametrize("field", Arrays._fields)
def test_fingerprint_sees_every_array(small, field):
    changed = getattr(small, field).copy()
    changed.flat[-1] ^= 1
    assert content.fingerprint(small._replace(**{field: changed})) != content.fingerprint(small)


def test_a_kept_copy_is_not_made_again(small, copies):
    made = content.cached("name", lambda: small)
    kept = content.cached("name", never)
    assert kept[1] == made[1] == content.fingerprint(small)
    for one, other in zip(kept[0], small, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == np.uint8
    assert [path.name for path in copies()] == ["name.npz"]


def test_the_key_tells_copies_apart(small):
    content.cached("one", lambda: small)
    with pytest.raises(AssertionError, match="made again"):
        content.cached("other", never)


def cut(path, small):
    path.write_bytes(path.read_bytes()[:-200])


def overwritten(path, small):
    path.write_bytes(b"no archive")


def other_images(path, small):
    np.savez(path, fingerprint=np.array("0" * 64), **small._asdict())


def no_fingerprint(path, small):
    np.savez(path, **small._asdict())


@pytest.mark.parametrize("damage", [cut, overwritten, other_images, no_fingerprint])
def test_a_damaged_copy_is_made_again(small, copies, damage):
    content.cached("name", lambda: small)
    (path,) = copies()
    damage(path, small)
    arrays, value = content.cached("name", lambda: small)
    assert value == content.fingerprint(small)
    np.testing.assert_array_equal(arrays.x_train, small.x_train)
    content.cached("name", never)


def test_an_unwritable_folder_is_no_hindrance(small, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DESCENT_CACHE_DIR", str(tmp_path / "file"))
    for _ in range(2):
        arrays, value = content.cached("name", lambda: small)
        assert arrays is small
        assert value == content.fingerprint(small)


def test_a_full_disk_leaves_nothing_behind(small, copies, monkeypatch):
    def savez(file, **arrays):
        file.write(b"a part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", savez)
    assert content.cached("name", lambda: small)[0] is small
    assert copies() == []


def test_two_at_once_both_get_the_arrays(small, copies):
    together = threading.Barrier(2, timeout=30)
    answers = []

    def make():
        together.wait()
        return small

    threads = [
        threading.Thread(target=lambda: answers.append(content.cached("name", make)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [value for _, value in answers] == [content.fingerprint(small)] * 2
    assert [path.name for path in copies()] == ["name.npz"]
    content.cached("name", never)


def test_loading_twice_decodes_once(folder, monkeypatch):
    datasets.load("cifar10", data_dir=folder)
    monkeypatch.setattr("datasets.loading.read_npz", lambda path: never())
    assert datasets.load("cifar10", data_dir=folder).source == "real"


def test_a_changed_file_is_read_again(folder, arrays, copies):
    datasets.load("cifar10", data_dir=folder)
    np.savez(folder / "cifar10.npz", **arrays | {"y_test": arrays["y_test"] + 1})
    with pytest.raises(datasets.DataError, match="not the published"):
        datasets.load("cifar10", data_dir=folder)
    assert len(copies()) == 2


def test_a_changed_drawing_is_drawn_again(small, monkeypatch):
    monkeypatch.setattr(stand_in, "draw", lambda name: small)
    datasets.load("cifar10", source="stand-in")
    monkeypatch.setattr(stand_in, "draw", lambda name: never())
    datasets.load("cifar10", source="stand-in")
    monkeypatch.setattr(stand_in, "source_hash", lambda: "f" * 64)
    with pytest.raises(AssertionError, match="made again"):
        datasets.load("cifar10", source="stand-in")
