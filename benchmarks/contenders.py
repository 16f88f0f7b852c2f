"""Ways to train a network, each as its user would write it, with every loss recorded.

Each function takes a `Workload` and returns a function that trains for a number of epochs and
returns the losses. `python -m benchmarks.contenders NAME WORKLOAD` times one of them in its own
process, `python -m benchmarks.contenders recording_cost STEPS_PER_EXECUTION` the cost of
`IterationLoss` in `model.fit`.
"""

import dataclasses
import json
import sys
import time

import numpy as np

BATCH_SIZE = 150
LEARNING_RATE = 0.01


@dataclasses.dataclass(frozen=True)
class Workload:
    """A network and how much of it to train.

    Attributes:
        title: its title in the table.
        hidden: neurons of the hidden layer.
        filters: filters of the convolutions; () makes a dense network.
        examples: number of images of 28x28 random pixels; an epoch is examples / 150 iterations.
        epochs: epochs in a timed round.
    """

    title: str
    hidden: tuple[int, ...]
    filters: tuple[int, ...]
    examples: int
    epochs: int

    @property
    def iterations_per_epoch(self):
        """Iterations in an epoch."""
        return self.examples // BATCH_SIZE

    def data(self):
        """Random images, uint8, shape (examples, 28, 28), and labels, int32, (examples,)."""
        rng = np.random.default_rng(0)
        images = rng.integers(256, size=(self.examples, 28, 28), dtype=np.uint8)
        return images, rng.integers(10, size=self.examples).astype(np.int32)

    def model(self, scaling=None, **compiling):
        """The compiled Keras model."""
        import keras

        import models

        shape = {"hidden": self.hidden, "scaling": scaling, "seed": 0}
        if self.filters:
            model = models.cnn_classifier((28, 28), filters=self.filters, **shape)
        else:
            model = models.dense_classifier((28, 28), **shape)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        optimizer = keras.optimizers.SGD(LEARNING_RATE)
        model.compile(optimizer, loss, metrics=["accuracy"], **compiling)
        return model


WORKLOADS = {
    "dense-128": Workload("784-128-10", (128,), (), 60_000, 8),
    "dense-5000": Workload("784-5000-10", (5000,), (), 6_000, 4),
    "cnn": Workload("CNN 32-64", (128,), (32, 64), 7_500, 3),
}


def fit_with_loss_history(workload):
    """`model.fit` with the usual callback, which appends `logs["loss"]` after each batch."""
    import keras

    class LossHistory(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.losses = []

        def on_train_batch_end(self, batch, logs=None):
            self.losses.append(logs["loss"])

    history = LossHistory()
    return _keras_fit(workload, history, lambda: history.losses)


def fit_with_iteration_loss(workload):
    """`model.fit` with `IterationLoss` and, if Keras supports it, a whole epoch per execution."""
    import keras

    from callbacks import IterationLoss

    losses = IterationLoss()
    steps = 1 if keras.backend.backend() == "torch" else workload.iterations_per_epoch
    return _keras_fit(workload, losses, lambda: losses.values, steps_per_execution=steps)


def _keras_fit(workload, callback, losses, **compiling):
    x, y = workload.data()
    x = x.astype(np.float32) / 255
    model = workload.model(**compiling)

    def train(epochs):
        model.fit(x, y, BATCH_SIZE, epochs, verbose=0, callbacks=[callback])
        return losses()

    return train


def training_fit(workload):
    """`training.fit`."""
    import training

    x, y = workload.data()
    model = workload.model(scaling=1 / 255)
    return lambda epochs: (
        training.fit(model, x, y, batch_size=BATCH_SIZE, epochs=epochs).iteration_loss
    )


def torch_eager(workload):
    """PyTorch's plain loop, which copies each loss to the host."""
    import torch
    from torch import nn

    x, y = workload.data()
    x, y = torch.from_numpy(x.astype(np.float32) / 255), torch.from_numpy(y.astype(np.int64))
    layers, channels, side = [], 1, 28
    for filters in workload.filters:
        layers += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
        channels, side = filters, (side - 2) // 2
    features = channels * side * side
    model = nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(features, *workload.hidden),
        nn.ReLU(),
        nn.Linear(*workload.hidden, 10),
    )
    x = x[:, None] if workload.filters else x
    optimizer = torch.optim.SGD(model.parameters(), LEARNING_RATE)
    cross_entropy = nn.CrossEntropyLoss()

    def train(epochs):
        losses = []
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(BATCH_SIZE):
                optimizer.zero_grad()
                loss = cross_entropy(model(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        return losses

    return train


def jax_scan(workload):
    """JAX with an epoch in one `lax.scan`, for dense networks only."""
    import jax
    import jax.numpy as jnp

    if workload.filters:
        raise ImportError("implemented only for dense networks")
    x, y = workload.data()
    x, y = jnp.asarray(x.reshape(len(x), -1).astype(np.float32) / 255), jnp.asarray(y)
    sizes = (784, *workload.hidden, 10)
    keys = jax.random.split(jax.random.key(0), len(sizes))
    state = [
        (jax.random.normal(key, (a, b)) / np.sqrt(a), jnp.zeros(b))
        for key, a, b in zip(keys, sizes, sizes[1:], strict=False)
    ]

    def batch_loss(state, rows):
        outputs = x[rows]
        for weights, bias in state[:-1]:
            outputs = jax.nn.relu(outputs @ weights + bias)
        logits = outputs @ state[-1][0] + state[-1][1]
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), y[rows][:, None], 1))

    def step(state, rows):
        loss, gradient = jax.value_and_grad(batch_loss)(state, rows)
        return jax.tree.map(lambda w, g: w - LEARNING_RATE * g, state, gradient), loss

    @jax.jit
    def epoch(state, key):
        return jax.lax.scan(
            step, state, jax.random.permutation(key, len(x)).reshape(-1, BATCH_SIZE)
        )

    def train(epochs):
        nonlocal state
        losses = []
        for key in jax.random.split(jax.random.key(1), epochs):
            state, epoch_losses = epoch(state, key)
            losses.append(np.asarray(epoch_losses))
        return np.concatenate(losses)

    return train


