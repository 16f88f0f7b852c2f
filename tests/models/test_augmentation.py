import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import cnn_classifier
from models.augmentation import AUGMENTATIONS, RandomCrop, RandomFlip


def images(n=6, side=8, channels=2):
    return np.random.default_rng([0]).random((n, side, side, channels), dtype=np.float32) + 1


def moved(image, down, right):
    """The image moved by a few pixels, zeros coming in: written with slices alone."""
    height, width, _ = image.shape
    canvas = np.zeros((3 * height, 3 * width, image.shape[2]), image.dtype)
    canvas[height + down : 2 * height + down, width + right : 2 * width + right] = image
    return canvas[height : 2 * height, width : 2 * width]


def places(image, output, reach):
    """Every (down, right) by which the image is moved to be the output."""
    steps = range(-reach, reach + 1)
    return [
        (down, right)
        for down in steps
        for right in steps
        if np.array_equal(moved(image, down, right), output)
    ]


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 4), st.integers(0, 5))
def test_crop_moves_each_image_and_fills_with_zeros(reach, seed):
    x = images()
    outputs = np.array(RandomCrop(reach, seed=seed)(x, training=True))
    assert outputs.dtype == x.dtype
    for image, output in zip(x, outputs, strict=True):
        assert len(places(image, output, reach)) == 1


def test_crop_draws_every_place_evenly():
    x = np.tile(images(1, side=8, channels=1), (4000, 1, 1, 1))
    outputs = np.array(RandomCrop(1, seed=0)(x, training=True))
    drawn = [places(x[0], output, 1)[0] for output in outputs]
    counts = np.unique(drawn, axis=0, return_counts=True)[1]
    assert len(counts) == 9
    # 4000/9 each; five standard deviations of a binomial count.
    np.testing.assert_allclose(counts, 4000 / 9, atol=5 * np.sqrt(4000 * 8 / 81))


def test_crop_reaches_an_eighth_of_the_height():
    x = np.tile(images(1, side=16, channels=1), (300, 1, 1, 1))
    outputs = np.array(RandomCrop(seed=0)(x, training=True))
    assert {place for output in outputs for place in places(x[0], output, 3)} == {
        (down, right) for down in range(-2, 3) for right in range(-2, 3)
    }


def test_flip_mirrors_about_half_of_the_images():
    x = images(2000, side=4, channels=1)
    outputs = np.array(AUGMENTATIONS["flip"](seed=0, name="flip")(x, training=True))
    mirrored = (outputs == x[:, :, ::-1]).all(axis=(1, 2, 3))
    kept = (outputs == x).all(axis=(1, 2, 3))
    assert (mirrored ^ kept).all()
    assert 880 < mirrored.sum() < 1120


@pytest.mark.parametrize("name", list(AUGMENTATIONS))
def test_each_batch_is_drawn_anew_and_each_seed_repeats(name):
    def batches(seed):
        layer = AUGMENTATIONS[name](seed=seed, name=name)
        return [np.array(layer(images(40), training=True)) for _ in range(2)]

    first, second = batches(0)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(batches(0), [first, second])
    assert not np.array_equal(batches(1)[0], first)


def test_a_classifier_augments_in_training_alone():
    options = {"filters": (2,), "hidden": (), "seed": 0}
    plain = cnn_classifier((8, 8), **options)
    model = cnn_classifier((8, 8), augmentation=("flip", "crop"), **options)
    names = [layer.name for layer in model.layers]
    assert names.index("flip") < names.index("crop") < names.index("conv_1")
    model.set_weights(plain.get_weights())
    x = images(channels=1)[..., 0]
    np.testing.assert_array_equal(model(x), plain(x))
    assert not np.allclose(model(x, training=True), plain(x))


def test_unknown_augmentation():
    with pytest.raises(ValueError, match="unknown augmentation 'zoom'; choose from crop, flip"):
        cnn_classifier((8, 8), filters=(2,), augmentation=("zoom",))


@pytest.mark.parametrize("layer", [RandomCrop(2, seed=5), RandomFlip(seed=5)])
def test_config_makes_the_layer_again(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    x = images()
    np.testing.assert_array_equal(again(x, training=True), layer(x, training=True))


def test_crop_on_any_size_of_batch():
    inputs = keras.Input((8, 8, 2))
    model = keras.Model(inputs, RandomCrop(1, seed=0)(inputs))
    for n in (1, 5):
        assert model(images(n), training=True).shape == (n, 8, 8, 2)
