"""The courses' networks written out in NumPy: every forward pass, gradient and update.

    from models.from_scratch import OPTIMIZERS, numpy_cnn

    network = numpy_cnn(seed=0)
    history = network.fit(x, y, OPTIMIZERS["adam"](), batch_size=32, epochs=2, seed=0)
    history.iteration_loss, history.epochs, history.examples_per_second

Layers, losses, optimizers and weights follow Keras's conventions, so that a network and a Keras
model with the same weights give the same outputs, gradients and losses. NumPy alone is imported.
"""

from models.from_scratch.checks import check_gradients, numerical_gradient, relative_error
from models.from_scratch.initializers import glorot_uniform, normal, zeros
from models.from_scratch.layers.activations import ReLU, Sigmoid, Softmax, Tanh
from models.from_scratch.layers.convolution import Convolution
from models.from_scratch.layers.dense import Dense, Dropout, Flatten, Layer
from models.from_scratch.layers.pooling import MaxPooling
from models.from_scratch.losses import (
    binary_cross_entropy,
    categorical_cross_entropy,
    mean_squared_error,
)
from models.from_scratch.metrics import binary_accuracy, categorical_accuracy
from models.from_scratch.network import History, Network, epoch_order
from models.from_scratch.networks import numpy_cnn, sigmoid_network, sigmoid_neuron, tanh_network
from models.from_scratch.optimizers import OPTIMIZERS

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
