import dataclasses
import os
import socket
import subprocess
import sys
import types
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

import datasets
from datasets import loading, stand_in
from datasets.content import Arrays

REAL = os.environ.get("DESCENT_DATA_DIR")


@pytest.fixture
def keras_gives(monkeypatch):
    """Install a Keras whose load_data returns or raises the given value."""

    def put(answer):
        def load_data():
            print("Downloading data from the network")
            if isinstance(answer, Exception):
                raise answer
            return (answer["x_train"], answer["y_train"]), (answer["x_test"], answer["y_test"])

        fake = types.ModuleType("keras")
        fake.datasets = types.SimpleNamespace(cifar10=types.SimpleNamespace(load_data=load_data))
        monkeypatch.setitem(sys.modules, "keras", fake)

    return put


@pytest.fixture
def drawn(arrays, monkeypatch):
    """Replace the drawing by arrays that are quick to make and differ from the real ones."""
    made = Arrays(
        *(255 - array.reshape(array.shape[0], *array.shape[1:]) for array in arrays.values())
    )
    monkeypatch.setattr("datasets.stand_in.draw", lambda name: made)
    return made


def test_loads_the_real_set_from_a_folder(folder, arrays, published):
    data = datasets.load("cifar10", data_dir=folder)
    assert (data.name, data.source, data.fingerprint) == ("cifar10", "real", published)
    assert data.input_shape == (32, 32, 3)
    assert data.class_names[0] == "airplane"
    assert len(data.class_names) == 10
    np.testing.assert_array_equal(data.x_train, arrays["x_train"])
    np.testing.assert_array_equal(data.x_test, arrays["x_test"])
    np.testing.assert_array_equal(data.y_train, arrays["y_train"][:, 0])
    np.testing.assert_array_equal(data.y_test, arrays["y_test"][:, 0])
    assert {a.dtype for a in (data.x_train, data.y_train, data.x_test, data.y_test)} == {
        np.dtype(np.uint8)
    }


def test_is_frozen(folder):
    data = datasets.load("cifar10", data_dir=folder)
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.source = "stand-in"


@pytest.mark.parametrize("source", ["auto", "real"])
def test_the_environment_variable_names_the_folder(folder, monkeypatch, source):
    monkeypatch.setenv("DESCENT_DATA_DIR", str(folder))
    assert datasets.load("cifar10", source=source).source == "real"
    assert datasets.resolve("cifar10", source=source) == "real"


def test_a_given_folder_goes_before_the_environment_variable(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("DESCENT_DATA_DIR", str(tmp_path / "nowhere"))
    assert datasets.load("cifar10", data_dir=str(folder)).source == "real"


@pytest.mark.parametrize("source", ["auto", "real"])
@pytest.mark.parametrize("function", [datasets.load, datasets.resolve])
def test_a_folder_without_the_file_is_an_error(tmp_path, source, function):
    with pytest.raises(datasets.DataError, match="does not exist") as caught:
        function("mnist", source=source, data_dir=tmp_path)
    assert_one_helpful_line(caught, str(tmp_path / "mnist.npz"), "--data stand-in")


def empty(path):
    path.write_bytes(b"")


def text(path):
    path.write_text("these are no images")


def truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def one_bit_flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lone_array(path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3, np.uint8))


def lacks_y_test(path):
    with np.load(path) as archive:
        kept = {name: archive[name] for name in archive.files if name != "y_test"}
    np.savez(path, **kept)


def pickled(path):
    with np.load(path) as archive:
        kept = dict(archive)
    np.savez(path, **kept | {"x_train": np.array([{"a": 1}], dtype=object)})


def not_an_archive_member(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", b"nothing")


@pytest.mark.parametrize(
    "damage",
    [
        empty,
        text,
        truncated,
        one_bit_flipped,
        lone_array,
        lacks_y_test,
        pickled,
        not_an_archive_member,
    ],
)
@pytest.mark.parametrize("source", ["auto", "real"])
def test_a_damaged_file_is_named(folder, damage, source):
    path = folder / "cifar10.npz"
    damage(path)
    with pytest.raises(datasets.DataError, match="cannot be read") as caught:
        datasets.load("cifar10", source=source, data_dir=folder)
    assert_one_helpful_line(caught, str(path), "x_train, y_train, x_test, y_test", "replace")


def test_other_content_is_an_error(folder, arrays, published):
    arrays["x_test"][0, 0, 0, 0] ^= 1
    np.savez(folder / "cifar10.npz", **arrays)
    with pytest.raises(datasets.DataError, match="not the published cifar10") as caught:
        datasets.load("cifar10", data_dir=folder)
    assert_one_helpful_line(caught, str(folder / "cifar10.npz"), published, "replace")


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("x_train", lambda a: a.reshape(20, -1)),
        ("y_train", lambda a: a.reshape(4, 5)),
        ("x_test", lambda a: a.view(np.int8)),
        ("y_test", lambda a: a[:-1]),
    ],
)
def test_other_shapes_or_types_are_an_error(folder, arrays, field, change):
    np.savez(folder / "cifar10.npz", **arrays | {field: change(arrays[field])})
    with pytest.raises(datasets.DataError, match=f"{field} is u?int8 of shape") as caught:
        datasets.load("cifar10", data_dir=folder)
    assert_one_helpful_line(caught, str(folder / "cifar10.npz"), "must be uint8", "replace")


