import subprocess
import sys

import pytest

from models.from_scratch import numpy_cnn, tanh_network
from reporting.study.networks import network_of, networks_of
from training import RunConfig
from training.provenance import ROOT

BASE = RunConfig(epochs=3, train_size=6_000, batch_size=100)


def test_a_dense_network_in_a_line_and_layer_by_layer():
    (network,) = networks_of([("SGD", BASE), ("Adam", BASE.replace(optimizer="adam"))])
    assert network.methods == "all methods"
    assert network.line == "28×28 → dense 128, ReLU → dense 10"
    assert network.parameters == 784 * 128 + 128 + 128 * 10 + 10
    assert [row[1:] for row in network.layers if row[1] == "Dense"] == [
        ["Dense", "128", 784 * 128 + 128],
        ["Dense", "10", 1290],
    ]
    for part in ("cross-entropy", "SGD, Adam", "learning rate 0.01", "batch size 100", "3 epochs"):
        assert part in network.training


def test_networks_are_named_by_their_methods():
    wide = BASE.replace(hidden=(50, 50), activation="tanh", dropout=0.5)
    methods = [(("wide", n), wide.replace(train_size=n)) for n in range(1_000, 6_000, 1_000)]
    narrow, other = networks_of([("narrow", BASE), *methods])
    assert narrow.methods == "narrow"
    assert other.methods == "wide · 1000; wide · 2000; wide · 3000 and 2 more"
    assert other.line == (
        "28×28 → dense 50, tanh → dropout 0.5 → dense 50, tanh → dropout 0.5 → dense 10"
    )
    assert "1,000 to 5,000 training images" in other.training


def test_what_differs_in_training_alone_is_one_network():
    methods = {
        "plain": BASE,
        "decay": BASE.replace(l2=0.001),
        "He": BASE.replace(initializer="he_normal", scaling="standard"),
        "few": BASE.replace(epochs=None, iterations=7, schedule="cosine"),
    }
    (network,) = networks_of(list(methods.items()))
    for part in ("L2 penalty 0.001", "he_normal", "standard", "7 iterations", "constant, cosine"):
        assert part in network.training


def test_a_convolutional_network_with_everything():
    config = RunConfig(
        dataset="cifar10",
        model="cifar_cnn",
        batch_normalisation=True,
        dropout=0.5,
        augmentation=("crop", "flip"),
        epochs=1,
    )
    (network,) = networks_of([("all", config)])
    block = "→ {} filters 5×5 → batch normalisation, ReLU → max pooling 2×2 "
    assert network.line == (
        "32×32×3 → random crop → random flip "
        + "".join(block.format(filters) for filters in (32, 64, 64))
        + "→ dense 1000, ReLU → dropout 0.5 → dense 10"
    )
    assert network.parameters == 1_191_170 + 2 * (32 + 64 + 64)


def test_repeated_layers_are_counted():
    (network,) = networks_of([("deep", BASE.replace(hidden=(64,) * 20))])
    assert network.line == "28×28 → 20 × dense 64, ReLU → dense 10"


@pytest.mark.parametrize(
    ("network", "line"),
    [
        (tanh_network(hidden=4, seed=0), "2 → dense 4, tanh → dense 2"),
        (
            numpy_cnn(),
            "28×28×1 → 2 × 8 filters 5×5, ReLU → max pooling → dense 128, ReLU → dense 10",
        ),
    ],
)
def test_a_network_in_numpy(network, line):
    described = network_of(network, "by hand", "squared error")
    assert (described.methods, described.training) == ("by hand", "squared error")
    assert described.line.removesuffix(", softmax") == line
    assert described.parameters == sum(row[3] for row in described.layers)


def test_describing_networks_brings_keras_without_its_messages():
    script = (
        "from reporting.study.networks import networks_of\n"
        "from training import RunConfig\n"
        "assert networks_of([('SGD', RunConfig(epochs=1))])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
