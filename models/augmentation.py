"""Augmentation of training images by layers of a model, which are active only in training."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray


class RandomCrop(layers.Layer):
    """Shift each image by a few pixels in its own direction, filling the edges with zeros.

    That is: pad the image with zeros on every side and crop a window of the original size, at a
    uniformly random position. (B 3.2; Krizhevsky et al. 2012.) Keras's layer of this name crops
    the whole batch at one position.

    Inputs and outputs are images of shape (batch, height, width, channels).

    Args:
        padding: int or None, zeros on every side, and so the largest shift in pixels. Defaults to
            None, which is an eighth of the image's height.
        seed: int or None, seed of the positions. Defaults to None, a random seed.
        **kwargs: see `keras.layers.Layer`.
    """

    def __init__(self, padding: int | None = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = padding
        self.seed = seed
        self._generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:
        """Shift the images if `training`, otherwise return them unchanged."""
        if not training:
            return images
        height, width = images.shape[1:3]
        reach = height // 8 if self.padding is None else self.padding
        sides = (reach, reach)
        padded = ops.pad(images, [(0, 0), sides, sides, (0, 0)])
        rows, columns = (
            ops.arange(size) + self._offsets(images, 2 * reach + 1) for size in (height, width)
        )
        # One gather of whole pixels is several times as fast as `take_along_axis`.
        first_row = ops.arange(ops.shape(images)[0])[:, None] * (height + 2 * reach)
        first_pixel = (first_row + rows) * (width + 2 * reach)
        places = first_pixel[:, :, None] + columns[:, None, :]
        return ops.take(ops.reshape(padded, (-1, images.shape[-1])), places, axis=0)

    def get_config(self) -> dict[str, Any]:
        """The arguments, as Keras stores them."""
        return {**super().get_config(), "padding": self.padding, "seed": self.seed}

    def _offsets(self, images: Any, count: int) -> Any:
        """One random integer below `count` for each image, shape (batch, 1)."""
        return keras.random.randint((ops.shape(images)[0], 1), 0, count, seed=self._generator)


class RandomFlip(layers.Layer):
    """Mirror each image left to right with probability ½.

    Keras's layer of this name also mirrors in a plain call of the model, `model(images)`.

    Inputs and outputs are images of shape (batch, height, width, channels).

    Args:
        seed: int or None, seed of the draws. Defaults to None, a random seed.
        **kwargs: see `keras.layers.Layer`.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self._generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:
        """Mirror the images if `training`, otherwise return them unchanged."""
        if not training:
            return images
        shape = (ops.shape(images)[0], 1, 1, 1)
        mirrored = keras.random.uniform(shape, seed=self._generator) < 0.5
        return ops.where(mirrored, ops.flip(images, axis=2), images)

    def get_config(self) -> dict[str, Any]:
        """The arguments, as Keras stores them."""
        return {**super().get_config(), "seed": self.seed}


class RandomAffine(layers.Layer):
    """Rotate each image about its centre and scale it, each by its own amount, zeros outside.

    The output pixel at offset p from the centre takes the input pixel nearest to R(-θ)·p / s, with
    an angle θ drawn uniformly from [-degrees, degrees] and a factor s drawn uniformly from `scale`.
    (B, bonus 25: PyTorch's `RandomAffine(degrees=90, scale=(.9, 1.1))`.)

    Inputs and outputs are float images of shape (batch, height, width, channels).

    Args:
        degrees: float, largest angle in either direction. Defaults to 90.
        scale: tuple of two floats, smallest and largest factor. Defaults to (0.9, 1.1).
        seed: int or None, seed of the draws. Defaults to None, a random seed.
        **kwargs: see `keras.layers.Layer`.
    """

    def __init__(
        self,
        degrees: float = 90,
        scale: tuple[float, float] = (0.9, 1.1),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.degrees = degrees
        self.scale = tuple(scale)
        self.seed = seed
        self.supports_jit = False  # XLA has no projective transform
        self._generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:
        """Rotate and scale the images if `training`, otherwise return them unchanged."""
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

    def get_config(self) -> dict[str, Any]:
        """The arguments, as Keras stores them."""
        arguments = {"degrees": self.degrees, "scale": self.scale, "seed": self.seed}
        return {**super().get_config(), **arguments}

    def _drawn(self, images: Any, least: float, most: float) -> Any:
        """One random number for each image, shape (batch,)."""
        return keras.random.uniform((ops.shape(images)[0],), least, most, seed=self._generator)


AUGMENTATIONS = {"crop": RandomCrop, "flip": RandomFlip, "affine": RandomAffine}
"""Augmentation name → class of its layer, which takes a seed and a name."""


def augmented(
    image: NDArray[Any], augmentation: Sequence[str], times: int, seed: int = 0
) -> NDArray[np.float32]:
    """Examples of what a network in training might see in place of an image.

    Args:
        image: array, shape (height, width) or (height, width, channels).
        augmentation: tuple of keys of `AUGMENTATIONS`, in the order in which they are applied.
        times: int, number of examples.
        seed: int, seed of the draws. Defaults to 0.

    Returns:
        float32, shape (times, *image.shape).
    """
    images: Any = np.array([image] * times, np.float32).reshape(times, *image.shape[:2], -1)
    seeds = np.random.default_rng(seed).integers(2**31, size=len(augmentation))
    for name, layer_seed in zip(augmentation, seeds.tolist(), strict=True):
        images = AUGMENTATIONS[name](seed=layer_seed, name=name)(images, training=True)
    return ops.convert_to_numpy(images).reshape(times, *image.shape)
