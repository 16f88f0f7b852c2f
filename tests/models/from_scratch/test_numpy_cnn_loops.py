import numpy as np
import pytest

from models.from_scratch import numpy_cnn, numpy_cnn_loops, relative_error


def test_loss_and_gradients_are_those_of_the_vectorised_network():
    network = numpy_cnn((12, 13, 2), classes=4, dtype=np.float64)
    rng = np.random.default_rng(0)
    for parameter in network.parameters:
        parameter += 0.1 * rng.normal(size=parameter.shape)
    images, labels = rng.random((2, 12, 13, 2)), np.array([3, 0])
    loss, gradients = network.loss_and_gradients(images, labels)
    expected, theirs = numpy_cnn_loops.loss_and_gradients(network.parameters, images, labels)
    assert loss == pytest.approx(expected, rel=1e-10)
    for one, other in zip(gradients, theirs, strict=True):
        assert relative_error(one, other) <= 1e-10
