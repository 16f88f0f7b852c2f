"""Whether to compute a batch in chunks, on any backend."""

import math

import keras

ACTIVATION_LIMIT = 2 * 2**30
"""Largest size of a batch's activations, in bytes, for which it is computed at once."""

CHUNK_ACTIVATIONS = 256 * 2**20
"""Size of the activations of one chunk, in bytes, if a batch is too large for that."""

MEAN = "sum_over_batch_size"
"""Keras's name for the mean over a batch."""


def chunk_size_for(model: keras.Model, batch_size: int) -> int:
    """The number of examples to compute at once: the whole batch if its activations fit in memory.

    Args:
        model: built `keras.Model`. If the shapes of its layers are unknown, as in a subclass of
            `keras.Model`, batches are not divided.
        batch_size: int, examples in a batch.

    Returns:
        int, at least 1 and at most `batch_size`.
    """
    try:
        activations = sum(math.prod(layer.output.shape[1:]) for layer in model.layers)
    except (AttributeError, TypeError):
        return batch_size
    bytes_per_example = 8 * activations  # 4 for the float and 4 for its gradient
    if bytes_per_example * batch_size <= ACTIVATION_LIMIT:
        return batch_size
    return max(1, CHUNK_ACTIVATIONS // bytes_per_example)


def check_losses_are_means(model: keras.Model) -> None:
    """Check that a batch's loss is the mean of its chunks' losses, weighted by their sizes.

    Keras's losses divide by the number of examples, so the batch's gradient is the weighted mean of
    the chunks' gradients. The regularisation is part of each chunk's loss and counts once, because
    the weights sum to 1.

    Args:
        model: compiled `keras.Model`.

    Raises:
        ValueError: if a loss is not the mean over the batch, `reduction="sum_over_batch_size"`.
    """
    for loss in keras.tree.flatten(model.loss):
        if getattr(loss, "reduction", MEAN) != MEAN:
            raise ValueError(
                f"a batch can be accumulated over chunks only if its losses have the reduction "
                f"{MEAN!r}, not {loss.reduction!r}; change it, or pass fit a chunk_size of the "
                "whole batch"
            )
