"""What the errata study shows in figures, beside its table: each erratum at work.

In: points, learning rates, initializers. Out: losses, paths, weights and gradients as arrays.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets import points
from experiments.analyses.errata import as_printed
from experiments.analyses.errata.erratum import HOLDS, PICTURE, PRINTED, built, forward
from models.from_scratch import (
    OPTIMIZERS,
    Dense,
    MaxPooling,
    Network,
    Sigmoid,
    categorical_cross_entropy,
    normal,
    numerical_gradient,
    sigmoid_neuron,
    zeros,
)

SGD = OPTIMIZERS["sgd"]


def demonstrations() -> dict[str, dict[str, Any]]:
    """Return all that is shown of the errata, each as printed and as it holds.

    Returns:
        "neuron_losses": what `neuron_losses` returns, at a negative and a positive learning rate;
        "pooling_gradients": what `pooling_gradients` returns; "paths": rule → what `best_path`
        returns; "hidden_neurons": "weights" and "losses", which `hidden_weights` returns, started
        at 0 and at random; each for `PRINTED` and `HOLDS`.
    """
    marks, likes = points.movie_marks(100)
    x = points.scaled_marks(marks)
    return {
        "neuron_losses": {
            PRINTED: neuron_losses(x, likes, learning_rate=-1),
            HOLDS: neuron_losses(x, likes, learning_rate=1),
        },
        "pooling_gradients": dict(zip((PRINTED, HOLDS), pooling_gradients(), strict=True)),
        "paths": {
            rule: {side: best_path(rule, printed=side == PRINTED) for side in (PRINTED, HOLDS)}
            for rule in RULES
        },
        "hidden_neurons": {PRINTED: started(zeros), HOLDS: started(normal(1))},
    }


def started(initializer):
    """Return the weights and losses of `hidden_weights` by name, to be drawn, in float32."""
    weights, losses = hidden_weights(initializer)
    return {"weights": weights.astype("float32"), "losses": losses.astype("float32")}


def neuron_losses(x: NDArray, y: NDArray, learning_rate: float) -> NDArray:
    """Train C's neuron on all examples at once.

    Args:
        x: Inputs, shape (n, 2).
        y: Labels, 0 or 1, shape (n,).
        learning_rate: Of gradient descent; a negative one climbs.

    Returns:
        The loss before each of 60 updates.
    """
    sgd = SGD(learning_rate)
    history = sigmoid_neuron().fit(x, y[:, None], sgd, batch_size=len(x), iterations=60)
    return history.iteration_loss


def accuracy_normalised(
    training: tuple[NDArray, NDArray], validation: tuple[NDArray, NDArray], size: int
) -> list[float]:
    """Return accuracies on validation data that two kinds of statistics normalise (B 3.1 Q20).

    Args:
        training: Points, shape (n, 2), and labels, shape (n,), that a logistic regression trains
            on, normalised.
        validation: The same, of several sets one after the other.
        size: Number of points in each of these sets.

    Returns:
        The accuracy on all sets, normalised by the training set and each by itself.
    """
    from sklearn.linear_model import LogisticRegression

    (x, y), (x_validation, y_validation) = training, validation
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    model = LogisticRegression().fit((x - mean) / deviation, y)
    sets = x_validation.reshape(-1, size, 2)
    own = (sets - sets.mean(axis=1, keepdims=True)) / sets.std(axis=1, keepdims=True)
    normalised = (x_validation - mean) / deviation, own.reshape(-1, 2)
    return [model.score(points, y_validation) for points in normalised]


POOL_SIZE, POOL_STRIDE = 3, 2
AT_OUTPUTS = np.array([[1.0, 2], [3, 4]])
"""Gradient at the outputs of the pooling."""


def pooling_gradients() -> tuple[NDArray, NDArray]:
    """Return the gradient of max pooling at each pixel of `PICTURE`.

    Returns:
        By D's code, which assigns, and by differences of the sum of the outputs, each times its
        gradient.
    """
    pooling = built(MaxPooling(POOL_SIZE, POOL_STRIDE))

    def weighted_outputs(picture):
        return np.sum(AT_OUTPUTS * forward(pooling, picture))

    assigned = as_printed.max_pooling_backward(AT_OUTPUTS, PICTURE, POOL_SIZE, POOL_STRIDE)
    return assigned, numerical_gradient(weighted_outputs, PICTURE.copy())


CURVATURE, START = np.array([1.0, 50]), np.array([-2.0, 1])
"""Of the bowl ½ Σ c_i w_i²: c, and where descents start."""

UPDATES = 40
"""Of a descent down the bowl."""

RULES = {
    "AdaGrad": (as_printed.adagrad, {"initial_accumulator_value": 0}),
    "RMSProp": (as_printed.rmsprop, {}),
}
"""Rule → E's optimizer as printed, and arguments of the one in `models.from_scratch`, so that
both start alike."""


def slope(w: NDArray) -> NDArray:
    """Return the gradient on the bowl at w."""
    return CURVATURE * w


def down_the_bowl(rule: str, rate: float, printed: bool) -> NDArray:
    """Return the path of an optimizer down the bowl.

    Args:
        rule: Key of `RULES`.
        rate: The learning rate.
        printed: Whether the optimizer is E's as printed, or that of `models.from_scratch`.

    Returns:
        Shape (UPDATES + 1, 2).
    """
    as_e_prints_it, options = RULES[rule]
    if printed:
        return as_e_prints_it(slope, START, rate, UPDATES)
    optimizer, path = OPTIMIZERS[rule.lower()](rate, **options), [START]
    for _ in range(UPDATES):
        path.append(path[-1].copy())
        optimizer.update([path[-1]], [slope(path[-1])])
    return np.array(path)


def loss_on_bowl(w: NDArray) -> NDArray:
    """Return the height of the bowl at points of shape (..., 2)."""
    return w**2 @ CURVATURE / 2


def best_path(rule: str, printed: bool) -> NDArray:
    """Return the path of `down_the_bowl` that ends lowest and never climbs above its start.

    It is the best of 41 learning rates.
    """
    paths = [down_the_bowl(rule, rate, printed) for rate in np.geomspace(1e-3, 10, 41)]
    falling = [path for path in paths if loss_on_bowl(path).argmax() == 0]
    return min(falling, key=lambda path: loss_on_bowl(path)[-1])


def hidden_weights(initializer: Callable[..., NDArray]) -> tuple[NDArray, NDArray]:
    """Train four hidden neurons to tell where two inputs have the same sign.

    Args:
        initializer: Of all weights, such as `models.from_scratch.zeros`.

    Returns:
        Weights from the first input to the four neurons, shape (updates, 4), and the loss, shape
        (updates,), before each update.
    """
    x = np.random.default_rng([0]).normal(size=(70, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    layers = [Dense(4, initializer), Sigmoid(), Dense(2, initializer)]
    network = Network(layers, categorical_cross_entropy, (2,), dtype=float)
    optimizer, weights, losses = SGD(1.0), [], []
    for _ in range(2000):
        loss, gradients = network.loss_and_gradients(x, y)
        weights.append(network.parameters[0][0].copy())
        losses.append(loss)
        optimizer.update(network.parameters, gradients)
    return np.array(weights), np.array(losses)
