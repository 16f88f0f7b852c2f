"""Errata of the five courses, by source: each computed as printed and as it holds.

What holds is computed without the printed formula: by the layers, losses and optimizers of
`models.from_scratch`, by differences of a loss, or by counting.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from experiments.analyses.errata import as_printed
from models.arithmetic import convolution_parameters, dense_parameters
from models.from_scratch import (
    OPTIMIZERS,
    Convolution,
    Dense,
    MaxPooling,
    Network,
    ReLU,
    Sigmoid,
    Tanh,
    categorical_cross_entropy,
    check_gradients,
    mean_squared_error,
    normal,
    numerical_gradient,
    numpy_cnn,
    sigmoid_neuron,
    tanh_network,
    zeros,
)
from models.from_scratch.layers.activations import sigmoid, softmax


class Erratum(NamedTuple):
    """A statement of a source, what holds instead, and a quantity by which the two differ.

    Were the source right, `says` and `holds` would be equal and the verdict "reproduced".
    """

    source: str
    printed: str
    correct: str
    quantity: str
    says: ArrayLike
    holds: ArrayLike


SHOWN_BY_STUDIES = [
    ["A 6.2", "Input and output have the same indices, and a padded output stands at the "
     "corner of its window", "convolution_arithmetic"],
    ["A 7", "The CNN has the higher loss and the higher accuracy: no error", "dense_vs_cnn"],
    ["B 1.2.6", "The polynomial kernel is usable from degree 6", "svm_kernels"],
    ["B 2.1 Q1", "A dense layer has x·y·z·x'·y' parameters", "convolution_arithmetic"],
    ["B 2.1 Q7", "The output has (n − k + 2p)/s + 1 pixels a side", "convolution_arithmetic"],
    ["D 2.1.1", "The convolution of eq. 10 ends at the index n(m) − 1",
     "convolution_arithmetic"],
]  # fmt: skip
"""Those that studies of their own show: source, statement and study."""


def errata():
    """All of them, in the order of the sources; takes about a second."""
    return [*of_a(), *of_b(), *of_c(), *of_d(), *of_e()]


SGD = OPTIMIZERS["sgd"]
LOGITS, TRUE, ONE_HOT = np.array([2.0, -1.0, 0.5]), 0, np.array([1, 0, 0])  # of one example
X = np.array([[0.8, -0.4]])  # an example with two inputs
PICTURE = np.array([[1, 0, 2, 1, 0], [0, 3, 1, 0, 2], [2, 1, 9, 4, 1], [1, 0, 2, 1, 3],
                    [0, 2, 1, 0, 1]], float)  # fmt: skip
FILTER, BIAS = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), 0.5  # for upright edges


def cross_entropy(logits):
    """Of the example whose class is `TRUE`."""
    return categorical_cross_entropy(logits[None], np.array([TRUE]))[0]


def built(layer):
    """The layer, ready for pictures of the size of `PICTURE`."""
    layer.build((*PICTURE.shape, 1), float, None)
    return layer


def forward(layer, picture):
    """What a layer of one filter, or a pooling, makes of a picture."""
    return layer.forward(picture[None, :, :, None])[0, :, :, 0]


def convolution(bias=0.0):
    """A layer with `FILTER` and without padding."""
    kernel = FILTER[:, :, None, None]
    return built(Convolution(1, 3, 1, "valid", lambda *_: kernel, lambda *_: np.array([bias])))


def of_a():
    """Errata of source A."""
    p, loss, example = softmax(LOGITS), cross_entropy(LOGITS), "loss for the logits 2, −1, 0.5"
    directions = np.linspace(0, 2 * np.pi, 100_001)
    steepest = np.max(3 * np.cos(directions) + 4 * np.sin(directions))
    x = np.linspace(-1, 1, 1000)[:, None]
    line, printed, holds = Network([Dense(1)], mean_squared_error, [1]), SGD(), SGD()
    as_printed.gradient_descent(line, x, x, printed, batch_size=150, epochs=3)
    line.fit(x, x, holds, batch_size=150, epochs=3)
    W, v = np.array([[0.5, 1, -0.5], [0, 0.5, 0.5], [-1, 0, 0.5]]), np.array([0.5, -1, 1])
    splits = as_printed.validation_splits(1000, 0.2, epochs=5)
    trained, validated = (set(np.concatenate(part)) for part in zip(*splits, strict=True))
    n, read = len(PICTURE), range(len(PICTURE) + len(FILTER) - 1)  # indices that g′ is read at
    return [
        Erratum("A intro", "The data sets have 705 columns", "A label and 28 · 28 pixels",
                "columns", 705, 1 + np.empty((28, 28)).size),
        Erratum("A 1", "W_j has n_{j+1} rows and n_j columns", "n_j rows and n_{j−1} columns, for "
                "x_j = v(W_j x_{j−1} + b_j)", "shape of W₁ for layers of 784, 250 and 10",
                (10, 250), Network([Dense(250)], mean_squared_error, [784]).parameters[0].T.shape),
        Erratum("A 1", "With ReLU a neuron's output is x where w·x + b > 0", "w·x + b",
                "output for x = 1.5, w = 2, b = −1", 1.5, ReLU().forward(np.array(2 * 1.5 - 1))),
        Erratum("A 2.3", "The loss is −Σ y log softmax(ŷ)", "−Σ y log ŷ: ŷ is a softmax already",
                example, -np.log(softmax(p)[TRUE]), loss),
        Erratum("A 2.3", "It equals −1 + log softmax", "−log of the true class's softmax",
                example, -1 + np.log(p[TRUE]), loss),
        Erratum("A 2.3", "It equals log Σ exp x_k − y_k", "log Σ exp x_k − x of the true class",
                example, np.log(np.exp(LOGITS).sum()) - ONE_HOT[TRUE], loss),
        Erratum("A 3.2", "Along a direction of norm 1, f grows by at most ‖∇f‖²", "‖∇f‖",
                "largest growth for ∇f = (3, 4)", 3**2 + 4**2, steepest),
        Erratum("A 3.2", "It grows most along d = −∇f/‖∇f‖, and −d descends", "Along ∇f/‖∇f‖",
                "growth along the direction for ∇f = (3, 4)", -(3**2 + 4**2) / 5, steepest),
        Erratum("A 3.3", "The pseudo-code updates θ after the loop over the batches",
                "One update for each batch", "updates in 3 epochs of 7 batches",
                printed.iterations, holds.iterations),
        Erratum("A 3.3", "There are epochs · n/m iterations", "epochs · ⌈n/m⌉",
                "iterations for 3 epochs, n = 1000, m = 150", 3 * 1000 / 150, holds.iterations),
        Erratum("A 3.4", "100 · 150 = 1500 gradients are computed", "15,000", "100 · 150",
                1500, 100 * 150),
        Erratum("A 4.1", "The gradient at the logits is softmax(x) · y", "softmax(x) − y",
                example.replace("loss", "gradient"), p * ONE_HOT,
                numerical_gradient(cross_entropy, LOGITS)),
        Erratum("A 4.1", "The Jacobian of x ↦ v(Wx + b) is Wᵀ Diag(v′)", "Diag(v′) W: the "
                "transpose, which multiplies the gradient", "its first row for a 3x3 example",
                (W.T @ np.diag(1 - np.tanh(W @ v) ** 2))[0],
                numerical_gradient(lambda v: np.tanh(W @ v)[0], v)),
        Erratum("A 5.1", "Every epoch shuffles all data and splits off 20 % for validation",
                "One split, before the first epoch", "of 1,000 images, those that 5 epochs both "
                "train on and validate with", len(trained & validated), 0),
        Erratum("A 6.2", "Outputs of a convolution lie in [0, 1] like its inputs", "In ℝ",
                "largest output of a filter for edges", 1,
                forward(convolution(), PICTURE / 9).max()),
        Erratum("A 6.2", "g′ is g where i or j lies inside, else 0", "Where i and j do",
                f"places where it reads a picture of {n}x{n}",
                sum(i < n or j < n for i in read for j in read), PICTURE.size),
        Erratum("A 6.3", "32 · (27 + 1) + 64 · (288 + 1) = 13,932 parameters", "19,392",
                "parameters", 13_932,
                convolution_parameters(3, 3, 32) + convolution_parameters(3, 32, 64)),
    ]  # fmt: skip


def of_b():
    """Errata of source B."""
    y = np.array([TRUE])
    weights = 2432, 51264, 102464, 1024000, 10000  # of the layers, as printed
    convolutions = [convolution_parameters(5, *channels) for channels in
                    ((3, 32), (32, 64), (64, 64))]  # fmt: skip
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
    activations = [], [Tanh()], [Sigmoid()]
    networks = [
        Network([Dense(3), *v, Dense(3)], categorical_cross_entropy, [2], dtype=float)
        for v in activations
    ]
    return [
        Erratum("B 1.1.4 Q13", "Layers and activations must be linear to be optimised",
                "Differentiable, almost everywhere", "whether back-propagation gives the gradient "
                "without an activation, with tanh, with the sigmoid", [True, False, False],
                [max(check_gradients(network, X, y)) < 1e-6 for network in networks]),
        Erratum("B 1.1.4 Q16", "∂l/∂W_ij is the sum of (p_k − y_k) h_k over k, for all i and j",
                "(p_i − y_i) h_j", "gradient of the first output's three weights",
                np.full(3, error @ h), numerical_gradient(loss, W)[:, 0]),
        Erratum("B 1.1.4 Q17", "The derivative of tanh is 1 − tan²", "1 − tanh²",
                "derivative at 0.5 and 1", 1 - np.tan([0.5, 1]) ** 2,
                numerical_gradient(lambda x: np.tanh(x).sum(), np.array([0.5, 1]))),
        Erratum("B 1.1.4 Q17", "∂l/∂h̃_i has W_i (p_i − y_i), of one output", "The sum of "
                "W_ki (p_k − y_k) over all outputs k", "gradient at three hidden neurons",
                np.diag(W) * error * (1 - h**2), numerical_gradient(loss_after, pre_activation)),
        Erratum("B 2.2 Q10-11", "The network has 1,190,160 weights", "1,191,170, with the biases "
                "of the dense layers", "weights", sum(weights), sum(convolutions + dense)),
        Erratum("B 2.2 Q12", "An SVM on bags of words has 10 parameters", "One for each word and "
                "one bias, for each class", "parameters for 1,000 words and 10 classes",
                10, dense_parameters(1000, 10)),
    ]  # fmt: skip


def of_c():
    """Errata of source C."""
    h = np.array([-2, -0.5, 0.5, 2])
    J, slope = (lambda w: (w - 1) ** 2), (lambda w: 2 * (w - 1))
    outputs, targets = np.array([0.9, 0.2]), np.array([1.0, 0.0])
    random = normal(1), normal(1)
    layers = [Dense(3, *random), Sigmoid(), Dense(3, *random), Sigmoid()]
    network = Network(layers, categorical_cross_entropy, [2], dtype=float)
    loss, _ = network.loss_and_gradients(X, np.array([TRUE]))
    return [
        Erratum("C, “Neurons”", "The step is 1 for x ≥ 1", "For x ≥ 0, on one side of h = 0",
                "decision for h = −2, −0.5, 0.5, 2", np.where(h >= 1, 1, 0), np.heaviside(h, 1)),
        Erratum("C, “Neurons”", "The neuron with a sigmoid maps to {0, 1}", "To (0, 1)",
                "of four outputs, those that are 0 or 1", 4, np.isin(sigmoid(h), [0, 1]).sum()),
        Erratum("C, “A regression problem”", "J(t + 1) = J(t) + ε∇J(t)",
                "w(t + 1) = w(t) − ε∇J(w(t))", "J after a step for J(w) = (w − 1)², w = 3, ε = 0.1",
                J(3) + 0.1 * slope(3), J(3 - 0.1 * slope(3))),
        Erratum("C, “Non linear decision”", "In the network's loss the true class has no b₂",
                "It has", "loss of a network with random weights",
                as_printed.whole_network_loss(network.parameters, X, [TRUE]), loss),
        Erratum("C, “Derivative of the functions”", "The mean square loss is Σ(ŷ − y)²",
                "The mean of (ŷ − y)²; this is the sum", "loss for ŷ = (0.9, 0.2), y = (1, 0)",
                np.sum((outputs - targets) ** 2), mean_squared_error(outputs, targets)[0]),
        Erratum("C, “Derivative of the functions”", "The derivative of Σ(ŷ − y)² is 2ŷ", "2(ŷ − y)",
                "derivative for ŷ = (0.9, 0.2), y = (1, 0)", 2 * outputs,
                numerical_gradient(lambda outputs: np.sum((outputs - targets) ** 2), outputs)),
        Erratum("C, “Derivative of the functions”", "The cross-entropy is −y_c + log Σ exp ŷ",
                "−ŷ_c + log Σ exp ŷ", "loss for the logits 2, −1, 0.5",
                -ONE_HOT[TRUE] + np.log(np.exp(LOGITS).sum()), cross_entropy(LOGITS)),
    ]  # fmt: skip


def neuron_losses(x, y, learning_rate):
    """Losses of C's neuron before each of 60 updates on all examples; a negative rate climbs."""
    options = {"batch_size": len(x), "iterations": 60}
    return sigmoid_neuron().fit(x, y[:, None], SGD(learning_rate), **options).iteration_loss


