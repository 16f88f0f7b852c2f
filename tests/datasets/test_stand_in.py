import numpy as np
import pytest

import datasets
from datasets import loading, stand_in

NAMES = list(stand_in.SIZES)


@pytest.mark.parametrize("name", NAMES)
def test_sizes_are_the_published_ones(name):
    published = loading.PUBLISHED[name]
    assert stand_in.SIZES[name] == (published.train_size, published.test_size)


@pytest.mark.parametrize("name", NAMES)
def test_shapes_types_and_balance(name, monkeypatch):
    monkeypatch.setitem(stand_in.SIZES, name, (600, 100))
    data = datasets.load(name, source="stand-in")
    shape = loading.PUBLISHED[name].image_shape
    assert data.input_shape == shape
    for images, labels, size in (
        (data.x_train, data.y_train, 600),
        (data.x_test, data.y_test, 100),
    ):
        assert images.shape == (size, *shape)
        assert labels.shape == (size,)
        assert images.dtype == labels.dtype == np.uint8
        assert np.bincount(labels).tolist() == [size // 10] * 10
        assert images.std(axis=0).mean() > 20
    assert (np.diff(data.y_train.astype(int)) != 0).mean() > 0.8, "labels come in random order"


@pytest.mark.parametrize("name", NAMES)
def test_labels_belong_to_their_images(name, monkeypatch):
    monkeypatch.setitem(stand_in.SIZES, name, (60, 40))
    drawn = stand_in.draw_images(name, 10)
    x_train, y_train, x_test, y_test = stand_in.draw(name)
    for image, label in [*zip(x_train, y_train, strict=True), *zip(x_test, y_test, strict=True)]:
        assert (drawn[label] == image).all(axis=tuple(range(1, drawn.ndim - 1))).sum() == 1


@pytest.mark.parametrize("name", NAMES)
def test_drawing_is_repeatable_and_every_image_its_own(name):
    first = stand_in.draw_images(name, 2 * stand_in.CHUNK)
    np.testing.assert_array_equal(first, stand_in.draw_images(name, 2 * stand_in.CHUNK))
    flat = first.reshape(20 * stand_in.CHUNK, -1)
    assert len({image.tobytes() for image in flat}) == len(flat)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("fashion_mnist", 0.65, 0.85), ("mnist", 0.65, 0.85), ("cifar10", 0.30, 0.50)],
)
def test_a_linear_classifier_learns_something_but_not_all(name, low, high):
    images = stand_in.draw_images(name, 600)[:, :, ::2, ::2]
    images = images.reshape(*images.shape[:2], -1).astype(np.float32) / 255
    train, test = np.split(images, [500], axis=1)
    targets = np.repeat(np.eye(10, dtype=np.float32), 500, axis=0)
    x = train.reshape(5000, -1)
    mean = x.mean(axis=0)
    weights = np.linalg.solve(
        (x - mean).T @ (x - mean) + 30 * np.eye(x.shape[1], dtype=np.float32),
        (x - mean).T @ (targets - 0.1),
    )
    right = ((test - mean) @ weights).argmax(axis=-1) == np.arange(10)[:, None]
    assert low < right.mean() < high


def test_source_hash_follows_the_code(monkeypatch, tmp_path):
    before = stand_in.source_hash()
    assert before == stand_in.source_hash()
    for path in loading.Path(stand_in.__file__).parent.glob("*.py"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(stand_in, "__file__", str(tmp_path / "__init__.py"))
    assert stand_in.source_hash() == before
    with (tmp_path / "drawing.py").open("a") as file:
        file.write("# changed\n")
    assert stand_in.source_hash() != before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "dense_bounds", "cnn_bounds"),
    [
        ("fashion_mnist", (0.80, 0.93), (0.85, 0.95)),
        ("mnist", (0.93, 0.97), (0.96, 0.995)),
        ("cifar10", (0.40, 0.55), (0.60, 0.80)),
    ],
)
def test_a_cnn_beats_a_dense_network_as_on_the_real_set(name, dense_bounds, cnn_bounds):
    data = datasets.load(name, source="stand-in")
    dense, cnn = accuracy(data, "dense"), accuracy(data, "cnn")
    assert dense_bounds[0] < dense < dense_bounds[1]
    assert cnn_bounds[0] < cnn < cnn_bounds[1]
    assert cnn > dense + 0.015


def accuracy(data, kind):
    """Test accuracy after 5 epochs of Adam, learning rate 1e-3, batch size 150."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    shape = data.input_shape if len(data.input_shape) == 3 else (*data.input_shape, 1)
    if kind == "dense":
        body = [layers.Flatten(), layers.Dense(128, activation="relu")]
    else:
        body = [
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
        ]
    model = keras.Sequential([keras.Input(shape), *body, layers.Dense(10)])
    model.compile(
        keras.optimizers.Adam(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    x_train, x_test = (
        x.reshape(-1, *shape).astype("float32") / 255 for x in (data.x_train, data.x_test)
    )
    model.fit(x_train, data.y_train, batch_size=150, epochs=5, verbose=0)
    return model.evaluate(x_test, data.y_test, batch_size=1000, verbose=0)[1]
