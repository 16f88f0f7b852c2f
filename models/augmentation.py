"""Augmentation of training images, as layers of a model: active in training alone."""

import math

import keras
import numpy as np
from keras import layers, ops


class RandomCrop(layers.Layer):
    """Move each image by a few pixels, each in its own direction; zeros come in at the edge.

    That is: pad the image with zeros on every side and cut a window of its old size out of it, at
    a place drawn evenly. (B 3.2; Krizhevsky et al. 2012.) Keras's layer of this name cuts the
    whole batch at one place.

    Args:
        padding: zeros on every side, and so the most pixels that an image moves; None takes an
            eighth of the image's height.
        seed: of the places; None draws it at random.

    Takes and gives images of shape (batch, height, width, channels).
    """

    def __init__(self, padding=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.padding = padding
        self.seed = seed
        self._generator = keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        """Move the images if `training`, else give them as they are."""
        if not training:
            return images
        height, width = images.shape[1:3]
        reach = height // 8 if self.padding is None else self.padding
        sides = (reach, reach)
        padded = ops.pad(images, [(0, 0), sides, sides, (0, 0)])
        rows, columns = (
            ops.arange(size) + self._offsets(images, 2 * reach + 1) for size in (height, width)
        )
        # One gather of whole pixels: several times as fast as `take_along_axis`.
        first_row = ops.arange(ops.shape(images)[0])[:, None] * (height + 2 * reach)
        first_pixel = (first_row + rows) * (width + 2 * reach)
        places = first_pixel[:, :, None] + columns[:, None, :]
        return ops.take(ops.reshape(padded, (-1, images.shape[-1])), places, axis=0)

    def get_config(self):
        """The arguments, as Keras stores them."""
        return {**super().get_config(), "padding": self.padding, "seed": self.seed}

    def _offsets(self, images, count):
        """One whole number below `count` for each image, shape (batch, 1)."""
        return keras.random.randint((ops.shape(images)[0], 1), 0, count, seed=self._generator)


class RandomFlip(layers.Layer):
    """Mirror each image left to right with probability ½.

    Keras's layer of this name also mirrors where the model is merely called, `model(images)`.

    Args:
        seed: of the draws; None draws it at random.

    Takes and gives images of shape (batch, height, width, channels).
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self._generator = keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        """Mirror the images if `training`, else give them as they are."""
        if not training:
            return images
        shape = (ops.shape(images)[0], 1, 1, 1)
        mirrored = keras.random.uniform(shape, seed=self._generator) < 0.5
        return ops.where(mirrored, ops.flip(images, axis=2), images)

    def get_config(self):
        """The arguments, as Keras stores them."""
        return {**super().get_config(), "seed": self.seed}


class RandomAffine(layers.Layer):
    """Turn each image about its centre and scale it, each by its own amount; zeros come in.

    A pixel of the output at p from the centre takes the nearest pixel of the input to
    R(-θ)·p / s, with an angle θ drawn evenly from [-degrees, degrees] and a scale s from `scale`.
    (B, bonus 25: PyTorch's `RandomAffine(degrees=90, scale=(.9, 1.1))`.)

    Args:
        degrees: largest angle, either way.
        scale: smallest and largest factor.
        seed: of the draws; None draws it at random.

    Takes and gives images of shape (batch, height, width, channels), float.
    """

    def __init__(self, degrees=90, scale=(0.9, 1.1), seed=None, **kwargs):
        super().__init__(**kwargs)
        self.degrees = degrees
        self.scale = tuple(scale)
        self.seed = seed
        self.supports_jit = False  # XLA has no projective transform
        self._generator = keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        """Turn and scale the images if `training`, else give them as they are."""
        if not training:
            return images
        height, width = images.shape[1:3]
        turn = math.radians(self.degrees)
        angle = self._drawn(images, -turn, turn)
        scale = self._drawn(images, *self.scale)
        cos, sin = ops.cos(angle) / scale, ops.sin(angle) / scale
        y, x = (height - 1) / 2, (width - 1) / 2
        zero = ops.zeros_like(cos)
        # Output (x, y) takes input (a0·x + a1·y + a2, b0·x + b1·y + b2).
        rows = [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y, zero, zero]
        return ops.image.affine_transform(
            images, ops.stack(rows, axis=1), interpolation="nearest", fill_mode="constant"
        )

    def get_config(self):
        """The arguments, as Keras stores them."""
        arguments = {"degrees": self.degrees, "scale": self.scale, "seed": self.seed}
        return {**super().get_config(), **arguments}

    def _drawn(self, images, least, most):
        """One number for each image, shape (batch,)."""
        return keras.random.uniform((ops.shape(images)[0],), least, most, seed=self._generator)


AUGMENTATIONS = {"crop": RandomCrop, "flip": RandomFlip, "affine": RandomAffine}
"""Augmentation name → its layer, a class of a seed and a name."""


def augmented(image, augmentation, times, seed=0):
    """What a network in training might see of an image, so many times.

    Args:
        image: shape (height, width) or (height, width, channels).
        augmentation: keys of `AUGMENTATIONS`, in the order in which they are applied.
        times: number of draws.
        seed: of the draws.

    Returns:
        float32, shape (times, *image.shape).
    """
    images = np.float32([image] * times).reshape(times, *image.shape[:2], -1)
    seeds = np.random.default_rng(seed).integers(2**31, size=len(augmentation))
    for name, of_layer in zip(augmentation, seeds.tolist(), strict=True):
        images = AUGMENTATIONS[name](seed=of_layer, name=name)(images, training=True)
    return ops.convert_to_numpy(images).reshape(times, *image.shape)
