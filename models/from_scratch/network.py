"""A network: layers one after the other, a loss, and training by mini-batches."""

import dataclasses
import time

import numpy as np

from models.from_scratch.layers.dense import check_size


def epoch_order(n, seed, epoch):
    """A permutation of the examples, drawn afresh for each epoch.

    The k-th batch of size m of that epoch is `order[k*m : (k+1)*m]` (A 3.3); the suite's training
    of Keras models draws the same.

    Args:
        n: number of examples.
        seed: a whole number of at least 0.
        epoch: counted from 0.

    Returns:
        Whole numbers, shape (n,).
    """
    return np.random.default_rng([seed, epoch]).permutation(n)


@dataclasses.dataclass(frozen=True)
class History:
    """What `fit` recorded.

    Attributes:
        iteration_loss: loss of each batch before its update, in the network's dtype, shape
            (iterations,).
        epochs: metric name → list with one number for each epoch; training metrics are means over
            the epoch, while the weights moved.
        seconds: spent in the iterations, without validation.
        examples: that the iterations went through.
    """

    iteration_loss: np.ndarray
    epochs: dict
    seconds: float
    examples: int

    @property
    def examples_per_second(self):
        """Speed of the iterations."""
        return self.examples / self.seconds


class Network:
    """Layers one after the other, x → layers[0] → layers[1] → ... → outputs, and a loss.

    Args:
        layers: list of layers; the network is their owner from now on.
        loss: a function of `losses`.
        input_shape: of one example.
        metrics: name → function of `metrics`, recorded beside the loss.
        seed: of the initial parameters and the dropout masks, a whole number of at least 0.
        dtype: np.float32 or np.float64, of everything.

    Raises:
        ValueError: when the dtype is another, a layer does not fit behind the one before it, or no
            layer has parameters.
    """

    def __init__(self, layers, loss, input_shape, *, metrics=None, seed=0, dtype=np.float32):
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64, not {self.dtype}")
        self.layers = list(layers)
        self.loss = loss
        self.metrics = dict(metrics or {})
        self.input_shape = tuple(input_shape)
        shape = self.input_shape
        for position, layer in enumerate(self.layers):
            shape = layer.build(shape, self.dtype, np.random.default_rng([seed, position]))
        self.output_shape = shape
        if not self.parameters:
            raise ValueError("layers must hold at least one with parameters, such as Dense")

    @property
    def parameters(self):
        """The layers' parameters, one after the other; arrays that training updates in place."""
        return [parameter for layer in self.layers for parameter in layer.parameters]

    @property
    def gradients(self):
        """As of the last backward pass, one for each of `parameters`."""
        return [gradient for layer in self.layers for gradient in layer.gradients]

    def get_weights(self):
        """Copies of the parameters, as `get_weights` of a Keras model with the same layers."""
        return [parameter.copy() for parameter in self.parameters]

    def set_weights(self, weights):
        """Take over weights, such as those of a Keras model's `get_weights`.

        Raises:
            ValueError: when their number or a shape is not that of the parameters.
        """
        ours = [parameter.shape for parameter in self.parameters]
        theirs = [np.shape(weight) for weight in weights]
        if ours != theirs:
            raise ValueError(f"weights must have the shapes {ours}, not {theirs}")
        for parameter, weight in zip(self.parameters, weights, strict=True):
            parameter[...] = weight

    def forward(self, x, training=False):
        """The outputs for one batch, shape (batch, *output_shape).

        Args:
            x: shape (batch, *input_shape); any real dtype.
            training: as for `Layer.forward`.

        Raises:
            ValueError: when examples have another shape.
        """
        x = np.asarray(x, self.dtype)
        if x.shape[1:] != self.input_shape:
            raise ValueError(
                f"the network takes examples of shape {self.input_shape}, not {x.shape[1:]}"
            )
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def predict(self, x, batch_size=256):
        """The outputs outside training, computed batch by batch."""
        return np.concatenate([self.forward(part) for part in _batches(x, batch_size)])

    def evaluate(self, x, y, batch_size=256):
        """Metric name → mean over the examples outside training, the loss among them."""
        parts = list(zip(_batches(x, batch_size), _batches(y, batch_size), strict=True))
        results = [self._measure(self.forward(x), y)[0] for x, y in parts]
        return _means(results, [len(y) for _, y in parts])

    def loss_and_gradients(self, x, y, training=False):
        """The loss of one batch, and its gradient with respect to each of `parameters`.

        Args:
            x: shape (batch, *input_shape).
            y: targets, as the loss takes them.
            training: as for `Layer.forward`.

        Returns:
            A number, and a list of arrays.
        """
        return self._forward_and_backward(x, y, training)["loss"], self.gradients

    def fit(
        self,
        x,
        y,
        optimizer,
        *,
        batch_size=32,
        epochs=None,
        iterations=None,
        seed=0,
        validation_data=None,
        order=epoch_order,
    ):
        """Train on mini-batches: forward, backward, update (A 3.3, C "SGD", D 1.6).

        Args:
            x: examples, shape (n, *input_shape).
            y: targets, shape (n, ...), as the loss takes them.
            optimizer: of `optimizers`; its state goes on from earlier calls.
            batch_size: examples of one iteration; the last batch of an epoch may be smaller.
            epochs: passes over the data; 1 if neither `epochs` nor `iterations` is given.
            iterations: number of updates, instead of `epochs`; the last epoch may be cut short.
            seed: of the permutations, a whole number of at least 0.
            validation_data: (x, y), evaluated after each epoch.
            order: function (n, seed, epoch) → permutation of the examples.

        Returns:
            A `History`.

        Raises:
            ValueError: when a size is not positive, x and y differ in length, or both `epochs` and
                `iterations` are given.
        """
        n = len(x)
        _check_fit(n, len(y), batch_size, epochs, iterations)
        per_epoch = -(-n // batch_size)
        iterations = iterations or (epochs or 1) * per_epoch
        losses, history, seconds, examples = [], {}, 0.0, 0
        for epoch in range(-(-iterations // per_epoch)):
            rows = list(_batches(order(n, seed, epoch), batch_size))[: iterations - len(losses)]
            started = time.perf_counter()
            results = [self._train_step(x[batch], y[batch], optimizer) for batch in rows]
            seconds += time.perf_counter() - started
            sizes = [len(batch) for batch in rows]
            examples += sum(sizes)
            losses += [result["loss"] for result in results]
            logs = _means(results, sizes)
            if validation_data is not None:
                validation = self.evaluate(*validation_data)
                logs |= {f"val_{name}": value for name, value in validation.items()}
            for name, value in logs.items():
                history.setdefault(name, []).append(value)
        return History(np.array(losses, self.dtype), history, seconds, examples)

    def _train_step(self, x, y, optimizer):
        results = self._forward_and_backward(x, y, training=True)
        optimizer.update(self.parameters, self.gradients)
        return results

    def _forward_and_backward(self, x, y, training):
        results, gradient = self._measure(self.forward(x, training), y)
        first = next(i for i, layer in enumerate(self.layers) if layer.parameters)
        for layer in reversed(self.layers[first + 1 :]):
            gradient = layer.backward(gradient)
        self.layers[first].backward(gradient, input_gradient=False)
        return results

    def _measure(self, outputs, y):
        """The loss and the metrics of a batch; the loss's gradient."""
        y = np.asarray(y)
        loss, gradient = self.loss(outputs, y)
        metrics = {name: metric(outputs, y) for name, metric in self.metrics.items()}
        return {"loss": loss, **metrics}, gradient


def _batches(array, batch_size):
    for first in range(0, len(array), batch_size):
        yield array[first : first + batch_size]


def _means(results, sizes):
    return {
        name: float(np.average([result[name] for result in results], weights=sizes))
        for name in results[0]
    }


def _check_fit(n, targets, batch_size, epochs, iterations):
    if n == 0:
        raise ValueError("x is empty; fit needs at least one example")
    if targets != n:
        raise ValueError(f"x has {n} examples but y has {targets}; they must be equal")
    if epochs is not None and iterations is not None:
        raise ValueError("give epochs or iterations, not both")
    for name, size in (("batch_size", batch_size), ("epochs", epochs), ("iterations", iterations)):
        if size is not None:
            check_size(name, size)
