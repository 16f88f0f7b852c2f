from types import SimpleNamespace

import numpy as np
import pytest
from scipy.signal import correlate2d
from scipy.special import log_softmax
from scipy.special import softmax as probabilities

from experiments import errata as study
from models import as_printed, errata

Z = errata.LOGITS
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
    "Outputs of a convolution": correlate2d(errata.PICTURE / 9, errata.FILTER, "valid").max(),
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
    "The bias": correlate2d(errata.PICTURE, errata.FILTER, "valid")[0] + 0.5,
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

# The rows of the list of statements that do not hold: (source, words of the statement).
ROWS = [
    ("A intro", "705"), ("A 2.3", "−1 + log softmax"), ("A 3.3", "after the loop"),
    ("A 3.4", "1500"), ("A 4.1", "softmax(x) · y"), ("A 6.2", "i or j"), ("A 6.3", "13,932"),
    ("A 7", "higher loss"), ("B 2.2 Q10-11", "1,190,160"), ("B 1.1.4 Q13", "linear"),
    ("B 1.1.4 Q17", "tan²"), ("B 3.1 Q20", "training set"), ("B 1.2.6", "degree 6"),
    ("C, “Neurons”", "x ≥ 1"), ("C, “A regression problem”", "J(t) + ε∇J(t)"),
    ("C, “Derivative of the functions”", "2ŷ"),
    ("D 2.1, eq. 5-6", "bias"), ("D 3.3", "max pooling assigns"), ("D 2, eq. 1", "Hadamard"),
    ("E, “Optimizers”", "AdaGrad"), ("E, “Optimizers”", "RMSProp acc"), ("E, “Optimizers”", "at 0"),
    ("E, “Regularization”", "½"),
]  # fmt: skip


@pytest.fixture(scope="module")
def runs():
    return study.runs(SimpleNamespace(seeds=3))


def verdicts(runs):
    return {claim.statement: claim.verdict for claim in study.claims(runs)}


def found(start):
    (erratum,) = (e for e in errata.errata() if e.printed.startswith(start))
    return erratum


def verdict_of(erratum, **replaced):
    runs = {"errata": [erratum._replace(**replaced)], "accuracy": [[1, 0.9], [1, 0.8]]}
    return verdicts(runs)[erratum.printed]


def test_every_printed_statement_is_an_erratum(runs):
    said = verdicts(runs)
    assert said.pop("Statistics of the training set must not normalise validation data") == (
        "not reproduced"
    )
    assert set(said.values()) == {"erratum"}
    assert len(said) == len(runs["errata"]) == len(RIGHT) + len(OTHERS)


@pytest.mark.parametrize("start", RIGHT)
def test_the_right_formula_would_be_reproduced(runs, start):
    (erratum,) = (e for e in runs["errata"] if e.printed.startswith(start))
    assert verdict_of(erratum) == "erratum"
    assert verdict_of(erratum, says=RIGHT[start]) == "reproduced"


@pytest.mark.parametrize(("source", "words"), ROWS)
def test_every_row_of_the_list_is_shown(runs, source, words):
    shown = [(claim.source, claim.statement) for claim in study.claims(runs)]
    shown += [(row[0], row[1]) for row in study.shown_elsewhere(runs).rows]
    assert [text for of, text in shown if of == source and words in text]


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
def test_the_right_algorithm_would_be_reproduced(monkeypatch, algorithm, right, start):
    monkeypatch.setattr(as_printed, algorithm, right)
    assert verdict_of(found(start)) == "reproduced"


@pytest.mark.parametrize("rule", errata.RULES)
def test_squares_of_each_coordinate_would_be_reproduced(monkeypatch, rule):
    algorithm, options = errata.RULES[rule]

    def right(*arguments):
        return algorithm(*arguments, size=np.square)

    monkeypatch.setitem(errata.RULES, rule, (right, options))
    assert verdict_of(found(f"{rule} accumulates")) == "reproduced"


def tanh_example():
    network = errata.tanh_network(hidden=3, classes=3, dtype=float)
    hidden_weights, hidden_bias, weights, bias = network.parameters
    h = np.tanh(errata.X[0] @ hidden_weights + hidden_bias)
    return h, weights, probabilities(h @ weights + bias) - [1, 0, 0]


def test_right_gradients_of_b_would_be_reproduced():
    h, weights, error = tanh_example()
    assert verdict_of(found("∂l/∂W_ij"), says=error[0] * h) == "reproduced"
    assert verdict_of(found("∂l/∂h̃_i"), says=weights @ error * (1 - h**2)) == "reproduced"


def test_right_outputs_of_random_networks_would_be_reproduced(monkeypatch):
    zero_bias = errata.normal(1), errata.zeros

    class WithoutBias(errata.Dense):
        def __init__(self, units, *initializers):
            super().__init__(units, *(initializers[:1] + zero_bias[1:]))

    monkeypatch.setattr(errata, "Dense", WithoutBias)
    for start in ("In the network's loss", "The output is σ"):  # a bias of 0 has no sign
        assert verdict_of(found(start)) == "reproduced"


def test_neurons_started_at_zero_are_one_neuron():
    weights, _ = errata.hidden_weights(errata.zeros)
    np.testing.assert_allclose(weights, weights[:, :1] @ np.ones((1, 4)), atol=1e-12)
    assert np.ptp(weights[:, 0]) > 1


def test_the_table_has_both_sides_of_each(runs):
    rows = study.both_sides(runs).rows
    assert len(rows) == len(runs["errata"])
    assert [row[4:] for row in rows if row[0] == "A intro"] == [["705", "785"]]
    assert not [row for row in rows if "array of shape" in row[4] + row[5]]


def test_normalised_by_itself_a_set_loses_where_it_lies():
    with_training_set, by_itself = study.normalised(seed=0)
    assert with_training_set > 0.95
    assert by_itself < with_training_set
