import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pytest

from models import cifar_cnn, from_scratch, numpy_cnn, tanh_network


def parameters(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1)])
def test_numpy_cnn_has_the_parameters_of_the_network_by_hand(shape):
    model = numpy_cnn(shape)
    ours = from_scratch.numpy_cnn()
    assert parameters(model) == 105_634
    assert [w.shape for w in model.get_weights()] == [w.shape for w in ours.get_weights()]


def test_tanh_network_has_the_parameters_of_the_network_by_hand():
    model = tanh_network((2,), hidden=(4,), classes=2)
    ours = from_scratch.tanh_network(inputs=2, hidden=4, classes=2)
    assert parameters(model) == (2 * 4 + 4) + (4 * 2 + 2)
    assert [w.shape for w in model.get_weights()] == [w.shape for w in ours.get_weights()]


def test_tanh_network_by_its_formula():
    model = tanh_network((3, 2), hidden=(5,), classes=4, scaling=0.5, seed=0)
    w_h, b_h, w_y, b_y = model.get_weights()
    x = np.random.default_rng([0]).normal(size=(7, 3, 2)).astype(np.float32)
    expected = np.tanh(0.5 * x.reshape(7, 6) @ w_h + b_h) @ w_y + b_y
    np.testing.assert_allclose(model(x), expected, rtol=1e-5, atol=1e-6)


def test_tanh_network_draws_all_parameters_from_one_normal_distribution():
    for array in tanh_network((28, 28), hidden=(400,), seed=0).get_weights():
        if array.size >= 400:
            # Five standard deviations of the estimates.
            assert abs(array.mean()) < 5 * 0.3 / np.sqrt(array.size)
            assert abs(array.std() / 0.3 - 1) < 5 / np.sqrt(2 * array.size)
        assert np.count_nonzero(array) == array.size


@pytest.mark.parametrize(
    ("builder", "shape"), [(numpy_cnn, (28, 28)), (tanh_network, (6, 6)), (cifar_cnn, (8, 8, 3))]
)
def test_a_seed_repeats_and_seed_zero_is_one(builder, shape):
    zero, again, one = (builder(shape, seed=seed).get_weights() for seed in (0, 0, 1))
    for first, second, other in zip(zero, again, one, strict=True):
        np.testing.assert_array_equal(first, second)
        assert not first.any() or not np.array_equal(first, other)


def test_equal_layers_do_not_start_equal():
    weights = tanh_network((5,), hidden=(5, 5), classes=5, seed=0).get_weights()
    kernels = [w for w in weights if w.ndim == 2]
    assert not np.array_equal(kernels[0], kernels[1])


def layer_names(model):
    return [layer.name for layer in model.layers]


def test_cifar_cnn_has_b_s_weights_and_the_biases_of_the_dense_layers():
    model = cifar_cnn((32, 32, 3))
    biases = [model.get_layer(name).bias.shape[0] for name in ("hidden_1", "logits")]
    assert parameters(model) == 1_191_170
    assert parameters(model) - sum(biases) == 1_190_160


def test_cifar_cnn_has_b_s_layers_in_b_s_order():
    model = cifar_cnn((32, 32, 3))
    blocks = [f"{layer}_{block}" for block in (1, 2, 3) for layer in ("conv", "pool")]
    assert layer_names(model) == ["image", *blocks, "flatten", "hidden_1", "logits"]
    convolutions = [model.get_layer(f"conv_{block}") for block in (1, 2, 3)]
    assert [layer.filters for layer in convolutions] == [32, 64, 64]
    for layer in convolutions:
        assert (layer.kernel_size, layer.strides, layer.padding) == ((5, 5), (1, 1), "same")
        assert layer.activation.__name__ == "relu"
    sides = [model.get_layer(f"pool_{block}").output.shape[1:3] for block in (1, 2, 3)]
    assert sides == [(16, 16), (8, 8), (4, 4)]
    assert model.get_layer("hidden_1").units == 1000
    assert model.get_layer("hidden_1").activation.__name__ == "relu"
    assert model.output_shape == (None, 10)


def test_cifar_cnn_with_every_option():
    model = cifar_cnn(
        (8, 8, 3),
        dropout=0.5,
        batch_normalisation=True,
        augmentation=("crop", "flip"),
        classes=4,
        scaling=1 / 255,
        seed=0,
    )
    names = layer_names(model)
    assert names[:4] == ["image", "scaling", "crop", "flip"]
    assert names[4:8] == ["conv_1", "batch_normalisation_1", "activation_1", "pool_1"]
    assert names[-4:] == ["flatten", "hidden_1", "dropout_1", "logits"]
    assert model.get_layer("dropout_1").rate == 0.5
    assert model.output_shape == (None, 4)
    # γ and β of each filter, and a smaller image and fewer classes.
    plain = parameters(cifar_cnn((8, 8, 3), classes=4))
    assert parameters(model) == plain + 2 * (32 + 64 + 64)


def test_cifar_cnn_takes_only_augmentations_that_exist():
    with pytest.raises(ValueError, match="unknown augmentation 'blur'; choose from crop, flip"):
        cifar_cnn((8, 8, 3), augmentation=("blur",))
