"""Descent on functions of a few numbers, with the optimizers that train networks."""

import keras
import numpy as np
import tensorflow as tf

from training.optimizers import OPTIMIZERS


def paths(optimizer, function, starts, rates, updates):
    """The paths of an optimizer down a function, from every start at every learning rate.

    Keras's optimizers treat each number of a variable by itself, so one variable holds the points
    of all paths, and one compiled loop moves them at once.

    Args:
        optimizer: key of `OPTIMIZERS`.
        function: of the coordinates, tensors of one shape, that gives the values there, in the
            same shape.
        starts: shape (starts, coordinates).
        rates: learning rates, shape (rates,).
        updates: number of updates.

    Returns:
        float64, shape (starts, rates, updates + 1, coordinates); not finite from where a path
        leaves the range of numbers.
    """
    starts, rates = np.asarray(starts, float), np.asarray(rates, float)
    points = keras.Variable(np.repeat(starts[:, None], len(rates), axis=1), dtype="float64")
    optimizer = OPTIMIZERS[optimizer].build(lambda: tf.constant(rates[:, None]))
    optimizer.build([points])

    def descend():
        def update(k, path):
            with tf.GradientTape() as tape:
                tape.watch(points.value)
                values = function(*tf.unstack(points.value, axis=-1))
            # The gradient of the sum over all points has each point's own gradient in its place.
            optimizer.apply([tape.gradient(values, points.value)])
            return k + 1, path.write(k, points.value)

        path = tf.TensorArray(tf.float64, updates + 1, element_shape=points.shape)
        loop = [tf.constant(1), path.write(0, points.value)]
        _, path = tf.while_loop(lambda k, _: k <= updates, update, loop, parallel_iterations=1)
        return path.stack()

    compiled = tf.function(descend, autograph=False).get_concrete_function()
    return np.moveaxis(compiled().numpy(), 0, -2)
