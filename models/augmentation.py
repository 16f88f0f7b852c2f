"""Augmentation of training images, as layers of a model: active in training alone."""

import keras
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
        padded = ops.take_along_axis(padded, rows[:, :, None, None], axis=1)
        return ops.take_along_axis(padded, columns[:, None, :, None], axis=2)

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


AUGMENTATIONS = {"crop": RandomCrop, "flip": RandomFlip}
"""Augmentation name → its layer, a class of a seed and a name."""