@pytest.mark.parametrize("function", [datasets.load, datasets.resolve])
def test_unknown_names_and_sources(function):
    with pytest.raises(datasets.DataError, match="imagenet") as caught:
        function("imagenet")
    assert_one_helpful_line(caught, "fashion_mnist, mnist, cifar10")
    with pytest.raises(datasets.DataError, match="fake") as caught:
        function("mnist", source="fake")
    assert_one_helpful_line(caught, "auto, real, stand-in")


@pytest.mark.parametrize("source", ["auto", "real"])
def test_without_a_folder_keras_gives_the_images(keras_gives, arrays, published, source, capsys):
    keras_gives(arrays)
    data = datasets.load("cifar10", source=source)
    assert (data.source, data.fingerprint) == ("real", published)
    assert data.y_train.shape == (20,)
    assert datasets.resolve("cifar10", source=source) == "real"
    assert capsys.readouterr().out == ""


def test_a_silent_network_is_given_up_on(keras_gives, published, monkeypatch):
    timeouts = []

    class SilentError(Exception):
        def __str__(self):
            timeouts.append(socket.getdefaulttimeout())
            return "no answer"

    keras_gives(SilentError())
    with pytest.raises(datasets.DataError, match="no answer"):
        datasets.load("cifar10", source="real")
    assert timeouts[0] == loading.DOWNLOAD_TIMEOUT
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize("source", ["auto", "real"])
def test_other_content_from_keras_is_an_error(keras_gives, arrays, published, source):
    arrays["y_train"][0] += 1
    keras_gives(arrays)
    with pytest.raises(datasets.DataError, match="not the published cifar10") as caught:
        datasets.load("cifar10", source=source)
    assert_one_helpful_line(caught, "Keras", published)


@pytest.mark.parametrize("source", ["auto", "real"])
def test_a_damaged_keras_cache_is_an_error(keras_gives, published, source):
    keras_gives(EOFError("Compressed file ended"))
    with pytest.raises(datasets.DataError, match="damaged") as caught:
        datasets.load("cifar10", source=source)
    assert_one_helpful_line(caught, str(Path("datasets")), "delete")


@pytest.mark.parametrize("function", [datasets.load, datasets.resolve])
def test_auto_falls_to_the_stand_in_with_one_warning(
    keras_gives, drawn, published, function, capsys
):
    keras_gives(Exception("URL fetch failure\non cifar10"))
    with pytest.warns(datasets.StandInWarning, match="stand-in") as caught:
        answer = function("cifar10")
    assert len(caught) == 1
    assert "\n" not in str(caught[0].message)
    assert "--data-dir" in str(caught[0].message)
    assert Path(caught[0].filename) == Path(__file__) or function is datasets.resolve
    assert (answer if isinstance(answer, str) else answer.source) == "stand-in"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("function", [datasets.load, datasets.resolve])
def test_real_without_network_says_what_to_do(keras_gives, published, function):
    keras_gives(Exception("URL fetch failure"))
    with pytest.raises(datasets.DataError, match="URL fetch failure") as caught:
        function("cifar10", source="real")
    assert_one_helpful_line(caught, "--data-dir", "DESCENT_DATA_DIR", "--data stand-in")


def test_the_stand_in_needs_neither_folder_nor_keras(drawn, folder, keras_gives):
    keras_gives(AssertionError("not asked for"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = datasets.load("cifar10", source="stand-in", data_dir=folder)
        assert datasets.resolve("cifar10", source="stand-in", data_dir=folder) == "stand-in"
    assert data.source == "stand-in"
    assert data.fingerprint != loading.PUBLISHED["cifar10"].sha256
    np.testing.assert_array_equal(data.x_train, drawn.x_train)


@pytest.mark.parametrize("function", [datasets.load, datasets.resolve])
def test_a_set_without_a_stand_in(keras_gives, published, folder, monkeypatch, function):
    monkeypatch.delitem(stand_in.SIZES, "cifar10")
    with pytest.raises(datasets.DataError, match="cifar10 has no stand-in") as caught:
        function("cifar10", source="stand-in")
    assert_one_helpful_line(caught, "--data real", "--data-dir", "DESCENT_DATA_DIR")
    keras_gives(Exception("URL fetch failure"))
    with pytest.raises(datasets.DataError, match="URL fetch failure") as caught:
        function("cifar10", source="auto")
    assert_one_helpful_line(caught, "--data-dir", "DESCENT_DATA_DIR")
    assert "--data stand-in" not in str(caught.value)
    assert datasets.resolve("cifar10", data_dir=folder) == "real"


def test_resolve_does_not_decode_a_given_file(folder):
    text(folder / "cifar10.npz")
    assert datasets.resolve("cifar10", data_dir=folder) == "real"


def test_importing_the_room_is_light():
    code = (
        "import sys, datasets;"
        "print([m for m in ('tensorflow', 'keras', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    root = Path(loading.__file__).parents[1]
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


@pytest.mark.skipif(not REAL, reason="DESCENT_DATA_DIR names no folder of real sets")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "first_labels"),
    [
        ("fashion_mnist", [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]),
        ("mnist", [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]),
        ("cifar10", [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]),
    ],
)
def test_the_real_sets(name, first_labels):
    data = datasets.load(name, source="real", data_dir=REAL)
    assert data.fingerprint == loading.PUBLISHED[name].sha256
    assert data.y_train[:10].tolist() == first_labels
    assert (len(data.x_train), len(data.x_test)) == (
        50_000 if name == "cifar10" else 60_000,
        10_000,
    )


def assert_one_helpful_line(caught, *parts):
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message
