import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest

from models import cnn_classifier, dense_classifier

SMALL_CNN = {"filters": (3,), "hidden": (5,), "classes": 4}


def small(builder, **options):
    if builder is cnn_classifier:
        options = {**SMALL_CNN, **options}
    else:
        options = {"hidden": (5,), "classes": 4, **options}
    return builder((6, 6), **options)


def images(*shape):
    return np.random.default_rng([0]).integers(256, size=shape, dtype=np.uint8)


def kernels(model):
    return [w.numpy() for w in model.trainable_weights if w.path.endswith("kernel")]


def layer_names(model):
    return [layer.name for layer in model.layers]


both = pytest.mark.parametrize("builder", [dense_classifier, cnn_classifier])


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        (lambda: dense_classifier((28, 28)), 101_770),
        (lambda: dense_classifier((28, 28), hidden=()), 7_850),
        (lambda: dense_classifier((28, 28), hidden=(250, 100)), 785 * 250 + 251 * 100 + 101 * 10),
        (lambda: dense_classifier((32, 32, 3), hidden=(7,), classes=2), 3073 * 7 + 8 * 2),
        (lambda: cnn_classifier((28, 28)), 225_034),
        (lambda: cnn_classifier((28, 28), dropout=0.5), 225_034),
        (lambda: cnn_classifier((6, 6), filters=(), hidden=(), classes=3), 37 * 3),
    ],
)
def test_parameter_count(model, parameters):
    # Not count_params, which counts the state of dropout's generator too.
    assert sum(np.prod(w.shape) for w in model().trainable_weights) == parameters


@pytest.mark.parametrize(
    ("shape", "parameters"),
    [((28, 28), 320 + 18_496), ((28, 28, 1), 320 + 18_496), ((32, 32, 3), 19_392)],
)
def test_convolutions_have_the_parameters_of_the_formula(shape, parameters):
    model = cnn_classifier(shape)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert sum(layer.count_params() for layer in convolutions) == parameters


def test_layer_names():
    assert layer_names(dense_classifier((6, 6), hidden=(4, 3), dropout=0.5, scaling=1 / 255)) == [
        "image",
        "scaling",
        "flatten",
        "hidden_1",
        "dropout_1",
        "hidden_2",
        "dropout_2",
        "logits",
    ]
    assert layer_names(cnn_classifier((9, 9), filters=(2, 3), padding="same")) == [
        "image",
        "channel",
        "conv_1",
        "pool_1",
        "conv_2",
        "pool_2",
        "flatten",
        "hidden_1",
        "logits",
    ]
    assert layer_names(cnn_classifier((6, 6, 1), filters=(2,), hidden=()))[:2] == [
        "image",
        "conv_1",
    ]


@both
def test_model_is_uncompiled_and_gives_logits(builder):
    model = small(builder, seed=0)
    logits = model.predict(images(20, 6, 6), verbose=0)
    assert not model.compiled
    assert logits.shape == (20, 4)
    assert logits.dtype == np.float32
    assert (logits < 0).any()
    assert not np.isclose(logits.sum(axis=1), 1).any()


def test_dense_network_computes_the_formula():
    model = dense_classifier((2, 3), hidden=(4,), activation="tanh", classes=3, seed=1)
    x = np.random.default_rng([1]).normal(size=(5, 2, 3)).astype("float32")
    w1, b1, w2, b2 = model.get_weights()
    np.testing.assert_allclose(
        model(x), np.tanh(x.reshape(5, 6) @ w1 + b1) @ w2 + b2, rtol=1e-5, atol=1e-6
    )


def test_activation_follows_each_convolution():
    model = cnn_classifier((6, 6), filters=(3,), hidden=(), activation="tanh", classes=2)
    conv = model.get_layer("conv_1")
    assert conv.activation is keras.activations.tanh
    assert model.get_layer("logits").activation is keras.activations.linear


def test_batch_normalisation_stands_between_convolution_and_activation():
    options = {"filters": (2, 3), "padding": "same", "hidden": (4,), "activation": "tanh"}
    model = cnn_classifier((8, 8), batch_normalisation=True, **options)
    block = ["conv", "batch_normalisation", "activation", "pool"]
    assert layer_names(model)[2:10] == [f"{layer}_{n}" for n in (1, 2) for layer in block]
    assert model.get_layer("conv_1").activation is keras.activations.linear
    assert model.get_layer("activation_1").activation is keras.activations.tanh
    plain = cnn_classifier((8, 8), **options)
    added = sum(np.prod(w.shape) for w in model.trainable_weights)
    assert added - sum(np.prod(w.shape) for w in plain.trainable_weights) == 2 * (2 + 3)


