import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare, kstest, pearsonr

import training
from models import cnn_classifier
from models.augmentation import AUGMENTATIONS, RandomAffine, RandomCrop, RandomFlip, augmented
from training import OPTIMIZERS


def images(n=6, side=8, channels=2):
    return np.random.default_rng([0]).random((n, side, side, channels), dtype=np.float32) + 1


def moved(image, down, right):
    """The image shifted by a few pixels with zeros at the edge, using only slices."""
    height, width, _ = image.shape
    canvas = np.zeros((3 * height, 3 * width, image.shape[2]), image.dtype)
    canvas[height + down : 2 * height + down, width + right : 2 * width + right] = image
    return canvas[height : 2 * height, width : 2 * width]


def places(image, output, reach):
    """Every shift (down, right) that turns the image into the output."""
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


def turned(image, angle, scale):
    """The image rotated and scaled pixel by pixel, and where no rounding is a close call."""
    output, sure = np.zeros_like(image), np.ones(image.shape[:2], bool)
    middle = (np.array(image.shape[:2]) - 1) / 2
    for place in np.ndindex(*image.shape[:2]):
        y, x = place - middle
        source_x = np.cos(angle) * x + np.sin(angle) * y
        source_y = np.cos(angle) * y - np.sin(angle) * x
        source = np.array([source_y, source_x]) / scale + middle
        nearest = np.floor(source + 0.5).astype(int)
        sure[place] = (np.abs(source - nearest) < 0.5 - 1e-4).all()
        if (nearest >= 0).all() and (nearest < image.shape[:2]).all():
            output[place] = image[tuple(nearest)]
    return output, sure


def turned_by_the_layer(x, angles, scales):
    """The layer's outputs if it draws these angles and scales."""
    layer = RandomAffine(seed=0)
    drawn = iter([np.float32(angles), np.float32(scales)])
    layer._drawn = lambda images, least, most: next(drawn)
    return np.array(layer(x, training=True))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.integers(5, 9), st.integers(5, 9))
def test_affine_is_that_of_a_loop_over_pixels(seed, height, width):
    rng = np.random.default_rng([seed])
    x = rng.random((8, height, width, 2), dtype=np.float32) + 1
    angles, scales = rng.uniform(-np.pi, np.pi, 8), rng.uniform(0.5, 2, 8)
    outputs = turned_by_the_layer(x, angles, scales)
    for image, output, angle, scale in zip(x, outputs, angles, scales, strict=True):
        expected, sure = turned(image, angle, scale)
        assert sure.mean() > 0.5
        np.testing.assert_array_equal(output[sure], expected[sure])


@pytest.mark.parametrize("side", [7, 8])
def test_affine_by_quarter_turns(side):
    x = images(1, side=side)
    for quarters in range(-2, 3):
        (output,) = turned_by_the_layer(x, [quarters * np.pi / 2], [1])
        # Down is positive, so a positive angle turns clockwise, where NumPy turns the other way.
        np.testing.assert_array_equal(output, np.rot90(x[0], -quarters))


def test_affine_by_nothing_is_the_identity():
    x = images()
    layer = RandomAffine(degrees=0, scale=(1, 1), seed=0)
    np.testing.assert_array_equal(layer(x, training=True), x)


def drawn_by_affine(count, **options):
    """Angles in degrees and scales, measured on images whose pixels encode their position."""
    side = 41
    rows, columns = np.mgrid[:side, :side].astype("float32") - (side - 1) / 2
    x = np.repeat(np.stack([rows, columns], axis=-1)[None], count, axis=0)
    sources = np.array(RandomAffine(seed=1, **options)(x, training=True))
    inner = np.hypot(rows, columns) < 15  # whose sources lie in the image at any angle
    places = columns[inner] + 1j * rows[inner]
    found = sources[:, inner, 1] + 1j * sources[:, inner, 0]
    turn = found @ places.conj() / (places @ places.conj())  # least squares: exp(-iθ)/s
    return -np.degrees(np.angle(turn)), 1 / np.abs(turn)


