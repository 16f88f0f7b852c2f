"""Numpy-CNN's network in plain loops: one image, one filter and one window at a time (D 3).

This is how D writes it, and what the vectorised `numpy_cnn` is measured against. Arrays are
those of one image, channels last; weights are in the order and the shapes of `get_weights`.
"""

import numpy as np


def loss_and_gradients(weights, images, labels):
    """Mean cross-entropy of a batch and its gradient, image by image.

    Args:
        weights: kernel and bias of the two convolutions and the two dense layers.
        images: shape (batch, height, width, channels).
        labels: whole numbers, shape (batch,).

    Returns:
        A number, and a list of arrays, one for each of `weights`.
    """
    total, sums = 0.0, [np.zeros_like(weight) for weight in weights]
    for image, label in zip(images, labels, strict=True):
        loss, gradients = _of_one_image(weights, image, label)
        total += loss
        for one_sum, gradient in zip(sums, gradients, strict=True):
            one_sum += gradient
    return total / len(images), [one_sum / len(images) for one_sum in sums]


def _of_one_image(weights, image, label):
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
        d_kernel_1, d_bias_1, d_kernel_2, d_bias_2,
        np.outer(flat, d_hidden), d_hidden, np.outer(hidden, d_logits), d_logits,
    ]  # fmt: skip


def convolution(image, kernel, bias):
    """The sum of products of each window with each filter, and the filter's bias (D 3.1)."""
    size, _, _, filters = kernel.shape
    rows, columns = image.shape[0] - size + 1, image.shape[1] - size + 1
    outputs = np.zeros((rows, columns, filters), image.dtype)
    for f in range(filters):
        for y in range(rows):
            for x in range(columns):
                window = image[y : y + size, x : x + size]
                outputs[y, x, f] = np.sum(window * kernel[..., f]) + bias[f]
    return outputs


def convolution_backward(gradient, image, kernel):
    """Gradients of image, kernel and bias, from that of the outputs (D 3.3)."""
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


def max_pooling(image, size=2):
    """The largest number of each window, windows side by side (D 3.2)."""
    rows, columns, channels = image.shape[0] // size, image.shape[1] // size, image.shape[2]
    outputs = np.zeros((rows, columns, channels), image.dtype)
    for c in range(channels):
        for y in range(rows):
            for x in range(columns):
                top, left = y * size, x * size
                outputs[y, x, c] = np.max(image[top : top + size, left : left + size, c])
    return outputs


def max_pooling_backward(gradient, image, size=2):
    """Each window's gradient at the place of its maximum (D 3.3)."""
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
