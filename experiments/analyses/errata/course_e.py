"""Errata of course E, each computed as printed and as it holds."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from experiments.analyses.errata import as_printed
from experiments.analyses.errata.demonstrations import (
    RULES,
    down_the_bowl,
    hidden_weights,
    slope,
)
from experiments.analyses.errata.erratum import Erratum, X
from models.from_scratch import (
    OPTIMIZERS,
    Dense,
    Network,
    Sigmoid,
    mean_squared_error,
    normal,
    zeros,
)
from models.from_scratch.layers.activations import sigmoid


def errata() -> list[Erratum]:
    """Return the errata of course E."""
    random = normal(1)
    layers = [Dense(2, random, random), Sigmoid(), Dense(1, random, random), Sigmoid()]
    network = Network(layers, mean_squared_error, (2,), dtype=float)
    output = network.forward(X).item()
    W, b, w, b3 = network.parameters
    marks = np.zeros((1000, 1))
    line = Network([Dense(1)], mean_squared_error, (1,))
    seen = line.fit(marks, marks, OPTIMIZERS["sgd"](), batch_size=128, epochs=1).examples
    at_minimum = as_printed.adagrad(slope, np.zeros(2), 0.1, updates=1)[-1]
    kept = OPTIMIZERS["adagrad"](0.1)
    still, unmoved = np.zeros(2), np.array([2.0])
    kept.update([still], [slope(still)])
    OPTIMIZERS["rmsprop"](0.1).update([unmoved], [np.zeros(1)])
    theta, penalty = np.array([0.5, -2, 1]), 0.1
    r = 1  # the whole penalty is Lasso's
    return [
        Erratum(
            source="E, “Multi-layer perceptron training”",
            printed="The output is σ(w₁h₁ + w₂h₂ − b₃)",
            correct="σ(w₁h₁ + w₂h₂ + b₃), as its z",
            quantity="output of a network with random weights",
            says=sigmoid(sigmoid(X @ W + b) @ w - b3).item(),
            holds=output,
        ),
        Erratum(
            source="E, “Optimizers”",
            printed="Descent starts with all parameters at 0",
            correct="At random values: from 0 all neurons of a layer stay equal",
            quantity="different hidden neurons out of 4 after 2,000 updates",
            says=different_neurons(zeros),
            holds=different_neurons(random),
        ),
        Erratum(
            source="E, “Optimizers”",
            printed="An epoch has ⌊n / batch_size⌋ iterations and sees the entire training set",
            correct="⌈n / batch_size⌉",
            quantity="examples seen for n = 1000, batch_size = 128",
            says=1000 // 128 * 128,
            holds=seen,
        ),
        *(
            Erratum(
                source="E, “Optimizers”",
                printed=f"{rule} accumulates the gradient's norm",
                correct="The square of each coordinate",
                quantity="parameters after 40 updates at the rate 0.1 on "
                "a bowl 50 times as steep one way as the other",
                says=down_the_bowl(rule, 0.1, printed=True)[-1],
                holds=down_the_bowl(rule, 0.1, printed=False)[-1],
            )
            for rule in RULES
        ),
        Erratum(
            source="E, “Optimizers”",
            printed="It divides by √r",
            correct="By √(r + ε) or √r + ε, for r may be 0",
            quantity="parameters, of 2, that are numbers after an update at a minimum",
            says=np.isfinite(at_minimum).sum(),
            holds=np.isfinite(still).sum(),
        ),
        Erratum(
            source="E, “Optimizers”",
            printed="RMSProp's ρ is a weight decay",
            correct="A decay of old gradients",
            quantity="parameter 2 after an update with the gradient 0, for ρ = 0.9",
            says=0.9 * 2,
            holds=unmoved.item(),
        ),
        Erratum(
            source="E, “Regularization”",
            printed="Elastic net has r λ ½ Σ|θ|",
            correct="r λ Σ|θ|: for r = 1 it is Lasso",
            quantity="penalty for r = 1, λ = 0.1, θ = (0.5, −2, 1)",
            says=r * penalty / 2 * np.abs(theta).sum() + (1 - r) / 2 * penalty * (theta**2).sum(),
            holds=penalty * np.abs(theta).sum(),
        ),
    ]


def different_neurons(initializer: Callable[..., NDArray]) -> int:
    """Return how many of four hidden neurons differ after training."""
    weights, _ = hidden_weights(initializer)
    return len(np.unique(weights[-1].round(9)))
