"""Errata of course A, each computed as printed and as it holds."""

import numpy as np

from experiments.analyses.errata import as_printed
from experiments.analyses.errata.erratum import (
    FILTER,
    LOGITS,
    ONE_HOT,
    PICTURE,
    TRUE,
    Erratum,
    convolution,
    cross_entropy,
    forward,
)
from models.arithmetic import convolution_parameters
from models.from_scratch import (
    OPTIMIZERS,
    Dense,
    Network,
    ReLU,
    mean_squared_error,
    numerical_gradient,
)
from models.from_scratch.layers.activations import softmax


def errata() -> list[Erratum]:
    """Return the errata of course A."""
    p, loss = softmax(LOGITS), cross_entropy(LOGITS)
    example = "loss for the logits 2, −1, 0.5"
    directions = np.linspace(0, 2 * np.pi, 100_001)
    steepest = np.max(3 * np.cos(directions) + 4 * np.sin(directions))
    x = np.linspace(-1, 1, 1000)[:, None]
    line = Network([Dense(1)], mean_squared_error, (1,))
    printed, holds = OPTIMIZERS["sgd"](), OPTIMIZERS["sgd"]()
    as_printed.gradient_descent(line, x, x, printed, batch_size=150, epochs=3)
    line.fit(x, x, holds, batch_size=150, epochs=3)
    W, v = np.array([[0.5, 1, -0.5], [0, 0.5, 0.5], [-1, 0, 0.5]]), np.array([0.5, -1, 1])
    splits = as_printed.validation_splits(1000, 0.2, epochs=5)
    trained, validated = (set(np.concatenate(part)) for part in zip(*splits, strict=True))
    n = len(PICTURE)
    read = range(n + len(FILTER) - 1)  # indices that g′ is read at
    return [
        Erratum(
            source="A intro",
            printed="The data sets have 705 columns",
            correct="A label and 28 · 28 pixels",
            quantity="columns",
            says=705,
            holds=1 + np.empty((28, 28)).size,
        ),
        Erratum(
            source="A 1",
            printed="W_j has n_{j+1} rows and n_j columns",
            correct="n_j rows and n_{j−1} columns, for x_j = v(W_j x_{j−1} + b_j)",
            quantity="shape of W₁ for layers of 784, 250 and 10",
            says=(10, 250),
            holds=Network([Dense(250)], mean_squared_error, (784,)).parameters[0].T.shape,
        ),
        Erratum(
            source="A 1",
            printed="With ReLU a neuron's output is x where w·x + b > 0",
            correct="w·x + b",
            quantity="output for x = 1.5, w = 2, b = −1",
            says=1.5,
            holds=ReLU().forward(np.array(2 * 1.5 - 1)),
        ),
        Erratum(
            source="A 2.3",
            printed="The loss is −Σ y log softmax(ŷ)",
            correct="−Σ y log ŷ: ŷ is a softmax already",
            quantity=example,
            says=-np.log(softmax(p)[TRUE]),
            holds=loss,
        ),
        Erratum(
            source="A 2.3",
            printed="It equals −1 + log softmax",
            correct="−log of the true class's softmax",
            quantity=example,
            says=-1 + np.log(p[TRUE]),
            holds=loss,
        ),
        Erratum(
            source="A 2.3",
            printed="It equals log Σ exp x_k − y_k",
            correct="log Σ exp x_k − x of the true class",
            quantity=example,
            says=np.log(np.exp(LOGITS).sum()) - ONE_HOT[TRUE],
            holds=loss,
        ),
        Erratum(
            source="A 3.2",
            printed="Along a direction of norm 1, f grows by at most ‖∇f‖²",
            correct="‖∇f‖",
            quantity="largest growth for ∇f = (3, 4)",
            says=3**2 + 4**2,
            holds=steepest,
        ),
        Erratum(
            source="A 3.2",
            printed="It grows most along d = −∇f/‖∇f‖, and −d descends",
            correct="Along ∇f/‖∇f‖",
            quantity="growth along the direction for ∇f = (3, 4)",
            says=-(3**2 + 4**2) / 5,
            holds=steepest,
        ),
        Erratum(
            source="A 3.3",
            printed="The pseudo-code updates θ after the loop over the batches",
            correct="One update for each batch",
            quantity="updates in 3 epochs of 7 batches",
            says=printed.iterations,
            holds=holds.iterations,
        ),
        Erratum(
            source="A 3.3",
            printed="There are epochs · n/m iterations",
            correct="epochs · ⌈n/m⌉",
            quantity="iterations for 3 epochs, n = 1000, m = 150",
            says=3 * 1000 / 150,
            holds=holds.iterations,
        ),
        Erratum(
            source="A 3.4",
            printed="100 · 150 = 1500 gradients are computed",
            correct="15,000",
            quantity="100 · 150",
            says=1500,
            holds=100 * 150,
        ),
        Erratum(
            source="A 4.1",
            printed="The gradient at the logits is softmax(x) · y",
            correct="softmax(x) − y",
            quantity=example.replace("loss", "gradient"),
            says=p * ONE_HOT,
            holds=numerical_gradient(cross_entropy, LOGITS),
        ),
        Erratum(
            source="A 4.1",
            printed="The Jacobian of x ↦ v(Wx + b) is Wᵀ Diag(v′)",
            correct="Diag(v′) W: the transpose, which multiplies the gradient",
            quantity="its first row for a 3x3 example",
            says=(W.T @ np.diag(1 - np.tanh(W @ v) ** 2))[0],
            holds=numerical_gradient(lambda v: np.tanh(W @ v)[0], v),
        ),
        Erratum(
            source="A 5.1",
            printed="Every epoch shuffles all data and splits off 20 % for validation",
            correct="One split, before the first epoch",
            quantity="of 1,000 images, those that 5 epochs both train on and validate with",
            says=len(trained & validated),
            holds=0,
        ),
        Erratum(
            source="A 6.2",
            printed="Outputs of a convolution lie in [0, 1] like its inputs",
            correct="In ℝ",
            quantity="largest output of a filter for edges",
            says=1,
            holds=forward(convolution(), PICTURE / 9).max(),
        ),
        Erratum(
            source="A 6.2",
            printed="g′ is g where i or j lies inside, else 0",
            correct="Where i and j do",
            quantity=f"places where it reads a picture of {n}x{n}",
            says=sum(i < n or j < n for i in read for j in read),
            holds=PICTURE.size,
        ),
        Erratum(
            source="A 6.3",
            printed="32 · (27 + 1) + 64 · (288 + 1) = 13,932 parameters",
            correct="19,392",
            quantity="parameters",
            says=13_932,
            holds=convolution_parameters(3, 3, 32) + convolution_parameters(3, 32, 64),
        ),
    ]