def accuracy_normalised(training, validation, size):
    """Accuracy on validation data normalised by the training set, and by itself (B 3.1 Q20).

    Args:
        training: points, shape (n, 2), and labels, shape (n,), of a logistic regression that
            trains on normalised points.
        validation: the same, of sets one after the other.
        size: points in each of these sets.

    Returns:
        Both accuracies, on all sets.
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
AT_OUTPUTS = np.array([[1.0, 2], [3, 4]])  # gradient at the outputs of the pooling


def pooling_gradients():
    """At each pixel, by D's code and by differences of the sum of the outputs times theirs."""
    pooling = built(MaxPooling(POOL_SIZE, POOL_STRIDE))
    assigned = as_printed.max_pooling_backward(AT_OUTPUTS, PICTURE, POOL_SIZE, POOL_STRIDE)
    return assigned, numerical_gradient(
        lambda picture: np.sum(AT_OUTPUTS * forward(pooling, picture)), PICTURE.copy()
    )


def of_d():
    """Errata of source D."""
    assigned, added = pooling_gradients()
    first_layer, second_layer = (numpy_cnn().layers[place].parameters for place in (0, 2))
    a, b = np.array([[1, 2], [3, 4]]), np.array([[5, 6], [7, 8]])
    windows = np.lib.stride_tricks.sliding_window_view(PICTURE, FILTER.shape)[0]
    return [
        Erratum("D 2, eq. 1", "The Hadamard product is the sum of the products of the entries",
                "The matrix of these products; their sum is the Frobenius inner product",
                "product of (1 2; 3 4) and (5 6; 7 8)", np.sum(a * b), a * b),
        Erratum("D 2.1, eq. 5-6", "The bias stands inside the double sum", "Behind it, as in "
                "eq. 12", "three outputs of a 3x3 filter with the bias 0.5",
                [np.sum(FILTER * window + BIAS) for window in windows],
                forward(convolution(BIAS), PICTURE)[0]),
        Erratum("D 3", "The first two layers are identical convolutions", "The second has 8 input "
                "channels, the first one", "parameters of the two layers",
                [convolution_parameters(5, 1, 8)] * 2,
                [sum(p.size for p in layer) for layer in (first_layer, second_layer)]),
        Erratum("D 3.3", "The backward pass of max pooling assigns", "It adds: where windows "
                "overlap, a pixel may be the maximum of several", "gradient at such a pixel",
                assigned[2, 2], added[2, 2]),
    ]  # fmt: skip


