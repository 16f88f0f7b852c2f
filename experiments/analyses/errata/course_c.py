"""Errata of course C, each computed as printed and as it holds."""

import numpy as np

from experiments.analyses.errata import as_printed
from experiments.analyses.errata.erratum import LOGITS, ONE_HOT, TRUE, Erratum, X, cross_entropy
from models.from_scratch import (
    Dense,
    Network,
    Sigmoid,
    categorical_cross_entropy,
    mean_squared_error,
    normal,
    numerical_gradient,
)
from models.from_scratch.layers.activations import sigmoid


def errata() -> list[Erratum]:
    """Return the errata of course C."""
    h = np.array([-2, -0.5, 0.5, 2])

    def cost(w):
        return (w - 1) ** 2

    def gradient(w):
        return 2 * (w - 1)

    outputs, targets = np.array([0.9, 0.2]), np.array([1.0, 0.0])
    random = normal(1), normal(1)
    layers = [Dense(3, *random), Sigmoid(), Dense(3, *random), Sigmoid()]
    network = Network(layers, categorical_cross_entropy, (2,), dtype=float)
    loss, _ = network.loss_and_gradients(X, np.array([TRUE]))
    return [
        Erratum(
            source="C, “Neurons”",
            printed="The step is 1 for x ≥ 1",
            correct="For x ≥ 0, on one side of h = 0",
            quantity="decision for h = −2, −0.5, 0.5, 2",
            says=np.where(h >= 1, 1, 0),
            holds=np.heaviside(h, 1),
        ),
        Erratum(
            source="C, “Neurons”",
            printed="The neuron with a sigmoid maps to {0, 1}",
            correct="To (0, 1)",
            quantity="of four outputs, those that are 0 or 1",
            says=4,
            holds=np.isin(sigmoid(h), [0, 1]).sum(),
        ),
        Erratum(
            source="C, “A regression problem”",
            printed="J(t + 1) = J(t) + ε∇J(t)",
            correct="w(t + 1) = w(t) − ε∇J(w(t))",
            quantity="J after a step for J(w) = (w − 1)², w = 3, ε = 0.1",
            says=cost(3) + 0.1 * gradient(3),
            holds=cost(3 - 0.1 * gradient(3)),
        ),
        Erratum(
            source="C, “Non linear decision”",
            printed="In the network's loss the true class has no b₂",
            correct="It has",
            quantity="loss of a network with random weights",
            says=as_printed.whole_network_loss(network.parameters, X, [TRUE]),
            holds=loss,
        ),
        Erratum(
            source="C, “Derivative of the functions”",
            printed="The mean square loss is Σ(ŷ − y)²",
            correct="The mean of (ŷ − y)²; this is the sum",
            quantity="loss for ŷ = (0.9, 0.2), y = (1, 0)",
            says=np.sum((outputs - targets) ** 2),
            holds=mean_squared_error(outputs, targets)[0],
        ),
        Erratum(
            source="C, “Derivative of the functions”",
            printed="The derivative of Σ(ŷ − y)² is 2ŷ",
            correct="2(ŷ − y)",
            quantity="derivative for ŷ = (0.9, 0.2), y = (1, 0)",
            says=2 * outputs,
            holds=numerical_gradient(lambda outputs: np.sum((outputs - targets) ** 2), outputs),
        ),
        Erratum(
            source="C, “Derivative of the functions”",
            printed="The cross-entropy is −y_c + log Σ exp ŷ",
            correct="−ŷ_c + log Σ exp ŷ",
            quantity="loss for the logits 2, −1, 0.5",
            says=-ONE_HOT[TRUE] + np.log(np.exp(LOGITS).sum()),
            holds=cross_entropy(LOGITS),
        ),
    ]
