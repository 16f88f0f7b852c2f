"""Engines, which train a config's network: in Keras, in NumPy, or in plain loops."""

import functools
import time
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

import models
from callbacks import GradientNorm
from datasets.loading import PUBLISHED
from models import from_scratch
from models.from_scratch import numpy_cnn_loops
from training.backend import BackendError
from training.config import MODELS, RunConfig
from training.loop.backends import to_device
from training.loop.batches import epoch_order
from training.loop.fitting import Evaluation, History, Trainer
from training.optimizers import OPTIMIZERS, scheduled
from training.single_run import user_builder
from training.single_run.scaling import MODEL_FACTOR

Pair = tuple[NDArray[Any], NDArray[Any]]
"""Images and their labels."""

SAMPLE = 5_000
"""Training images evaluated after each epoch if a config keeps "sample evaluations"."""


def build(config: RunConfig) -> Any:
    """Build the compiled Keras model of a config, at its initial weights.

    Raises:
        BackendError: If Keras runs on another backend than the config's.
    """
    if config.backend != keras.backend.backend():
        raise BackendError(
            f"this run needs the backend {config.backend}, but Keras runs on "
            f"{keras.backend.backend()}; set KERAS_BACKEND={config.backend}, or give the config "
            f"backend={keras.backend.backend()!r}"
        )
    name = MODELS[config.model]
    if name is None:
        return user_builder.build(config)
    builder = getattr(models, name)
    published = PUBLISHED[config.dataset]
    model = builder(
        published.image_shape,
        classes=len(published.class_names),
        scaling=MODEL_FACTOR.get(config.scaling),
        seed=config.seed,
        **config.options,
    )
    model.compile(
        optimizer=OPTIMIZERS[config.optimizer].build(
            scheduled(config.schedule, config.learning_rate, config.updates)
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


class KerasEngine:
    """Trains the Keras model with `training.fit`.

    Engines of configs that differ only in their seed or learning rate share one model and its
    compiled programs, so only one of them may be used at a time.

    Args:
        config: What to train. Images are expected as `training.single_run.scaling.fitted` returns
            them.

    Attributes:
        parameters: Number of trainable parameters.
    """

    def __init__(self, config: RunConfig):
        self._config = config
        self._network = _network(config.program)
        self._network.start_as(build(config))
        self._model = self._network.model
        self.parameters = sum(int(np.prod(w.shape)) for w in self._model.trainable_weights)

    def fit(self, x: NDArray[Any], y: NDArray[Any], validation: Pair | None) -> History:
        """Train, for as long as the config says.

        Args:
            x: Training images.
            y: Their labels, integers, shape (images,).
            validation: Validation images and their labels; None without any.
        """
        trainer = self._network.trainer(x, y, validation)
        return trainer.fit(
            epochs=self._config.epochs,
            iterations=self._config.iterations,
            callbacks=self._callbacks(),
            seed=self._config.seed,
        )

    def evaluate(self, x: NDArray[Any], y: NDArray[Any]) -> dict[str, float]:
        """Return the loss and the metrics on images x with labels y: name → number."""
        return self._network.evaluation(to_device(x, y))

    def logits(self, x: NDArray[Any], batch_size: int = 1000) -> NDArray[np.float32]:
        """Return the logits of images, float32, shape (images, classes)."""
        batches = (x[start : start + batch_size] for start in range(0, len(x), batch_size))
        return np.concatenate([self._model.predict_on_batch(batch) for batch in batches])

    def weights(self) -> list[NDArray[Any]]:
        """Return the weights, in Keras's order."""
        return self._model.get_weights()

    def gradient_norms(self) -> NDArray[np.float32]:
        """Return each layer's gradient norm at each iteration, shape (iterations, layers)."""
        return np.stack(list(self._network.norms.per_layer.values()), axis=1)

    def _callbacks(self):
        callbacks = []
        if "gradient norms" in self._config.keep:
            callbacks.append(self._network.norms)
        if self._config.patience is not None:
            callbacks.append(
                keras.callbacks.EarlyStopping(
                    "val_loss", patience=self._config.patience, restore_best_weights=True
                )
            )
        return callbacks


class _Network:
    """A model with its compiled programs, kept between runs: compiling takes longer than many."""

    def __init__(self, config: RunConfig):
        self.model = build(config)
        self.norms = GradientNorm()
        self.evaluation = Evaluation(self.model)
        self._config = config
        self._data = self._trainer = None

    def start_as(self, model):
        """Copy the state of a model that has not been trained: weights, optimizer, generators."""
        for one in (self.model, model):
            one.optimizer.build(one.trainable_variables)
        for mine, new in (
            (self.model.variables, model.variables),
            (self.model.optimizer.variables, model.optimizer.variables),
        ):
            for variable, value in zip(mine, new, strict=True):
                variable.assign(value)

    def trainer(self, x, y, validation):
        """Return the `Trainer` on these arrays, the previous one if they are the same objects."""
        data = (x, y, *(validation or ()))
        if self._data is None or any(a is not b for a, b in zip(self._data, data, strict=True)):
            self._data = data
            self._trainer = Trainer(
                self.model,
                x,
                y,
                batch_size=self._config.batch_size,
                validation_data=validation,
                evaluate_training=self._evaluated(),
            )
        return self._trainer

    def _evaluated(self):
        if "sample evaluations" in self._config.keep:
            return SAMPLE
        return "evaluations" in self._config.keep


_network = functools.lru_cache(maxsize=1)(_Network)


class NumpyEngine:
    """Trains the same network in NumPy, from the Keras model's initial weights.

    Everything is float32, and on one thread: matrices this small are slower on several.
    """

    def __init__(self, config: RunConfig):
        model = build(config)
        self._config = config
        self._scaling = np.float32(MODEL_FACTOR.get(config.scaling, 1))
        self._network = network_of(model)
        self._network.set_weights(model.get_weights())
        self.parameters = sum(parameter.size for parameter in self._network.parameters)

    def fit(self, x: NDArray[Any], y: NDArray[Any], validation: Pair | None) -> History:
        """As `KerasEngine.fit`; nothing is compiled."""
        from threadpoolctl import threadpool_limits

        config = self._config
        with threadpool_limits(1):
            history = self._network.fit(
                self._images(x),
                y,
                from_scratch.OPTIMIZERS[config.optimizer](config.learning_rate),
                batch_size=min(config.batch_size, len(x)),
                epochs=config.epochs,
                iterations=config.iterations,
                seed=config.seed,
                validation_data=validation and (self._images(validation[0]), validation[1]),
                order=epoch_order,
            )
        return History(history.iteration_loss, history.epochs, history.seconds, 0.0)

    def evaluate(self, x: NDArray[Any], y: NDArray[Any]) -> dict[str, float]:
        """As `KerasEngine.evaluate`."""
        return self._network.evaluate(self._images(x), y)

    def logits(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """As `KerasEngine.logits`."""
        return self._network.predict(self._images(x))

    def weights(self) -> list[NDArray[Any]]:
        """As `KerasEngine.weights`."""
        return self._network.get_weights()

    def _images(self, x):
        return x.reshape(len(x), *self._network.input_shape) * self._scaling


class LoopsEngine(NumpyEngine):
    """Trains Numpy-CNN's network as D does, one image and one window at a time (D 3)."""

    def fit(self, x: NDArray[Any], y: NDArray[Any], validation: Pair | None) -> History:
        """As `NumpyEngine.fit`, about a hundred times slower, and without metrics of epochs."""
        config, parameters = self._config, self._network.parameters
        optimizer = from_scratch.OPTIMIZERS[config.optimizer](config.learning_rate)
        losses, started = [], time.perf_counter()
        for iteration in range(config.updates):
            epoch, batch = divmod(iteration, config.iterations_per_epoch)
            order = epoch_order(len(x), config.seed, epoch)
            rows = order[batch * config.batch_size :][: config.batch_size]
            loss, gradients = numpy_cnn_loops.loss_and_gradients(
                parameters, self._images(x[rows]), y[rows]
            )
            optimizer.update(parameters, gradients)
            losses.append(loss)
        return History(np.array(losses, np.float32), {}, time.perf_counter() - started, 0.0)


ENGINES: dict[str, Any] = {"keras": KerasEngine, "numpy": NumpyEngine, "loops": LoopsEngine}

_ACTIVATIONS = {
    "relu": from_scratch.ReLU,
    "sigmoid": from_scratch.Sigmoid,
    "tanh": from_scratch.Tanh,
}


def network_of(model: Any) -> from_scratch.Network:
    """Build the NumPy network with the layers of a Keras model, but with its own weights.

    Scaling and reshaping of the inputs are left to the caller.

    Args:
        model: Keras model of dense, convolutional, max pooling, flatten and dropout layers.

    Returns:
        A network with the categorical cross-entropy as its loss.

    Raises:
        ValueError: If the model has another layer.
    """
    layers: list[Any] = []
    input_shape = model.input_shape[1:]
    for layer in model.layers:
        match layer:
            case keras.layers.InputLayer() | keras.layers.Rescaling():
                continue
            case keras.layers.Reshape():
                input_shape = layer.target_shape
                continue
            case keras.layers.Dense():
                layers.append(from_scratch.Dense(layer.units))
            case keras.layers.Conv2D():
                (size, _), (stride, _) = layer.kernel_size, layer.strides
                layers.append(from_scratch.Convolution(layer.filters, size, stride, layer.padding))
            case keras.layers.MaxPooling2D():
                layers.append(from_scratch.MaxPooling(layer.pool_size[0], layer.strides[0]))
            case keras.layers.Flatten():
                layers.append(from_scratch.Flatten())
            case keras.layers.Dropout():
                layers.append(from_scratch.Dropout(layer.rate))
            case _:
                raise ValueError(f"layer {layer.name} has no counterpart in NumPy")
        activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
        if activation != "linear":
            layers.append(_ACTIVATIONS[activation]())
    return from_scratch.Network(
        layers,
        from_scratch.categorical_cross_entropy,
        input_shape,
        metrics={"accuracy": from_scratch.categorical_accuracy},
    )