def test_affine_draws_every_angle_and_scale_evenly():
    angles, scales = drawn_by_affine(1500)
    assert kstest(angles, "uniform", (-90, 180)).pvalue > 0.01
    assert kstest(scales, "uniform", (0.9, 0.2)).pvalue > 0.01
    for one, other in ((angles, scales), (angles[1:], angles[:-1]), (scales[1:], scales[:-1])):
        assert pearsonr(one, other).pvalue > 0.01


def test_affine_stays_in_the_range_given():
    angles, scales = drawn_by_affine(300, degrees=20, scale=(0.8, 1.0))
    assert -20.2 < angles.min() < -17 < 17 < angles.max() < 20.2
    assert 0.797 < scales.min() < 0.82 < 0.98 < scales.max() < 1.003


def draws_in_training(epochs):
    """The draws of crop and flip in `training.fit`: (down, right, mirrored) of 400 images.

    The images are all one, of a single bright pixel, each a batch by itself, and a batch's loss is
    the number of the pixel where it ends.
    """
    x = np.zeros((400, 9, 9, 1), "float32")
    x[:, 3, 2] = 1
    inputs = keras.Input((9, 9, 1))
    outputs = inputs
    for seed, name in enumerate(("crop", "flip")):
        outputs = AUGMENTATIONS[name](seed=seed, name=name)(outputs)
    place = keras.layers.Dense(1, use_bias=False)
    model = keras.Model(inputs, place(keras.layers.Flatten()(outputs)))
    place.kernel.assign(np.arange(81.0)[:, None])
    model.compile(optimizer=OPTIMIZERS["sgd"].build(1e-30), loss=lambda y, outputs: outputs)
    losses = training.fit(model, x, x[:, 0, 0], batch_size=1, epochs=epochs)
    row, column = np.divmod(losses.iteration_loss.astype(int), 9)
    mirrored = column > 4  # the bright pixel starts left of the middle, and moves by 1 at most
    right = np.where(mirrored, 8 - column, column) - 2
    return np.stack([row - 3, right, mirrored], axis=-1)


def test_in_training_every_image_of_every_epoch_is_drawn_independently():
    draws = draws_in_training(epochs=8)
    values, outcomes = np.unique(draws, axis=0, return_inverse=True)
    assert len(values) == 3 * 3 * 2
    assert chisquare(np.bincount(outcomes)).pvalue > 0.01
    for parts in draws.T:  # the next image, and the same place in the next epoch
        for later in (1, 400):
            pairs = np.stack([parts[:-later], parts[later:]], axis=-1)
            outcomes = np.unique(pairs, axis=0, return_counts=True)[1]
            square = outcomes.reshape(2 * (len(np.unique(parts)),))
            assert chi2_contingency(square).pvalue > 0.01


@pytest.mark.parametrize("name", list(AUGMENTATIONS))
def test_only_training_images_change(name):
    layer = AUGMENTATIONS[name](seed=0, name=name)
    x = images()
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer(x, training=False), x)
    assert not np.array_equal(layer(x, training=True), x)


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


@pytest.mark.parametrize(
    "layer",
    [RandomCrop(2, seed=5), RandomFlip(seed=5), RandomAffine(20, (1, 2), seed=5)],
)
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


def test_draws_are_moved_and_mirrored_images():
    original = np.random.default_rng([0]).integers(256, size=(28, 28), dtype=np.uint8)
    drawn = augmented(original, ("crop", "flip"), times=40)
    assert drawn.shape == (40, 28, 28)
    padded = np.pad(original, 3)
    windows = [padded[y : y + 28, x : x + 28] for y in range(7) for x in range(7)]
    possible = {w.tobytes() for window in windows for w in (window, window[:, ::-1])}
    found = {np.uint8(image).tobytes() for image in drawn}
    assert found <= possible
    assert len(found) > 20


def test_draws_of_a_seed_are_the_same_and_colours_stay_together():
    original = np.random.default_rng([0]).integers(256, size=(32, 32, 3), dtype=np.uint8)
    one, again, other = (augmented(original, ("flip",), 9, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert {image.tobytes() for image in np.uint8(one)} == {
        original.tobytes(),
        original[:, ::-1].tobytes(),
    }
