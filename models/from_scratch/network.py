"""A network: a sequence of layers, a loss, and training on mini-batches."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .arrays import Floats, Shape
from .layers.dense import Layer, check_size
from .losses import Loss, Metric
from .optimizers import SGD


def epoch_order(n: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """A permutation of the examples, a new one for each epoch.

    The k-th batch of size m of that epoch is `order[k*m : (k+1)*m]` (A 3.3). The suite's training
    of Keras models draws the same permutations.

    Args:
        n: int, number of examples.
        seed: int, at least 0.
        epoch: int, counted from 0.

    Returns:
        int64, shape (n,).
    """
    return np.random.default_rng([seed, epoch]).permutation(n)


@dataclasses.dataclass(frozen=True)
class History:
    """The record of a `fit`.

    Attributes:
        iteration_loss: loss of each batch before its update, in the network's dtype, shape
            (iterations,).
        epochs: metric name → list of one value per epoch; training metrics are means over the
            epoch, taken while the weights changed.
        seconds: time spent in the iterations, without validation.
        examples: number of examples that the iterations processed.
    """

    iteration_loss: Floats
    epochs: dict[str, list[float]]
    seconds: float
    examples: int

    @property
    def examples_per_second(self) -> float:
        """Training throughput."""
        return self.examples / self.seconds


class Network:
    """A sequence of layers, x → layers[0] → layers[1] → ... → outputs, and a loss.

    Args:
        layers: list of `Layer`; the network owns them from now on.
        loss: callable (outputs, targets) → (loss, gradient), such as those in `losses`.
        input_shape: tuple of ints, shape of one example.
        metrics: dict or None, name → callable (outputs, targets) → float, recorded along with the
            loss. Defaults to None, no metrics.
        seed: int, at least 0, seed of the initial parameters and the dropout masks. Defaults to 0.
        dtype: np.float32 or np.float64, dtype of all arrays. Defaults to np.float32.

    Raises:
        ValueError: if the dtype is another one, a layer cannot take the output of the layer before
            it, or no layer has parameters.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        loss: Loss,
        input_shape: Shape,
        *,
        metrics: Mapping[str, Metric] | None = None,
        seed: int = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
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
            raise ValueError("layers must include one with parameters, such as Dense")

    @property
    def parameters(self) -> list[Floats]:
        """The parameters of all layers, in order; training updates these arrays in place."""
        return [parameter for layer in self.layers for parameter in layer.parameters]

    @property
    def gradients(self) -> list[Floats]:
        """The gradients from the last backward pass, one for each of `parameters`."""
        return [gradient for layer in self.layers for gradient in layer.gradients]

    def get_weights(self) -> list[Floats]:
        """Copies of the parameters, in the order of Keras's `get_weights` for the same layers."""
        return [parameter.copy() for parameter in self.parameters]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Set the parameters, for instance to those of a Keras model's `get_weights`.

        Args:
            weights: list of arrays with the shapes of `parameters`.

        Raises:
            ValueError: if their number or a shape differs from that of the parameters.
        """
        ours = [parameter.shape for parameter in self.parameters]
        theirs = [np.shape(weight) for weight in weights]
        if ours != theirs:
            raise ValueError(f"weights must have the shapes {ours}, not {theirs}")
        for parameter, weight in zip(self.parameters, weights, strict=True):
            parameter[...] = weight

    def forward(self, x: ArrayLike, training: bool = False) -> Floats:
        """Compute the outputs for one batch.

        Args:
            x: array of any real dtype, shape (batch, *input_shape).
            training: bool, see `Layer.forward`. Defaults to False.

        Returns:
            The outputs, in the network's dtype, shape (batch, *output_shape).

        Raises:
            ValueError: if the examples have another shape.
        """
        outputs = np.asarray(x, self.dtype)
        if outputs.shape[1:] != self.input_shape:
            raise ValueError(
                f"the network takes examples of shape {self.input_shape}, not {outputs.shape[1:]}"
            )
        for layer in self.layers:
            outputs = layer.forward(outputs, training)
        return outputs

    def predict(self, x: NDArray[Any], batch_size: int = 256) -> Floats:
        """Compute the outputs outside training, batch by batch.

        Args:
            x: array, shape (n, *input_shape).
            batch_size: int, examples per forward pass. Defaults to 256.

        Returns:
            The outputs, shape (n, *output_shape).
        """
        return np.concatenate([self.forward(part) for part in _batches(x, batch_size)])

    def evaluate(self, x: NDArray[Any], y: NDArray[Any], batch_size: int = 256) -> dict[str, float]:
        """Compute the loss and the metrics outside training.

        Args:
            x: array, shape (n, *input_shape).
            y: targets, shape (n, ...).
            batch_size: int, examples per forward pass. Defaults to 256.

        Returns:
            "loss" and each metric's name → mean over the examples.
        """
        parts = list(zip(_batches(x, batch_size), _batches(y, batch_size), strict=True))
        results = [self._measure(self.forward(x), y)[0] for x, y in parts]
        return _means(results, [len(y) for _, y in parts])

    def loss_and_gradients(
        self, x: ArrayLike, y: ArrayLike, training: bool = False
    ) -> tuple[float, list[Floats]]:
        """Compute the loss of one batch and its gradient with respect to each parameter.

        Args:
            x: array, shape (batch, *input_shape).
            y: targets in the form that the loss takes.
            training: bool, see `Layer.forward`. Defaults to False.

        Returns:
            The loss, and a list of one array for each of `parameters`.
        """
        return self._forward_and_backward(x, y, training)["loss"], self.gradients

    def fit(
        self,
        x: NDArray[Any],
        y: NDArray[Any],
        optimizer: SGD,
        *,
        batch_size: int = 32,
        epochs: int | None = None,
        iterations: int | None = None,
        seed: int = 0,
        validation_data: tuple[NDArray[Any], NDArray[Any]] | None = None,
        order: Callable[[int, int, int], NDArray[np.integer]] = epoch_order,
    ) -> History:
        """Train on mini-batches: forward, backward, update (A 3.3, C "SGD", D 1.6).

        Args:
            x: array of examples, shape (n, *input_shape).
            y: array of targets in the form that the loss takes, shape (n, ...).
            optimizer: one of `OPTIMIZERS`; its state continues from earlier calls.
            batch_size: int, examples per iteration; the last batch of an epoch may be smaller.
                Defaults to 32.
            epochs: int or None, passes over the data. Defaults to None, which is 1 if `iterations`
                is None too.
            iterations: int or None, number of updates, in place of `epochs`; the last epoch may be
                cut short. Defaults to None.
            seed: int, at least 0, seed of the permutations. Defaults to 0.
            validation_data: tuple (x, y) or None, evaluated after each epoch. Defaults to None.
            order: callable (n, seed, epoch) → permutation of the examples. Defaults to
                `epoch_order`.

        Returns:
            A `History`.

        Raises:
            ValueError: if a size is not positive, x and y differ in length, or both `epochs` and
                `iterations` are given.
        """
        n = len(x)
        _check_fit(n, len(y), batch_size, epochs, iterations)
        per_epoch = math.ceil(n / batch_size)
        iterations = iterations or (epochs or 1) * per_epoch
        losses: list[float] = []
        history: dict[str, list[float]] = {}
        seconds, examples = 0.0, 0
        for epoch in range(math.ceil(iterations / per_epoch)):
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

    def _train_step(self, x: NDArray[Any], y: NDArray[Any], optimizer: SGD) -> dict[str, float]:
        results = self._forward_and_backward(x, y, training=True)
        optimizer.update(self.parameters, self.gradients)
        return results

    def _forward_and_backward(self, x: ArrayLike, y: ArrayLike, training: bool) -> dict[str, float]:
        results, gradient = self._measure(self.forward(x, training), y)
        first = next(i for i, layer in enumerate(self.layers) if layer.parameters)
        for layer in reversed(self.layers[first + 1 :]):
            gradient = layer.backward(gradient)
        self.layers[first].backward_to_parameters(gradient)
        return results

    def _measure(self, outputs: Floats, y: ArrayLike) -> tuple[dict[str, float], Floats]:
        """The loss and the metrics of a batch; the gradient of the loss."""
        targets = np.asarray(y)
        loss, gradient = self.loss(outputs, targets)
        metrics = {name: metric(outputs, targets) for name, metric in self.metrics.items()}
        return {"loss": loss, **metrics}, gradient


def _batches(array: NDArray[Any], batch_size: int) -> Iterator[NDArray[Any]]:
    for first in range(0, len(array), batch_size):
        yield array[first : first + batch_size]


def _means(results: Sequence[Mapping[str, float]], sizes: Sequence[int]) -> dict[str, float]:
    return {
        name: float(np.average([result[name] for result in results], weights=sizes))
        for name in results[0]
    }


def _check_fit(
    n: int, targets: int, batch_size: int, epochs: int | None, iterations: int | None
) -> None:
    if n == 0:
        raise ValueError("x is empty; fit needs at least one example")
    if targets != n:
        raise ValueError(f"x has {n} examples but y has {targets}; they must be equal")
    if epochs is not None and iterations is not None:
        raise ValueError("pass epochs or iterations, not both")
    for name, size in (("batch_size", batch_size), ("epochs", epochs), ("iterations", iterations)):
        if size is not None:
            check_size(name, size)
