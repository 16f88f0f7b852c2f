"""When a batch is computed in chunks, on any backend."""

import math

import keras

ACTIVATION_LIMIT = 2 * 2**30
"""Bytes of activations up to which a batch is computed at once."""

CHUNK_ACTIVATIONS = 256 * 2**20
"""Bytes of activations of one chunk of a batch that is too large to be computed at once."""

MEAN = "sum_over_batch_size"
"""What Keras calls the mean over a batch."""


def chunk_size_for(model, batch_size):
    """Examples of a batch to compute at once: all, while their activations fit in memory.

    All, too, where the model does not tell its layers' shapes, as a subclass of `keras.Model`.
    """
    try:
        activations = sum(math.prod(layer.output.shape[1:]) for layer in model.layers)
    except (AttributeError, TypeError):
        return batch_size
    bytes_per_example = 8 * activations  # 4 for the float, as much again for its gradient
    if bytes_per_example * batch_size <= ACTIVATION_LIMIT:
        return batch_size
    return max(1, CHUNK_ACTIVATIONS // bytes_per_example)


def check_losses_are_means(model):
    """Check that a batch's loss is the mean of its chunks' losses, weighted by their sizes.

    Keras's losses divide by the number of examples; so is the batch's gradient the mean of the
    chunks'. The regularisation, part of each chunk's loss, comes out once, as the weights sum to 1.

    Raises:
        ValueError: when a loss is not the mean over the batch, `reduction="sum_over_batch_size"`.
    """
    for loss in keras.tree.flatten(model.loss):
        if getattr(loss, "reduction", MEAN) != MEAN:
            raise ValueError(
                f"a batch is accumulated over chunks for losses with reduction {MEAN!r} alone, not "
                f"{loss.reduction!r}; change it, or give fit a chunk_size of the whole batch"
            )
