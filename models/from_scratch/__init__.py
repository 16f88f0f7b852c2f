"""The courses' networks written out in NumPy: every forward pass, gradient and update.

In: images or points and their targets as NumPy arrays. Out: networks to train, predict and check,
and the record of each training.

    from models.from_scratch import OPTIMIZERS, numpy_cnn

    network = numpy_cnn(seed=0)
    history = network.fit(x, y, OPTIMIZERS["adam"](), batch_size=32, epochs=2, seed=0)
    history.iteration_loss, history.epochs, history.examples_per_second

Layers, losses, optimizers and weights follow Keras's conventions, so that a network and a Keras
model with the same weights give the same outputs, gradients and losses. Only NumPy is imported.
"""

from .checks import check_gradients, numerical_gradient, relative_error
from .initializers import glorot_uniform, normal, zeros
from .layers.activations import ReLU, Sigmoid, Softmax, Tanh
from .layers.convolution import Convolution
from .layers.dense import Dense, Dropout, Flatten, Layer
from .layers.pooling import MaxPooling
from .losses import (
    binary_accuracy,
    binary_cross_entropy,
    categorical_accuracy,
    categorical_cross_entropy,
    mean_squared_error,
)
from .network import History, Network, epoch_order
from .networks import numpy_cnn, sigmoid_network, sigmoid_neuron, tanh_network
from .optimizers import OPTIMIZERS

__all__ = [
    "OPTIMIZERS",
    "Convolution",
    "Dense",
    "Dropout",
    "Flatten",
    "History",
    "Layer",
    "MaxPooling",
    "Network",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "binary_accuracy",
    "binary_cross_entropy",
    "categorical_accuracy",
    "categorical_cross_entropy",
    "check_gradients",
    "epoch_order",
    "glorot_uniform",
    "mean_squared_error",
    "normal",
    "numerical_gradient",
    "numpy_cnn",
    "relative_error",
    "sigmoid_network",
    "sigmoid_neuron",
    "tanh_network",
    "zeros",
]
