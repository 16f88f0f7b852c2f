"""Errata of course B, each computed as printed and as it holds."""

import numpy as np

from experiments.analyses.errata.erratum import ONE_HOT, TRUE, Erratum, X, cross_entropy
from models.arithmetic import convolution_parameters, dense_parameters
from models.from_scratch import (
    Dense,
    Network,
    Sigmoid,
    Tanh,
    categorical_cross_entropy,
    check_gradients,
    numerical_gradient,
    tanh_network,
)
from models.from_scratch.layers.activations import softmax


def errata() -> list[Erratum]:
    """Return the errata of course B."""
    y = np.array([TRUE])
    weights = 2432, 51264, 102464, 1024000, 10000  # of the layers, as printed
    convolutions = [
        convolution_parameters(5, *channels) for channels in ((3, 32), (32, 64), (64, 64))
    ]
    dense = [dense_parameters(4 * 4 * 64, 1000), dense_parameters(1000, 10)]
    network = tanh_network(hidden=3, classes=3, dtype=float)
    hidden_weights, hidden_bias, W, bias = network.parameters

    def loss(_):
        return network.loss(network.forward(X), y)[0]

    def loss_after(pre_activation):
        return cross_entropy(np.tanh(pre_activation) @ W + bias)

    pre_activation = (X @ hidden_weights + hidden_bias)[0]
    h = np.tanh(pre_activation)
    error = softmax(h @ W + bias) - ONE_HOT
    networks = [
        Network([Dense(3), *activation, Dense(3)], categorical_cross_entropy, (2,), dtype=float)
        for activation in ([], [Tanh()], [Sigmoid()])
    ]
    return [
        Erratum(
            source="B 1.1.4 Q13",
            printed="Layers and activations must be linear to be optimised",
            correct="Differentiable, almost everywhere",
            quantity="whether back-propagation gives the gradient "
            "without an activation, with tanh, with the sigmoid",
            says=[True, False, False],
            holds=[max(check_gradients(network, X, y)) < 1e-6 for network in networks],
        ),
        Erratum(
            source="B 1.1.4 Q16",
            printed="∂l/∂W_ij is the sum of (p_k − y_k) h_k over k, for all i and j",
            correct="(p_i − y_i) h_j",
            quantity="gradient of the first output's three weights",
            says=np.full(3, error @ h),
            holds=numerical_gradient(loss, W)[:, 0],
        ),
        Erratum(
            source="B 1.1.4 Q17",
            printed="The derivative of tanh is 1 − tan²",
            correct="1 − tanh²",
            quantity="derivative at 0.5 and 1",
            says=1 - np.tan([0.5, 1]) ** 2,
            holds=numerical_gradient(lambda x: np.tanh(x).sum(), np.array([0.5, 1])),
        ),
        Erratum(
            source="B 1.1.4 Q17",
            printed="∂l/∂h̃_i has W_i (p_i − y_i), of one output",
            correct="The sum of W_ki (p_k − y_k) over all outputs k",
            quantity="gradient at three hidden neurons",
            says=np.diag(W) * error * (1 - h**2),
            holds=numerical_gradient(loss_after, pre_activation),
        ),
        Erratum(
            source="B 2.2 Q10-11",
            printed="The network has 1,190,160 weights",
            correct="1,191,170, with the biases of the dense layers",
            quantity="weights",
            says=sum(weights),
            holds=sum(convolutions + dense),
        ),
        Erratum(
            source="B 2.2 Q12",
            printed="An SVM on bags of words has 10 parameters",
            correct="One for each word and one bias, for each class",
            quantity="parameters for 1,000 words and 10 classes",
            says=10,
            holds=dense_parameters(1000, 10),
        ),
    ]