CURVATURE, START = np.array([1.0, 50]), np.array([-2.0, 1])  # of the bowl ½ Σ c_i w_i²
UPDATES = 40
RULES = {
    "AdaGrad": (as_printed.adagrad, {"initial_accumulator_value": 0}),
    "RMSProp": (as_printed.rmsprop, {}),
}
"""Optimizers as E prints them, and what makes those of `models.from_scratch` start alike."""


def slope(w):
    """Gradient on the bowl."""
    return CURVATURE * w


def down_the_bowl(rule, rate, printed):
    """The path of an optimizer, as printed or as it is, shape (UPDATES + 1, 2)."""
    of_source, options = RULES[rule]
    if printed:
        return of_source(slope, START, rate, UPDATES)
    optimizer, path = OPTIMIZERS[rule.lower()](rate, **options), [START]
    for _ in range(UPDATES):
        path.append(path[-1].copy())
        optimizer.update([path[-1]], [slope(path[-1])])
    return np.array(path)


def loss_on_bowl(w):
    """Of points, shape (..., 2)."""
    return w**2 @ CURVATURE / 2


def best_path(rule, printed):
    """The path down the bowl that ends lowest, of 41 learning rates, and never above its start."""
    paths = [down_the_bowl(rule, rate, printed) for rate in np.geomspace(1e-3, 10, 41)]
    falling = [path for path in paths if loss_on_bowl(path).argmax() == 0]
    return min(falling, key=lambda path: loss_on_bowl(path)[-1])


