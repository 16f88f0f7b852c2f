"""What studies measure of a run: `Measure`s, and the functions of a record behind them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.record import RunRecord

ACCURACY_MARGIN = 0.003
"""Accuracies this close are practically equal."""

LOSS_MARGIN = 0.02
"""Cross-entropies this close are practically equal."""

GUESSING = np.log(10)
"""Loss of ten equal probabilities."""


@dataclass(frozen=True)
class Measure:
    """A number that is measured of a run, with what a reader must know to judge it.

    Calling a measure calls its function.

    Args:
        name: Name in claims and tables, such as "test accuracy".
        function: Function of a run, such as a `RunRecord`, that gives a number. None for a measure
            whose values a study computes from several runs at once. Defaults to None.
        better: "lower" or "higher": which values are good; None where neither is. Defaults to None.
        unit: Unit of the number, such as "s"; empty where it has none. Defaults to "".
        margin: Largest difference that is practically nothing, in the unit of the measure, written
            down before runs are looked at; None where none is stated. Defaults to None.

    Raises:
        ValueError: If `better` is something else.
    """

    name: str
    function: Callable[[Any], float] | None = None
    better: str | None = None
    unit: str = ""
    margin: float | None = None

    def __post_init__(self) -> None:
        if self.better not in ("lower", "higher", None):
            raise ValueError(f"better must be 'lower', 'higher' or None, not {self.better!r}")

    def __call__(self, run: Any) -> float:
        """The number of one run."""
        if self.function is None:
            raise TypeError(f"{self.name} is measured of several runs at once, not of one")
        return self.function(run)


def over_seeds(runs: Sequence[Any], measure: Callable[[Any], float]) -> NDArray[np.float64]:
    """`measure` of each run, float64, shape (seeds,)."""
    return np.array([measure(run) for run in runs], float)


def final(metric: str) -> Callable[[Any], float]:
    """The function that gives a metric after the last update: a key of `RunRecord.final`."""
    return lambda record: record.final[metric]


def last(metric: str) -> Callable[[Any], float]:
    """The function that gives a metric after the last epoch: a key of `RunRecord.epochs`."""
    return lambda record: float(record.epochs[metric][-1])


TRAINING_LOSS = Measure("training loss", final("loss"), better="lower", margin=LOSS_MARGIN)
"""Loss on all training images after the last update, without dropout."""

TRAINING_ACCURACY = Measure(
    "training accuracy", final("accuracy"), better="higher", margin=ACCURACY_MARGIN
)
VALIDATION_ACCURACY = Measure(
    "validation accuracy", last("val_accuracy"), better="higher", margin=ACCURACY_MARGIN
)
TEST_LOSS = Measure("test loss", final("test_loss"), better="lower", margin=LOSS_MARGIN)
TEST_ACCURACY = Measure(
    "test accuracy", final("test_accuracy"), better="higher", margin=ACCURACY_MARGIN
)


def seconds_per_update(record: RunRecord) -> float:
    """Training seconds of one iteration."""
    return record.seconds / len(record.iteration_loss)


def images_per_second(record: RunRecord) -> float:
    """Sample gradients computed in a second of training."""
    return record.sample_gradients[-1] / record.seconds


def fluctuation(record: RunRecord, last: int = 50) -> float:
    """Standard deviation of the batch loss around a straight line, over the last iterations.

    Args:
        record: The run.
        last: Number of iterations. Defaults to 50.
    """
    iterations = np.arange(last)
    losses = record.iteration_loss[-last:].astype(float)
    if not np.isfinite(losses).all():
        return math.nan
    trend = np.polynomial.Polynomial.fit(iterations, losses, 1)
    return math.sqrt(np.sum((losses - trend(iterations)) ** 2) / (last - 2))


def iterations_to_reach(record: RunRecord, loss: float) -> int:
    """Number of updates after which a full-batch run's loss is at most `loss`.

    A full batch's iteration loss is the loss on all training images, so the loss after k updates
    is that of iteration k + 1.

    Args:
        record: Run whose batch is the whole training set.
        loss: Loss to reach.

    Returns:
        The number of updates; all of them, a lower bound, if the run never gets there.
    """
    after_update = np.append(record.iteration_loss[1:], record.final["loss"])
    reached = after_update <= loss
    return int(np.argmax(reached)) + 1 if reached.any() else len(reached)


def updates_to_reach(record: RunRecord, loss: float) -> int:
    """Number of updates after which `trailing_loss` is at most `loss`.

    Args:
        record: The run.
        loss: Loss to reach.

    Returns:
        The number of updates; all of them, a lower bound, if the run never gets there.
    """
    means = trailing_loss(record)
    updates = len(record.iteration_loss)
    reached = means <= loss
    return updates - len(means) + int(np.argmax(reached)) + 1 if reached.any() else updates


def updates_to_slower_end(
    methods: Mapping[Any, Sequence[RunRecord]], *labels: Any
) -> list[tuple[Any, list[int]]]:
    """For two methods, the updates to the loss that the slower of them ends with.

    The loss is that of each seed, by `trailing_loss`, and updates are counted as
    `updates_to_reach` counts them.

    Args:
        methods: Label → runs, one for each seed.
        *labels: Labels of the two methods.

    Returns:
        (label, updates of each seed) of each method, as `direction` takes them.
    """
    ends = np.max([[trailing_loss(r)[-1] for r in methods[label]] for label in labels], axis=0)
    return [
        (label, [updates_to_reach(*pair) for pair in zip(methods[label], ends, strict=True)])
        for label in labels
    ]


def trailing_loss(record: RunRecord) -> NDArray[np.float64]:
    """Mean batch loss over the last epoch's worth of iterations, from the first epoch's end on.

    Returns:
        float64, shape (iterations − iterations per epoch + 1,).
    """
    per_epoch = record.config.iterations_per_epoch
    return np.convolve(record.iteration_loss, np.full(per_epoch, 1 / per_epoch), "valid")


def running_mean(record: RunRecord) -> NDArray[np.float64]:
    """What Keras hands to `on_train_batch_end`: the mean over the epoch so far.

    m_k = (1/k) · (l_1 + … + l_k), restarted at each epoch, for batches of equal size. (keras#17167)

    Returns:
        float64, shape (iterations,).
    """
    per_epoch = record.config.iterations_per_epoch
    epochs = np.split(
        record.iteration_loss.astype(float), range(per_epoch, len(record.iteration_loss), per_epoch)
    )
    return np.concatenate([np.cumsum(losses) / np.arange(1, len(losses) + 1) for losses in epochs])


def over_rates(
    by_rate: Mapping[Any, Sequence[Any]], measure: Callable[[Any], float]
) -> NDArray[np.float64]:
    """`measure` of each run of one method at several learning rates, shape (seeds, rates).

    Args:
        by_rate: Learning rate, or value of another setting → runs, one for each seed.
        measure: Function of a run.
    """
    return np.transpose([over_seeds(records, measure) for records in by_rate.values()])


def best_rates(
    by_rate: Mapping[float, Sequence[Any]], measure: Callable[[Any], float]
) -> NDArray[np.float64]:
    """The learning rate at which `measure` is highest, for each seed, shape (seeds,).

    Args:
        by_rate: As for `over_rates`.
        measure: As for `over_rates`.
    """
    return np.array(list(by_rate))[over_rates(by_rate, measure).argmax(axis=1)]


def stable_rates(by_rate: Mapping[float, Sequence[RunRecord]]) -> NDArray[np.float64]:
    """The largest learning rate before one that is too large, for each seed.

    Runs also fail at rates that are too small, so the stable rates reach from the first at which
    the run does not fail to the last before it fails again.

    Args:
        by_rate: As for `over_rates`, with ascending rates.

    Returns:
        Shape (seeds,); NaN where the run fails at every rate.
    """
    rates = np.array(list(by_rate), float)
    failed = over_rates(by_rate, lambda record: record.failed) > 0
    begun = np.logical_or.accumulate(~failed, axis=1)
    too_large = np.logical_or.accumulate(begun & failed, axis=1)
    stable = begun & ~too_large
    return np.where(stable.any(axis=1), np.where(stable, rates, 0).max(axis=1), np.nan)


def early_loss(record: RunRecord, epoch: int = 5) -> float:
    """Loss on training images after a few epochs, without dropout and augmentation.

    Args:
        record: Run that keeps "evaluations" of either kind.
        epoch: Epoch, counted from 1; the last one, if the run has fewer. Defaults to 5.
    """
    losses = record.epochs["evaluated_loss"]
    return losses[min(epoch, len(losses)) - 1]


def unsteadiness(record: RunRecord, last: int = 6) -> float:
    """Mean change of the validation accuracy from one of the last epochs to the next.

    Args:
        record: Run with validation images.
        last: Number of epochs. Defaults to 6.
    """
    return np.abs(np.diff(record.epochs["val_accuracy"][-last:])).mean()


def epochs_trained(record: RunRecord) -> int:
    """Number of epochs until training ended or was stopped."""
    return len(record.epochs["val_loss"])


def rises_before_lowest(curve: NDArray[Any]) -> int:
    """How often a curve rises from one epoch to the next before its lowest point."""
    return int(np.sum(np.diff(curve[: np.argmin(curve) + 1]) > 0))


def stopping_epoch(curve: NDArray[Any], patience: int) -> int:
    """The epoch, counted from 1, after which Keras's `EarlyStopping` ends training.

    It is the first that is `patience` epochs past the lowest point so far. An epoch without a new
    lowest point is already one past it, so patience 0 and 1 are the same.

    Args:
        curve: What is watched after each epoch, shape (epochs,); lower is better.
        patience: Patience, in epochs.
    """
    past = np.arange(len(curve)) - [np.argmin(curve[: k + 1]) for k in range(len(curve))]
    stops = np.flatnonzero(past >= max(patience, 1))
    return int(stops[0]) + 1 if len(stops) else len(curve)


def turning_epoch(record: RunRecord) -> int:
    """The epoch, counted from 1, after which the validation loss is lowest."""
    return int(np.argmin(record.epochs["val_loss"])) + 1


def crossing_epoch(record: RunRecord, training: str = "loss") -> int:
    """The epoch, counted from 1, from which on the training loss stays below that of validation.

    Args:
        record: Run with validation images.
        training: Which training loss: "loss", a mean over the epoch while the weights moved and
            outputs were dropped, or "evaluated_loss", measured after the epoch as validation's is.
            Defaults to "loss".

    Returns:
        The epoch; one more than the number of epochs if training does not end below validation.
    """
    above = record.epochs[training] >= record.epochs["val_loss"]
    return int(np.flatnonzero(above).max(initial=-1)) + 2


def overfitting_gaps(record: RunRecord) -> NDArray[np.float32]:
    """Accuracy on training images minus that on validation images after each epoch.

    Both are measured without dropout and augmentation.

    Args:
        record: Run that keeps "evaluations" of either kind.
    """
    return record.epochs["evaluated_accuracy"] - record.epochs["val_accuracy"]


def overfitting_gap(record: RunRecord) -> float:
    """The last of `overfitting_gaps`."""
    return overfitting_gaps(record)[-1]


def straightness(kernels: ArrayLike, directions: int = 36) -> NDArray[np.float64]:
    """How well each filter is described by straight stripes: 1 for an edge or a line.

    The share of a filter's variance that a parabola across its best direction explains: with
    u = x·cos θ + y·sin θ, the largest R² over θ of the fit a + b·u + c·u². (A 6.4: "straight
    lines".) A plane wave's slope is an edge, its ridge a line.

    Args:
        kernels: Filters, shape (filters, k, k).
        directions: Number of angles θ tried, evenly over half a turn. Defaults to 36.

    Returns:
        float64 in [0, 1], shape (filters,).
    """
    kernels = np.asarray(kernels, float)
    side = kernels.shape[-1]
    values = kernels.reshape(len(kernels), -1)
    values = values - values.mean(axis=1, keepdims=True)
    y, x = np.indices((side, side)).reshape(2, -1) - (side - 1) / 2
    explained = []
    for angle in np.pi * np.arange(directions) / directions:
        across = x * np.cos(angle) + y * np.sin(angle)
        basis, _ = np.linalg.qr(np.stack([np.ones_like(across), across, across**2], axis=1))
        explained.append(((values @ basis) ** 2).sum(axis=1))
    return np.max(explained, axis=0) / (values**2).sum(axis=1)