def test_batch_normalisation_computes_the_formula():
    model = cnn_classifier((6, 6), filters=(3,), batch_normalisation=True, hidden=(), seed=0)
    x = images(20, 6, 6)
    before, after = (
        keras.Model(model.input, model.get_layer(name).output)
        for name in ("conv_1", "batch_normalisation_1")
    )
    outputs = before(x).numpy()
    mean, variance = outputs.mean(axis=(0, 1, 2)), outputs.var(axis=(0, 1, 2))
    normalised = (outputs - mean) / np.sqrt(variance + 1e-3)
    np.testing.assert_allclose(after(x, training=True), normalised, rtol=1e-3, atol=1e-4)
    # The moving mean has gone a hundredth of the way from 0, the moving variance from 1.
    layer = model.get_layer("batch_normalisation_1")
    np.testing.assert_allclose(layer.moving_mean, mean / 100, rtol=1e-3)
    np.testing.assert_allclose(layer.moving_variance, 0.99 + variance / 100, rtol=1e-3)


def test_batch_normalisation_leaves_the_initial_weights():
    one, other = (
        cnn_classifier((6, 6), batch_normalisation=on, seed=0, **SMALL_CNN) for on in (False, True)
    )
    for a, b in zip(kernels(one), kernels(other), strict=True):
        np.testing.assert_array_equal(a, b)


@both
@pytest.mark.parametrize("seed", [0, 1])
def test_same_seed_gives_same_weights_and_dropout_masks(builder, seed):
    one, other = (small(builder, dropout=0.5, seed=seed) for _ in range(2))
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    x = images(8, 6, 6)
    for _ in range(2):
        np.testing.assert_array_equal(one(x, training=True), other(x, training=True))
    assert not np.array_equal(one(x, training=True), one(x, training=False))


@both
@pytest.mark.parametrize("seeds", [(0, 1), (0, None), (None, None)])
def test_other_seeds_give_other_weights(builder, seeds):
    one, other = (small(builder, seed=seed) for seed in seeds)
    for a, b in zip(kernels(one), kernels(other), strict=True):
        assert not np.array_equal(a, b)


@both
def test_dropout_masks_depend_on_the_seed(builder):
    one, other = (small(builder, dropout=0.5, seed=seed) for seed in (0, 1))
    other.set_weights([*one.get_weights()[:-1], other.get_weights()[-1]])
    x = images(8, 6, 6)
    for model in one, other:
        model.get_layer("logits").set_weights([np.ones((5, 4)), np.zeros(4)])
        model.get_layer("hidden_1").set_weights(one.get_layer("hidden_1").get_weights())
    assert not np.array_equal(one(x, training=True), other(x, training=True))


def test_equal_layers_do_not_start_equal():
    dense = dense_classifier((2, 4), hidden=(8, 8, 8), classes=8, seed=0)
    for i, a in enumerate(kernels(dense)):
        for b in kernels(dense)[:i]:
            assert not np.array_equal(a, b)
    cnn = cnn_classifier((9, 9, 4), filters=(4, 4), padding="same", seed=0)
    first, second, *_ = kernels(cnn)
    assert first.shape == second.shape
    assert not np.array_equal(first, second)


@both
def test_scaling_is_a_factor_on_the_inputs(builder):
    x = images(8, 6, 6)
    scaled, plain = small(builder, scaling=1 / 255, seed=0), small(builder, seed=0)
    np.testing.assert_allclose(scaled(x), plain(x.astype("float32") / 255), rtol=1e-5, atol=1e-6)


@both
@pytest.mark.parametrize("scaling", [None, 1 / 255])
def test_bytes_and_floats_give_the_same(builder, scaling):
    x = images(8, 6, 6)
    model = small(builder, scaling=scaling, seed=0)
    np.testing.assert_array_equal(
        model.predict(x, verbose=0), model.predict(x.astype("float32"), verbose=0)
    )


@both
def test_images_with_and_without_channel_give_the_same(builder):
    x = images(8, 6, 6)
    options = SMALL_CNN if builder is cnn_classifier else {"hidden": (5,)}
    flat, deep = (builder(shape, seed=0, **options) for shape in ((6, 6), (6, 6, 1)))
    np.testing.assert_array_equal(flat(x), deep(x[..., None]))


@pytest.mark.parametrize("filters", [(), (2,), (2, 3), (2, 3, 4), (2, 2, 2, 2)])
def test_any_number_of_blocks(filters):
    model = cnn_classifier((16, 20), filters=filters, padding="same", classes=3)
    assert model(images(2, 16, 20)).shape == (2, 3)
    assert model.get_layer("flatten").output.shape[1] == (
        (16 >> len(filters)) * (20 >> len(filters)) * ([1, *filters][-1])
    )