def hidden_weights(initializer):
    """Weights from the first input to four hidden neurons, and the loss, before each update.

    Returns:
        Shapes (updates, 4) and (updates,).
    """
    x = np.random.default_rng([0]).normal(size=(70, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    layers = [Dense(4, initializer), Sigmoid(), Dense(2, initializer)]
    network = Network(layers, categorical_cross_entropy, [2], dtype=float)
    optimizer, weights, losses = SGD(1.0), [], []
    for _ in range(2000):
        loss, gradients = network.loss_and_gradients(x, y)
        weights.append(network.parameters[0][0].copy())
        losses.append(loss)
        optimizer.update(network.parameters, gradients)
    return np.array(weights), np.array(losses)


def of_e():
    """Errata of source E."""
    random = normal(1)
    layers = [Dense(2, random, random), Sigmoid(), Dense(1, random, random), Sigmoid()]
    network = Network(layers, mean_squared_error, [2], dtype=float)
    output = network.forward(X).item()
    W, b, w, b3 = network.parameters
    marks = np.zeros((1000, 1))
    line = Network([Dense(1)], mean_squared_error, [1])
    seen = line.fit(marks, marks, SGD(), batch_size=128, epochs=1).examples
    different = [
        len(np.unique(hidden_weights(initializer)[0][-1].round(9)))
        for initializer in (zeros, random)
    ]
    at_minimum = as_printed.adagrad(slope, np.zeros(2), 0.1, updates=1)[-1]
    kept = OPTIMIZERS["adagrad"](0.1)
    still, unmoved = np.zeros(2), np.array([2.0])
    kept.update([still], [slope(still)])
    OPTIMIZERS["rmsprop"](0.1).update([unmoved], [np.zeros(1)])
    theta, penalty = np.array([0.5, -2, 1]), 0.1
    r = 1  # the whole penalty is Lasso's
    return [
        Erratum("E, “Multi-layer perceptron training”", "The output is σ(w₁h₁ + w₂h₂ − b₃)",
                "σ(w₁h₁ + w₂h₂ + b₃), as its z", "output of a network with random weights",
                sigmoid(sigmoid(X @ W + b) @ w - b3).item(), output),
        Erratum("E, “Optimizers”", "Descent starts with all parameters at 0", "At random values: "
                "from 0 all neurons of a layer stay equal",
                "different hidden neurons out of 4 after 2,000 updates", *different),
        Erratum("E, “Optimizers”", "An epoch has ⌊n / batch_size⌋ iterations and sees the entire "
                "training set", "⌈n / batch_size⌉", "examples seen for n = 1000, batch_size = 128",
                1000 // 128 * 128, seen),
        *(Erratum("E, “Optimizers”", f"{rule} accumulates the gradient's norm",
                  "The square of each coordinate", "parameters after 40 updates at the rate 0.1 on "
                  "a bowl 50 times as steep one way as the other",
                  *(down_the_bowl(rule, 0.1, printed)[-1] for printed in (True, False)))
          for rule in RULES),
        Erratum("E, “Optimizers”", "It divides by √r", "By √(r + ε) or √r + ε, for r may be 0",
                "parameters, of 2, that are numbers after an update at a minimum",
                np.isfinite(at_minimum).sum(), np.isfinite(still).sum()),
        Erratum("E, “Optimizers”", "RMSProp's ρ is a weight decay", "A decay of old gradients",
                "parameter 2 after an update with the gradient 0, for ρ = 0.9", 0.9 * 2,
                unmoved.item()),
        Erratum("E, “Regularization”", "Elastic net has r λ ½ Σ|θ|", "r λ Σ|θ|: for r = 1 it is "
                "Lasso", "penalty for r = 1, λ = 0.1, θ = (0.5, −2, 1)",
                r * penalty / 2 * np.abs(theta).sum() + (1 - r) / 2 * penalty * (theta**2).sum(),
                penalty * np.abs(theta).sum()),
    ]  # fmt: skip
