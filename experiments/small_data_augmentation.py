"""Augmentation of the training images, against their number (E, “Data augmentation”; B 3.2)."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from reporting import Measure, Methods, Study, compare, direction, table_of
from reporting.figures import images, palette, plots
from reporting.figures.curves import draw_metric, draw_sweep
from reporting.study.lab import CNN_SEEDS
from reporting.study.tables import facts
from reporting.verdicts.measures import (
    ACCURACY_MARGIN,
    LOSS_MARGIN,
    TEST_ACCURACY,
    TRAINING_ACCURACY,
    TRAINING_LOSS,
    early_loss,
    over_seeds,
    overfitting_gap,
)

CHAPTER = "E, “Data augmentation”"

study = Study(
    name="small_data_augmentation",
    title="Augmentation of small data sets",
    question="How much does it help to move and mirror the training images, and for how many of "
    "them?",
    sources=[CHAPTER, "B 3.2"],
    says="Small data sets can lead to over-fitting. With a random crop and a horizontal flip with "
    "probability 0.5 over-fitting is limited, and convergence a little slower.",
    datasets=["fashion_mnist"],
    seeds=CNN_SEEDS,
)

# A's CNN (A 6.3): 28x28, two 3x3 convolutions with 32 and 64 filters, ReLU, 2x2 max pooling after
# each, a dense layer of 128 with ReLU, 10, trained on the cross-entropy of the softmax.
NETWORK = {
    "model": "cnn",
    "filters": (32, 64),
    "kernel_size": 3,
    "hidden": (128,),
    "activation": "relu",
}
BATCH_SIZE = 50
RATES = (0.0003, 0.001, 0.003)

PLAIN, AUGMENTED = "without augmentation", "crop and flip"
AUGMENTATION = ("crop", "flip")
DRAWN = {"Pullover": 2, "Sandal": 5, "Bag": 8}  # examples shown augmented: class → label
DRAWS = 8  # of each


@dataclass(frozen=True)
class Runs:
    """The runs of both methods for each number of images, and what augmentation makes of images.

    Attributes:
        by_number: Number of training images → `PLAIN` and `AUGMENTED` → runs.
        draws: Class → an example of it and `DRAWS` augmentations, shape (1 + `DRAWS`, 28, 28).
    """

    by_number: dict[int, Methods]
    draws: dict[str, np.ndarray]

    @property
    def fewest(self):
        """The smallest number of training images."""
        return min(self.by_number)

    @property
    def most(self):
        """The largest number of training images."""
        return max(self.by_number)


@study.runs
def runs(lab):
    numbers, middle, seen, validation = lab.choose(
        quick=((250, 1_000), 250, 5_000, 500),
        paper=((500, 1_000, 2_500, 5_000, 10_000), 2_500, 120_000, 1_000),
    )
    epochs = {n: seen // n for n in numbers}  # and so the same number of iterations for all
    plain = lab.config(
        **NETWORK,
        train_size=middle,
        validation_size=validation,
        optimizer="adam",
        schedule="cosine",
        batch_size=BATCH_SIZE,
        epochs=epochs[middle],
    )
    methods = {PLAIN: plain, AUGMENTED: plain.replace(augmentation=AUGMENTATION)}
    tuned = lab.tune(methods, RATES, by="validation error")
    trained = lab.train(
        {
            (f"{n:,} images", label): config.replace(
                train_size=n, epochs=epochs[n], keep=("evaluations", "examples")
            )
            for n in numbers
            for label, config in tuned.items()
        }
    )
    by_number = {n: {label: trained[f"{n:,} images", label] for label in methods} for n in numbers}
    examples = by_number[min(numbers)][AUGMENTED][0].kept["example_images"]
    return Runs(by_number, lab.compute("draws", draw_augmentations, examples))


def draw_augmentations(examples):
    """Class → its example, and what a network in training might see of it."""
    import models

    return {
        name: np.concatenate(
            [examples[[label]], models.augmented(examples[label], AUGMENTATION, DRAWS, label)]
        )
        for name, label in DRAWN.items()
    }


def quarter_loss(record):
    """Training loss after a quarter of the epochs, without augmentation."""
    return early_loss(record, len(record.epochs["evaluated_loss"]) // 4)


def gains(methods):
    """Test accuracy with augmentation minus that without, shape (seeds,)."""
    return over_seeds(methods[AUGMENTED], TEST_ACCURACY) - over_seeds(methods[PLAIN], TEST_ACCURACY)


OVERFITTING = Measure(
    "training minus validation accuracy", overfitting_gap, better="lower", margin=ACCURACY_MARGIN
)
EARLY_LOSS = Measure(
    "training loss without augmentation, after a quarter of the epochs",
    quarter_loss,
    better="lower",
    margin=LOSS_MARGIN,
)
GAIN = Measure("gain in test accuracy", better="higher", margin=ACCURACY_MARGIN)


@study.claims
def claims(runs):
    def compared(source, statement, n, measure, lower, higher):
        return compare(
            source=source,
            statement=f"{statement} ({n:,} images)",
            measure=measure,
            runs=runs.by_number[n],
            lower=lower,
            higher=higher,
        )

    def lower_for_most(statement, measure, values):
        most, fewest = runs.most, runs.fewest
        return direction(
            source=CHAPTER,
            statement=statement,
            measure=measure,
            lower=(f"{most:,} images", values(runs.by_number[most])),
            higher=(f"{fewest:,} images", values(runs.by_number[fewest])),
        )

    return [
        lower_for_most(
            "Without augmentation fewer images over-fit more",
            OVERFITTING,
            lambda methods: over_seeds(methods[PLAIN], OVERFITTING),
        ),
        *(
            compared(
                CHAPTER,
                "Augmentation raises the test accuracy",
                n,
                TEST_ACCURACY,
                lower=PLAIN,
                higher=AUGMENTED,
            )
            for n in runs.by_number
        ),
        lower_for_most(
            "Augmentation gains more where images are fewer (our own question)", GAIN, gains
        ),
        *(
            compared(
                "B 3.2",
                "Augmentation limits over-fitting",
                n,
                OVERFITTING,
                lower=AUGMENTED,
                higher=PLAIN,
            )
            for n in runs.by_number
        ),
        *(
            compared(
                "B 3.2",
                "Augmented training converges more slowly",
                n,
                EARLY_LOSS,
                lower=PLAIN,
                higher=AUGMENTED,
            )
            for n in (runs.fewest, runs.most)
        ),
    ]


@study.table
def results(runs):
    measures = [
        TRAINING_ACCURACY,
        TRAINING_LOSS,
        TEST_ACCURACY,
        dataclasses.replace(OVERFITTING, name="over-fitting gap"),
    ]
    labelled = {
        f"{n:,}, {label}": records
        for n, methods in runs.by_number.items()
        for label, records in methods.items()
    }
    of_a_run = facts("epochs", "learning rate")
    return table_of("After the last update", "training images", labelled, measures, of_a_run)


@study.figure(
    caption="Test accuracy, what augmentation adds to it in each seed, and training minus "
    "validation accuracy, neither of augmented images. All networks do the same number of "
    "iterations. A small data set has few images to validate on: 1,000 for each size (500 in the "
    "quick preset), which chose the learning rates.",
    alt="Test accuracy, its gain and over-fitting against the number of images, with and without.",
)
def accuracy_of_each_number(runs):
    fig, axes = plots.figure(1, 3, width=13, height=4.8)
    for ax, name in zip(axes, ("Test accuracy", "Gain of it", "Over-fitting gap"), strict=True):
        ax.set_xscale("log")
        plots.label_axes(ax, "Training images", name)
        ax.set_xticks(list(runs.by_number), [f"{n:,}" for n in runs.by_number], rotation=30)
        ax.set_xticks([], minor=True)
    axes[1].axhline(0, color=palette.GREY, linewidth=1)
    gained = np.transpose([gains(methods) for methods in runs.by_number.values()])
    plots.mean_and_band(axes[1], list(runs.by_number), gained, AUGMENTED)
    for ax, measure in ((axes[0], TEST_ACCURACY), (axes[2], OVERFITTING)):
        for label in (PLAIN, AUGMENTED):
            by_number = {n: methods[label] for n, methods in runs.by_number.items()}
            draw_sweep(ax, by_number, measure, label)
    plots.legend(fig)
    return fig


@study.figure(
    caption="Loss on the training images, without augmentation, and validation accuracy after each "
    "epoch. Both methods do the same number of iterations, and their learning rates fall as a "
    "cosine.",
    alt="Training loss and validation accuracy against epochs, for few and for many images.",
)
def convergence(runs):
    fig, axes = plots.figure(2, 2, width=11, sharex="col", sharey="row")
    names = {"evaluated_loss": "Training loss", "val_accuracy": "Validation accuracy"}
    for column, n in zip(axes.T, (runs.fewest, runs.most), strict=True):
        for ax, (metric, name) in zip(column, names.items(), strict=True):
            draw_metric(ax, runs.by_number[n], metric, name)
            ax.label_outer()
        column[0].set_title(f"{n:,} training images")
    plots.legend(fig)
    return fig


@study.figure(
    caption="Three test images, and eight draws of what a network in training might see of each, "
    "moved by up to 3 pixels either way and mirrored half of the time.",
    alt="A pullover, a sandal and a bag, each eight times, moved and mirrored.",
    of="seed 0",
)
def augmented(runs):
    titles = ["Test image", *(f"Draw {draw}" for draw in range(1, DRAWS + 1))]
    return images.draw_labelled_rows(runs.draws, titles, width=11)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