@both
def test_saved_model_gives_the_same(builder, tmp_path):
    model = small(builder, dropout=0.3, scaling=1 / 255, seed=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = images(8, 6, 6)
    assert loaded.to_json() == model.to_json()
    np.testing.assert_array_equal(loaded(x), model(x))
    np.testing.assert_array_equal(loaded(x, training=True), model(x, training=True))


@pytest.mark.parametrize("penalty", [{}, {"l1": 0.02}, {"l2": 0.3}, {"l1": 0.02, "l2": 0.3}])
def test_the_loss_gains_the_penalties_on_weights_but_not_on_biases(penalty):
    model = small(dense_classifier, hidden=(5, 3), seed=0, **penalty)
    x, labels = images(20, 6, 6) / np.float32(255), np.arange(20) % 4
    rng = np.random.default_rng([1])
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])  # biases too
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    exponentials = np.exp(np.asarray(model(x), float))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    expected = -np.log(probabilities[np.arange(20), labels]).mean()
    expected += penalty.get("l1", 0) * sum(np.abs(w).sum() for w in kernels(model))
    expected += penalty.get("l2", 0) * sum((w**2).sum() for w in kernels(model))
    assert len(kernels(model)) == 3
    assert model.evaluate(x, labels, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_a_start_at_zeros():
    model = small(dense_classifier, initializer="zeros", seed=0)
    assert not any(w.any() for w in model.get_weights())
    np.testing.assert_array_equal(model(images(3, 6, 6)), np.zeros((3, 4)))


@pytest.mark.parametrize(
    ("initializer", "variance"),
    [
        ("glorot_uniform", lambda n_in, n_out: 2 / (n_in + n_out)),
        ("he_normal", lambda n_in, n_out: 2 / n_in),
    ],
)
def test_initial_weights_have_the_variance_of_the_formula(initializer, variance):
    model = dense_classifier((20, 20), hidden=(300, 100), initializer=initializer, seed=0)
    for kernel in kernels(model)[:2]:
        assert kernel.mean() == pytest.approx(0, abs=4 * kernel.std() / np.sqrt(kernel.size))
        # A variance of n numbers varies by √(2/n) of itself, if they are normal.
        assert kernel.var() == pytest.approx(variance(*kernel.shape), rel=6 / np.sqrt(kernel.size))
    assert not any(bias.any() for bias in model.get_weights()[1::2])


def test_initializers_bound_their_weights():
    glorot, he = (
        kernels(dense_classifier((20, 20), hidden=(300,), initializer=name, seed=0))[0]
        for name in ("glorot_uniform", "he_normal")
    )
    limit = np.sqrt(6 / 700)
    assert 0.99 * limit < np.abs(glorot).max() <= limit
    assert np.abs(he).max() > 2 * np.sqrt(2 / 400)


@pytest.mark.parametrize("initializer", ["glorot_uniform", "he_normal"])
def test_each_layer_starts_otherwise_with_every_initializer(initializer):
    first, second, _ = kernels(
        dense_classifier((2, 4), hidden=(8, 8), initializer=initializer, seed=0)
    )
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"initializer": "ones"},
            "unknown initializer 'ones'; choose from glorot_uniform, he_normal",
        ),
        ({"l1": -0.1}, "l1 and l2 must be numbers of at least 0, not -0.1 and 0.0"),
        ({"l2": float("nan")}, "l1 and l2 must be numbers of at least 0, not 0.0 and nan"),
        ({"l2": float("inf")}, "l1 and l2 must be numbers of at least 0"),
    ],
)
def test_dense_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=f"^{message}.*$"):
        small(dense_classifier, **options)


@both
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": (128, 0)}, r"hidden must be whole numbers of at least 1, not \(128, 0\)"),
        ({"hidden": (2.5,)}, r"hidden must be whole numbers of at least 1, not \(2\.5,\)"),
        ({"hidden": (float("nan"),)}, "hidden must be whole numbers of at least 1"),
        ({"classes": 0}, "classes must be whole numbers of at least 1"),
        ({"dropout": 1.0}, r"dropout must be a number in \[0, 1\), not 1\.0"),
        ({"dropout": -0.1}, r"dropout must be a number in \[0, 1\), not -0\.1"),
        ({"dropout": float("nan")}, r"dropout must be a number in \[0, 1\), not nan"),
    ],
)
def test_argument_out_of_range(builder, options, message):
    with pytest.raises(ValueError, match=f"^{message}.*$") as error:
        builder((6, 6), **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": (32, -1)}, "filters must be whole numbers of at least 1"),
        ({"kernel_size": 0}, "kernel_size must be whole numbers of at least 1"),
        ({"pool_size": 0}, "pool_size must be whole numbers of at least 1"),
        (
            {"filters": (4, 4, 4)},
            r"filters has 3 blocks, but the input of block 2 is only 2x3 pixels",
        ),
    ],
)
def test_convolution_out_of_range(options, message):
    with pytest.raises(ValueError, match=f"^{message}.*$") as error:
        cnn_classifier((6, 8), **options)
    assert "\n" not in str(error.value)


def test_smallest_image_that_a_block_can_take():
    assert cnn_classifier((4, 4), filters=(2,)).get_layer("flatten").output.shape == (None, 2)
    with pytest.raises(ValueError, match="too small"):
        cnn_classifier((3, 4), filters=(2,))
