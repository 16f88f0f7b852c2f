"""What studies measure of a run: `Measure`s, and the functions of a record behind them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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

    def __post_init__(self):
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

final_loss = TRAINING_LOSS


def seconds_per_update(record):
    """Training seconds of one iteration."""
    return record.seconds / len(record.iteration_loss)


def images_per_second(record):
    """Sample gradients computed in a second of training."""
    return record.sample_gradients[-1] / record.seconds


def fluctuation(record, last=50):
    """Standard deviation of the batch loss around a straight line, over the last iterations."""
    iterations = np.arange(last)
    losses = record.iteration_loss[-last:].astype(float)
    if not np.isfinite(losses).all():
        return np.nan
    trend = np.polynomial.Polynomial.fit(iterations, losses, 1)
    return np.sqrt(np.sum((losses - trend(iterations)) ** 2) / (last - 2))


def iterations_to_reach(record, loss):
    """Number of updates after which a full-batch run's loss is at most `loss`.

    A full batch's iteration loss is the loss on all training images, so the loss after k updates
    is that of iteration k + 1. A run that never gets there counts with all its iterations, a lower
    bound.
    """
    after_update = np.append(record.iteration_loss[1:], record.final["loss"])
    reached = after_update <= loss
    return int(np.argmax(reached)) + 1 if reached.any() else len(reached)


def updates_to_reach(record, loss):
    """Number of updates after which `trailing_loss` is at most `loss`.

    A run that never gets there counts with all its iterations, a lower bound.
    """
    means = trailing_loss(record)
    updates = len(record.iteration_loss)
    reached = means <= loss
    return updates - len(means) + int(np.argmax(reached)) + 1 if reached.any() else updates


def updates_to_slower_end(methods, *labels):
    """For two methods, the updates to the loss that the slower of them ends with.

    That of each seed, by `trailing_loss`; as `updates_to_reach` counts.

    Args:
        methods: label → list of `RunRecord`, one for each seed.
        *labels: of the two.

    Returns:
        (label, updates of each seed) of each, such as `direction` takes.
    """
    ends = np.max([[trailing_loss(r)[-1] for r in methods[label]] for label in labels], axis=0)
    return [
        (label, [updates_to_reach(*pair) for pair in zip(methods[label], ends, strict=True)])
        for label in labels
    ]


def trailing_loss(record):
    """Mean batch loss of as many iterations as an epoch has, up to each, from the first epoch's on.

    Returns:
        float64, shape (iterations - iterations of an epoch + 1,).
    """
    per_epoch = record.config.iterations_per_epoch
    return np.convolve(record.iteration_loss, np.full(per_epoch, 1 / per_epoch), "valid")


def running_mean(record):
    """What Keras hands to `on_train_batch_end`: the mean over the epoch so far.

    m_k = (1/k) · (l_1 + … + l_k), started anew with each epoch, for equal batches. (keras#17167)

    Returns:
        float64, shape (iterations,).
    """
    per_epoch = record.config.iterations_per_epoch
    epochs = np.split(
        record.iteration_loss.astype(float), range(per_epoch, len(record.iteration_loss), per_epoch)
    )
    return np.concatenate([np.cumsum(losses) / np.arange(1, len(losses) + 1) for losses in epochs])


def over_rates(of_rates, measure):
    """`measure` of each record of one method at several learning rates, shape (seeds, rates).

    Args:
        of_rates: learning rate, or value of another setting → list of records, one for each seed.
        measure: function of a record.
    """
    return np.transpose([over_seeds(records, measure) for records in of_rates.values()])


def best_rates(of_rates, measure):
    """The learning rate at which `measure` is highest, for each seed."""
    return np.array(list(of_rates))[over_rates(of_rates, measure).argmax(axis=1)]


def stable_rates(of_rates):
    """The largest learning rate before one that is too large, for each seed.

    Runs fail at rates that are too small, too; so these are the rates from the first at which the
    run does not fail to the last before it fails again.

    Args:
        of_rates: as for `over_rates`, the rates ascending.

    Returns:
        Shape (seeds,); NaN where the run fails at every rate.
    """
    rates = np.array(list(of_rates), float)
    failed = over_rates(of_rates, lambda record: record.failed) > 0
    begun = np.logical_or.accumulate(~failed, axis=1)
    too_large = np.logical_or.accumulate(begun & failed, axis=1)
    stable = begun & ~too_large
    return np.where(stable.any(axis=1), np.where(stable, rates, 0).max(axis=1), np.nan)


def early_loss(record, epoch=5):
    """Loss on training images after a few epochs, without dropout and augmentation.

    Args:
        record: of a run that keeps "evaluations" of either kind.
        epoch: counted from 1; of a run that has fewer, the last counts.
    """
    losses = record.epochs["evaluated_loss"]
    return losses[min(epoch, len(losses)) - 1]


def validation_accuracy(record):
    """Accuracy on the validation images after the last epoch."""
    return record.epochs["val_accuracy"][-1]


def unsteadiness(record, last=6):
    """Mean change of the validation accuracy from one of the last epochs to the next."""
    return np.abs(np.diff(record.epochs["val_accuracy"][-last:])).mean()


def epochs_trained(record):
    """Number of epochs until training ended or was stopped."""
    return len(record.epochs["val_loss"])


def rises_before_lowest(curve):
    """How often a curve rises from one epoch to the next before its lowest point."""
    return int(np.sum(np.diff(curve[: np.argmin(curve) + 1]) > 0))


def stopping_epoch(curve, patience):
    """The epoch, counted from 1, after which Keras's `EarlyStopping` ends training.

    It is the first that is `patience` epochs past the lowest point so far; an epoch that is no new
    lowest point is already one past it, so that 0 and 1 are the same.

    Args:
        curve: what is watched after each epoch, shape (epochs,); the lower the better.
        patience: in epochs.
    """
    past = np.arange(len(curve)) - [np.argmin(curve[: k + 1]) for k in range(len(curve))]
    stops = np.flatnonzero(past >= max(patience, 1))
    return int(stops[0]) + 1 if len(stops) else len(curve)


def turning_epoch(record):
    """The epoch, counted from 1, after which the validation loss is lowest."""
    return int(np.argmin(record.epochs["val_loss"])) + 1


def crossing_epoch(record, training="loss"):
    """The epoch, counted from 1, from which on the training loss stays below that of validation.

    Args:
        record: of a run with validation images.
        training: which training loss: "loss", a mean over the epoch while the weights moved and
            outputs were dropped, or "evaluated_loss", after the epoch as validation's.

    Returns:
        One more than the number of epochs where it does not end below.
    """
    above = record.epochs[training] >= record.epochs["val_loss"]
    return int(np.flatnonzero(above).max(initial=-1)) + 2


def overfitting_gaps(record):
    """Accuracy on training images minus that on validation images after each epoch.

    Both without dropout and augmentation; of a run that keeps "evaluations" of either kind.
    """
    return record.epochs["evaluated_accuracy"] - record.epochs["val_accuracy"]


def overfitting_gap(record):
    """The last of `overfitting_gaps`."""
    return overfitting_gaps(record)[-1]


def straightness(kernels, directions=36):
    """How well each filter is described by straight stripes: 1 for an edge or a line.

    The share of a filter's variance that a parabola across its best direction explains: with
    u = x·cos θ + y·sin θ, the largest R² over θ of the fit a + b·u + c·u². (A 6.4: "straight
    lines".) A plane wave's slope is an edge, its ridge a line.

    Args:
        kernels: shape (filters, k, k).
        directions: angles θ tried, evenly over half a turn.

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
