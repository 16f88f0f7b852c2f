"""Numpy-CNN's network in plain loops: one image, one filter and one window at a time (D 3).

D writes the network like this; the vectorised `networks.numpy_cnn` is measured against it. Arrays
hold one image, channels last; weights have the order and the shapes of `get_weights`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats


def loss_and_gradients(
    weights: Sequence[Floats], images: Floats, labels: NDArray[np.integer]
) -> tuple[float, list[Floats]]:
    """Mean cross-entropy of a batch and its gradient, image by image.

    Args:
        weights: list of kernel and bias of the two convolutions and the two dense layers.
        images: float array, shape (batch, height, width, channels).
        labels: integer array, shape (batch,).

    Returns:
        The loss, and a list of one gradient for each of `weights`.
    """
    total, sums = 0.0, [np.zeros_like(weight) for weight in weights]
    for image, label in zip(images, labels, strict=True):
        loss, gradients = _of_one_image(weights, image, label)
        total += loss
        for one_sum, gradient in zip(sums, gradients, strict=True):
            one_sum += gradient
    return total / len(images), [one_sum / len(images) for one_sum in sums]


def _of_one_image(
    weights: Sequence[Floats], image: Floats, label: int
) -> tuple[float, list[Floats]]:
    kernel_1, bias_1, kernel_2, bias_2, dense_1, dense_bias_1, dense_2, dense_bias_2 = weights
    maps_1 = np.maximum(convolution(image, kernel_1, bias_1), 0)
    maps_2 = np.maximum(convolution(maps_1, kernel_2, bias_2), 0)
    pooled = max_pooling(maps_2)
    flat = pooled.reshape(-1)
    hidden = np.maximum(flat @ dense_1 + dense_bias_1, 0)
    logits = hidden @ dense_2 + dense_bias_2

    probabilities = np.exp(logits - logits.max())
    probabilities /= probabilities.sum()
    loss = -np.log(probabilities[label])

    d_logits = probabilities
    d_logits[label] -= 1
    d_hidden = (dense_2 @ d_logits) * (hidden > 0)
    d_pooled = (dense_1 @ d_hidden).reshape(pooled.shape)
    d_maps_2 = max_pooling_backward(d_pooled, maps_2) * (maps_2 > 0)
    d_maps_1, d_kernel_2, d_bias_2 = convolution_backward(d_maps_2, maps_1, kernel_2)
    d_maps_1 = d_maps_1 * (maps_1 > 0)
    _, d_kernel_1, d_bias_1 = convolution_backward(d_maps_1, image, kernel_1)
    return loss, [
        d_kernel_1,
        d_bias_1,
        d_kernel_2,
        d_bias_2,
        np.outer(flat, d_hidden),
        d_hidden,
        np.outer(hidden, d_logits),
        d_logits,
    ]


def convolution(image: Floats, kernel: Floats, bias: Floats) -> Floats:
    """The sum of products of each window with each filter, plus the filter's bias (D 3.1).

    Args:
        image: array, shape (height, width, channels).
        kernel: array, shape (k, k, channels, filters).
        bias: array, shape (filters,).

    Returns:
        Array, shape (height − k + 1, width − k + 1, filters).
    """
    size, _, _, filters = kernel.shape
    rows, columns = image.shape[0] - size + 1, image.shape[1] - size + 1
    outputs = np.zeros((rows, columns, filters), image.dtype)
    for f in range(filters):
        for y in range(rows):
            for x in range(columns):
                window = image[y : y + size, x : x + size]
                outputs[y, x, f] = np.sum(window * kernel[..., f]) + bias[f]
    return outputs


def convolution_backward(
    gradient: Floats, image: Floats, kernel: Floats
) -> tuple[Floats, Floats, Floats]:
    """Gradients with respect to image, kernel and bias (D 3.3).

    Args:
        gradient: array, that with respect to the outputs of `convolution`, of their shape.
        image: array, shape (height, width, channels).
        kernel: array, shape (k, k, channels, filters).

    Returns:
        Three arrays of the shapes of image, kernel and bias.
    """
    size = len(kernel)
    d_image, d_kernel = np.zeros_like(image), np.zeros_like(kernel)
    d_bias = np.zeros(kernel.shape[-1], kernel.dtype)
    rows, columns, filters = gradient.shape
    for f in range(filters):
        for y in range(rows):
            for x in range(columns):
                window = image[y : y + size, x : x + size]
                d_kernel[..., f] += gradient[y, x, f] * window
                d_image[y : y + size, x : x + size] += gradient[y, x, f] * kernel[..., f]
                d_bias[f] += gradient[y, x, f]
    return d_image, d_kernel, d_bias


def max_pooling(image: Floats, size: int = 2) -> Floats:
    """The maximum of each window; the windows are adjacent (D 3.2).

    Args:
        image: array, shape (height, width, channels).
        size: int, height and width of the windows. Defaults to 2.

    Returns:
        Array, shape (⌊height / size⌋, ⌊width / size⌋, channels).
    """
    rows, columns, channels = image.shape[0] // size, image.shape[1] // size, image.shape[2]
    outputs = np.zeros((rows, columns, channels), image.dtype)
    for c in range(channels):
        for y in range(rows):
            for x in range(columns):
                top, left = y * size, x * size
                outputs[y, x, c] = np.max(image[top : top + size, left : left + size, c])
    return outputs


def max_pooling_backward(gradient: Floats, image: Floats, size: int = 2) -> Floats:
    """Each window's gradient at the position of its maximum (D 3.3).

    Args:
        gradient: array, that with respect to the outputs of `max_pooling`, of their shape.
        image: array, shape (height, width, channels).
        size: int, height and width of the windows. Defaults to 2.

    Returns:
        Array of the shape of the image.
    """
    d_image = np.zeros_like(image)
    rows, columns, channels = gradient.shape
    for c in range(channels):
        for y in range(rows):
            for x in range(columns):
                top, left = y * size, x * size
                window = image[top : top + size, left : left + size, c]
                i, j = np.unravel_index(np.argmax(window), window.shape)
                d_image[top + i, left + j, c] += gradient[y, x, c]
    return d_image
