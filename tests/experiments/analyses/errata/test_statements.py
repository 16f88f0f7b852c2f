import numpy as np
import pytest
from scipy.signal import correlate2d
from scipy.special import log_softmax
from scipy.special import softmax as probabilities

from experiments.analyses.errata import (
    as_printed,
    course_c,
    course_e,
    demonstrations,
    statements,
)
from experiments.analyses.errata.erratum import FILTER, LOGITS, PICTURE, X
from models.from_scratch import Dense, normal, tanh_network, zeros

Z = LOGITS
LOSS = -log_softmax(Z)[0]
W = np.array([[0.5, 1, -0.5], [0, 0.5, 0.5], [-1, 0, 0.5]])
SLOPES = 1 - np.tanh(W @ [0.5, -1, 1]) ** 2

# Start of each printed statement → what the right formula gives, worked out here.
RIGHT = {
    "The data sets have": 785,
    "W_j has": (250, 784),
    "With ReLU": 2,
    "The loss is −Σ": LOSS,
    "It equals −1": LOSS,
    "It equals log": LOSS,
    "Along a direction": np.hypot(3, 4),
    "It grows most": np.hypot(3, 4),
    "The pseudo-code": 3 * 7,
    "There are epochs": 3 * 7,
    "100 · 150": 15_000,
    "The gradient at the logits": probabilities(Z) - [1, 0, 0],
    "The Jacobian": SLOPES[0] * W[0],
    "Every epoch": 0,
    "Outputs of a convolution": correlate2d(PICTURE / 9, FILTER, "valid").max(),
    "g′ is g": 25,
    "32 · (27 + 1)": 32 * 28 + 64 * 289,
    "Layers and activations": [True, True, True],
    "The derivative of tanh": 1 / np.cosh([0.5, 1]) ** 2,
    "The network has": 2432 + 51264 + 102464 + 1_025_000 + 10_010,
    "An SVM": 10 * 1001,
    "The step is": [0, 0, 1, 1],
    "The neuron with a sigmoid": 0,
    "J(t + 1)": (3 - 0.1 * 2 * (3 - 1) - 1) ** 2,
    "The mean square": (0.1**2 + 0.2**2) / 2,
    "The derivative of Σ": [2 * (0.9 - 1), 2 * (0.2 - 0)],
    "The cross-entropy": LOSS,
    "The Hadamard": [[5, 12], [21, 32]],
    "The bias": correlate2d(PICTURE, FILTER, "valid")[0] + 0.5,
    "The first two layers": [8 * 26, 8 * 201],
    "The backward pass": 1 + 2 + 3 + 4,
    "Descent starts": 4,
    "An epoch has": 1000,
    "It divides by": 2,
    "RMSProp's ρ": 2,
    "Elastic net": 0.1 * 3.5,
}
# These depend on random weights, or on a path, and have tests of their own below.
OTHERS = {
    "∂l/∂W_ij",
    "∂l/∂h̃_i",
    "In the network's loss",
    "The output is σ",
    "AdaGrad",
    "RMSProp acc",
}


@pytest.fixture(scope="module")
def all_errata():
    return statements.errata()


def found(start):
    (erratum,) = (e for e in statements.errata() if e.printed.startswith(start))
    return erratum


def is_right(erratum, says=None):
    """Whether what the source says, or this, is what holds."""
    said = np.asarray(erratum.says if says is None else says)
    held = np.asarray(erratum.holds)
    return said.shape == held.shape and bool(np.allclose(said.astype(float), held, 0, 1e-6))


def test_what_each_prints_does_not_hold(all_errata):
    assert len(all_errata) == len(RIGHT) + len(OTHERS)
    assert not any(is_right(erratum) for erratum in all_errata)


@pytest.mark.parametrize("start", RIGHT)
def test_the_right_formula_holds(all_errata, start):
    (erratum,) = (e for e in all_errata if e.printed.startswith(start))
    assert is_right(erratum, says=RIGHT[start])


@pytest.mark.parametrize("start", sorted(OTHERS))
def test_the_others_are_there(all_errata, start):
    assert sum(erratum.printed.startswith(start) for erratum in all_errata) == 1


def fit(network, x, y, optimizer, batch_size, epochs):
    network.fit(x, y, optimizer, batch_size=batch_size, epochs=epochs)


