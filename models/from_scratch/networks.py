"""The courses' own networks."""

import numpy as np

from models.from_scratch.initializers import normal
from models.from_scratch.layers.activations import ReLU, Sigmoid, Tanh
from models.from_scratch.layers.convolution import Convolution
from models.from_scratch.layers.dense import Dense, Flatten
from models.from_scratch.layers.pooling import MaxPooling
from models.from_scratch.losses import categorical_cross_entropy, mean_squared_error
from models.from_scratch.metrics import binary_accuracy, categorical_accuracy
from models.from_scratch.network import Network

_NORMAL = normal(0.3)


def sigmoid_neuron(inputs=2, seed=0, dtype=np.float32):
    """C's single neuron, ŷ = σ(w·x + b), with the squared error ("Criteria: square difference").

    C starts w and b at random without a distribution; here both come from N(0, 0.3²).
    Targets are 0 or 1, shape (n, 1). For one example
    ∂(ŷ − y)²/∂w = 2(ŷ − y)·ŷ(1 − ŷ)·x, by the chain rule.

    Args:
        inputs: numbers of an example; C has the marks of two critics.
        seed: as for `Network`.
        dtype: as for `Network`.
    """
    return Network(
        [Dense(1, _NORMAL, _NORMAL), Sigmoid()],
        mean_squared_error,
        (inputs,),
        metrics={"accuracy": binary_accuracy},
        seed=seed,
        dtype=dtype,
    )


def tanh_network(inputs=2, hidden=4, classes=2, seed=0, dtype=np.float32):
    """B's two-layer network: inputs → hidden, tanh → logits, with the cross-entropy (B 1.1).

    All parameters come from N(0, 0.3²) (B 1.2.1). Targets are labels, shape (n,).

    Args:
        inputs: numbers of an example, n_x.
        hidden: hidden neurons, n_h.
        classes: number of logits, n_y.
        seed: as for `Network`.
        dtype: as for `Network`.
    """
    return Network(
        [Dense(hidden, _NORMAL, _NORMAL), Tanh(), Dense(classes, _NORMAL, _NORMAL)],
        categorical_cross_entropy,
        (inputs,),
        metrics={"accuracy": categorical_accuracy},
        seed=seed,
        dtype=dtype,
    )


def sigmoid_network(inputs=2, hidden=4, classes=2, sigmoid_outputs=True, seed=0, dtype=np.float32):
    """C's network: inputs → hidden, sigmoid → outputs, with the cross-entropy behind a softmax.

    C has sigmoids on the outputs, too ("Non linear decision"). All parameters come from
    N(0, 0.3²). Targets are labels, shape (n,).

    Args:
        inputs: numbers of an example.
        hidden: hidden neurons; 0 for a linear decision, without a hidden layer.
        classes: number of outputs.
        sigmoid_outputs: False for outputs that are not bounded.
        seed: as for `Network`.
        dtype: as for `Network`.
    """
    layers = [Dense(hidden, _NORMAL, _NORMAL), Sigmoid()] if hidden else []
    layers.append(Dense(classes, _NORMAL, _NORMAL))
    if sigmoid_outputs:
        layers.append(Sigmoid())
    return Network(
        layers,
        categorical_cross_entropy,
        (inputs,),
        metrics={"accuracy": categorical_accuracy},
        seed=seed,
        dtype=dtype,
    )


def numpy_cnn(input_shape=(28, 28, 1), classes=10, seed=0, dtype=np.float32):
    """Numpy-CNN's network (D 3): two convolutions, max pooling, two dense layers.

    Convolutions of 8 filters, 5x5, without padding, each with ReLU; 2x2 max pooling; 128 dense
    neurons with ReLU; the logits, with the cross-entropy. On 28x28 pixels
    208 + 1,608 + 102,528 + 1,290 = 105,634 parameters. Targets are labels, shape (n,).

    Args:
        input_shape: of one image, (height, width, channels).
        classes: number of logits.
        seed: as for `Network`.
        dtype: as for `Network`.
    """
    return Network(
        [
            Convolution(8, 5),
            ReLU(),
            Convolution(8, 5),
            ReLU(),
            MaxPooling(2),
            Flatten(),
            Dense(128),
            ReLU(),
            Dense(classes),
        ],
        categorical_cross_entropy,
        input_shape,
        metrics={"accuracy": categorical_accuracy},
        seed=seed,
        dtype=dtype,
    )