def five_seed_sweep(workload):
    """`training.run_all` over five seeds, including start-up of the workers and storing."""
    import tempfile

    from training import RunConfig, run_all

    if workload is not WORKLOADS["dense-128"]:
        raise ImportError("measured only for the smallest network")
    config = RunConfig(
        data="stand-in",
        hidden=workload.hidden,
        batch_size=BATCH_SIZE,
        epochs=1,
        train_size=workload.examples,
        learning_rate=LEARNING_RATE,
    )

    def train(epochs):
        with tempfile.TemporaryDirectory() as runs_dir:
            configs = [config.replace(seed=seed, epochs=epochs) for seed in range(5)]
            records = run_all(configs, runs_dir=runs_dir)
        return np.concatenate([record.iteration_loss for record in records])

    return train


CONTENDERS = {
    "fit_with_loss_history": "model.fit, LossHistory",
    "fit_with_iteration_loss": "model.fit, IterationLoss, an epoch per execution",
    "training_fit": "training.fit",
    "torch_eager": "PyTorch, eager loop",
    "jax_scan": "JAX, lax.scan",
    "five_seed_sweep": "training.run_all, five seeds, all together",
}
"""Function of this module → its title in the table."""


def measure(name, workload):
    """Time one contender.

    Returns:
        "rate", iterations per second, from the difference between a long and a short training, so
        that the cost of a call before its first iteration does not count; and "startup", that cost
        in seconds for the first call, including compilation.
    """
    train = globals()[name](workload)

    def seconds(epochs):
        started = time.perf_counter()
        losses = train(epochs)
        elapsed = time.perf_counter() - started
        return elapsed, len(losses)

    first, per_epoch = seconds(1)
    short, _ = seconds(1)
    long, _ = seconds(1 + workload.epochs)
    if long <= short:
        raise RuntimeError("more epochs took less time; measure again on an idle machine")
    rate = workload.epochs * per_epoch / (long - short)
    return {"rate": rate, "startup": first - per_epoch / rate}


def recording_cost(steps_per_execution, repeats=6):
    """Time `model.fit` with and without `IterationLoss`, in turn in one process.

    Returns:
        For each pair, the ratio of the median times of an epoch, with to without.
    """
    import keras

    from callbacks import IterationLoss

    class EpochSeconds(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            seconds.append(time.perf_counter() - self.started)

    workload = WORKLOADS["dense-128"]
    x, y = workload.data()
    x = x.astype(np.float32) / 255
    model = workload.model(steps_per_execution=steps_per_execution)
    ratios = []
    for _ in range(repeats):
        medians = []
        for recorders in ([], [IterationLoss()]):
            seconds = []
            callbacks = [EpochSeconds(), *recorders]
            model.fit(x, y, BATCH_SIZE, epochs=5, verbose=0, callbacks=callbacks)
            medians.append(np.median(seconds[1:]))  # the first epoch compiles
        ratios.append(float(medians[1] / medians[0]))
    return ratios


if __name__ == "__main__":
    try:
        if sys.argv[1] == "recording_cost":
            print(json.dumps(recording_cost(int(sys.argv[2]))))
        else:
            print(json.dumps(measure(sys.argv[1], WORKLOADS[sys.argv[2]])))
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))