def one_split(n, fraction, epochs):
    return [np.split(np.arange(n), [round(n * (1 - fraction))])] * epochs


def adding(gradient, image, size, stride):
    outputs = np.zeros(image.shape)
    for y, x in np.ndindex(gradient.shape):
        window = np.s_[y * stride : y * stride + size, x * stride : x * stride + size]
        outputs[window] += gradient[y, x] * (image[window] == image[window].max())
    return outputs


@pytest.mark.parametrize(
    ("algorithm", "right", "start"),
    [
        ("gradient_descent", fit, "The pseudo-code"),
        ("validation_splits", one_split, "Every epoch"),
        ("max_pooling_backward", adding, "The backward pass"),
    ],
)
def test_the_right_algorithm_holds(monkeypatch, algorithm, right, start):
    monkeypatch.setattr(as_printed, algorithm, right)
    assert is_right(found(start))


@pytest.mark.parametrize("rule", demonstrations.RULES)
def test_squares_of_each_coordinate_hold(monkeypatch, rule):
    algorithm, options = demonstrations.RULES[rule]

    def right(*arguments):
        return algorithm(*arguments, size=np.square)

    monkeypatch.setitem(demonstrations.RULES, rule, (right, options))
    assert is_right(found(f"{rule} accumulates"))


def tanh_example():
    network = tanh_network(hidden=3, classes=3, dtype=float)
    hidden_weights, hidden_bias, weights, bias = network.parameters
    h = np.tanh(X[0] @ hidden_weights + hidden_bias)
    return h, weights, probabilities(h @ weights + bias) - [1, 0, 0]


def test_right_gradients_of_b_hold():
    h, weights, error = tanh_example()
    assert is_right(found("∂l/∂W_ij"), says=error[0] * h)
    assert is_right(found("∂l/∂h̃_i"), says=weights @ error * (1 - h**2))


def test_right_outputs_of_random_networks_hold(monkeypatch):
    zero_bias = normal(1), zeros

    class WithoutBias(Dense):
        def __init__(self, units, *initializers):
            super().__init__(units, *(initializers[:1] + zero_bias[1:]))

    for course in (course_c, course_e):
        monkeypatch.setattr(course, "Dense", WithoutBias)
    for start in ("In the network's loss", "The output is σ"):  # a bias of 0 has no sign
        assert is_right(found(start))


def test_neurons_started_at_zero_are_one_neuron():
    weights, _ = demonstrations.hidden_weights(zeros)
    np.testing.assert_allclose(weights, weights[:, :1] @ np.ones((1, 4)), atol=1e-12)
    assert np.ptp(weights[:, 0]) > 1


def test_normalised_by_itself_a_set_loses_where_it_lies():
    rng = np.random.default_rng([0])
    x = rng.uniform(0, 10, (1200, 2))
    y = (x.sum(axis=1) > 10).astype(int)
    sets = (x[:200], y[:200]), (x[200:], y[200:])
    with_training_set, by_itself = demonstrations.accuracy_normalised(*sets, size=10)
    assert with_training_set > 0.95
    assert by_itself < with_training_set
    as_one_set = demonstrations.accuracy_normalised(*sets, size=1000)
    assert as_one_set[0] == with_training_set
    assert as_one_set[1] > by_itself


@pytest.mark.parametrize("printed", [True, False])
@pytest.mark.parametrize("rule", demonstrations.RULES)
def test_the_best_path_ends_lowest_of_those_that_do_not_climb(rule, printed):
    losses = demonstrations.loss_on_bowl(demonstrations.best_path(rule, printed))
    assert losses[0] == demonstrations.loss_on_bowl(demonstrations.START) == (4 + 50) / 2
    assert losses.max() == losses[0]
    other = demonstrations.loss_on_bowl(demonstrations.down_the_bowl(rule, 0.1, printed))
    assert losses[-1] <= other[-1] or other.max() > other[0]


def test_a_negative_rate_climbs():
    x = np.linspace(-1, 1, 20)[:, None] * [1, 1]
    up, down = (
        demonstrations.neuron_losses(x, (x[:, 0] > 0).astype(int), rate) for rate in (-1, 1)
    )
    assert up[0] == down[0]
    assert down[-1] < down[0] < up[-1]
