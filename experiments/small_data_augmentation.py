"""Augmentation of the training images, against their number (E, “Data augmentation”; B 3.2)."""

import numpy as np

import models
from reporting import Study, compare, direction, table_of
from reporting.figures import images, palette, plots
from reporting.figures.curves import draw_metric, draw_sweep
from reporting.study.lab import CNN_SEEDS
from reporting.study.tables import facts, metrics
from reporting.verdicts.measures import early_loss, final, over_seeds, overfitting_gap
from training.backend import import_keras

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

PLAIN, AUGMENTED = "without augmentation", "crop and flip"
AUGMENTATION = ("crop", "flip")


@study.runs
def runs(lab):
    numbers, middle, seen, validation = lab.choose(
        quick=((250, 1_000), 250, 5_000, 500),
        paper=((500, 1_000, 2_500, 5_000, 10_000), 2_500, 120_000, 1_000),
    )
    epochs = {n: seen // n for n in numbers}  # and so the same number of iterations for all
    plain = lab.config(
        train_size=middle, validation_size=validation, model="cnn", optimizer="adam",
        schedule="cosine", batch_size=50, epochs=epochs[middle],
    )  # fmt: skip
    arms = {PLAIN: plain, AUGMENTED: plain.replace(augmentation=AUGMENTATION)}
    tuned = lab.tune(arms, (0.0003, 0.001, 0.003), by="validation error")
    trained = lab.train(
        {
            (n, arm): config.replace(
                train_size=n, epochs=epochs[n], keep=("evaluations", "examples")
            )
            for n in epochs
            for arm, config in tuned.items()
        }
    )
    return {n: {arm: trained[n, arm] for arm in arms} for n in epochs}


def quarter_loss(record):
    """Training loss after a quarter of the epochs, without augmentation."""
    return early_loss(record, len(record.epochs["evaluated_loss"]) // 4)


def gains(arms):
    """Test accuracy with augmentation minus that without, shape (seeds,)."""
    plain, augmented = (over_seeds(arms[arm], final("test_accuracy")) for arm in (PLAIN, AUGMENTED))
    return augmented - plain


@study.claims
def claims(runs):
    least, most = min(runs), max(runs)

    def compared(source, statement, n, quantity, measure, lower, higher, **options):
        statement = f"{statement} ({n:,} images)"
        return compare(source, statement, quantity, runs[n], measure, lower, higher, **options)

    def lower_for_many(statement, quantity, of_arms):
        pair = [(f"{n:,} images", of_arms(runs[n])) for n in (most, least)]
        return direction(CHAPTER, statement, quantity, *pair)

    gap = "training minus validation accuracy"
    early = "training loss without augmentation, after a quarter of the epochs"
    return [
        lower_for_many("Without augmentation fewer images over-fit more", gap,
                       lambda arms: over_seeds(arms[PLAIN], overfitting_gap)),
        *(compared(CHAPTER, "Augmentation raises the test accuracy", n, "test accuracy",
                   final("test_accuracy"), PLAIN, AUGMENTED, better="higher") for n in runs),
        lower_for_many("Augmentation gains more where images are fewer (our own question)",
                       "gain in test accuracy", gains),
        *(compared("B 3.2", "Augmentation limits over-fitting", n, gap, overfitting_gap,
                   AUGMENTED, PLAIN) for n in runs),
        *(compared("B 3.2", "Augmented training converges more slowly", n, early, quarter_loss,
                   PLAIN, AUGMENTED) for n in (least, most)),
    ]  # fmt: skip


@study.table
def results(runs):
    measures = metrics("training accuracy", "training loss", "test accuracy")
    measures |= {"over-fitting gap": overfitting_gap}
    labelled = {f"{n:,}, {arm}": r for n, arms in runs.items() for arm, r in arms.items()}
    return table_of("After the last update", "training images", labelled, measures,
                    facts("epochs", "learning rate"))  # fmt: skip


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
        ax.set_xticks(list(runs), [f"{n:,}" for n in runs], rotation=30)
        ax.set_xticks([], minor=True)
    axes[1].axhline(0, color=palette.GREY, linewidth=1)
    plots.mean_and_band(axes[1], list(runs), np.transpose([*map(gains, runs.values())]), AUGMENTED)
    for ax, measure in ((axes[0], final("test_accuracy")), (axes[2], overfitting_gap)):
        for arm in (PLAIN, AUGMENTED):
            draw_sweep(ax, {n: arms[arm] for n, arms in runs.items()}, measure, arm)
    plots.legend(fig)
    return fig


@study.figure(
    caption="Loss on the training images, without augmentation, and validation accuracy after each "
    "epoch. Both arms do the same number of iterations, and their learning rates fall as a cosine.",
    alt="Training loss and validation accuracy against epochs, for few and for many images.",
)
def convergence(runs):
    fig, axes = plots.figure(2, 2, width=11, sharex="col", sharey="row")
    names = {"evaluated_loss": "Training loss", "val_accuracy": "Validation accuracy"}
    for column, n in zip(axes.T, (min(runs), max(runs)), strict=True):
        for ax, (metric, name) in zip(column, names.items(), strict=True):
            draw_metric(ax, runs[n], metric, name)
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
    import_keras()
    examples = runs[min(runs)][AUGMENTED][0].kept["example_images"]
    rows = {
        name: np.concatenate(
            [examples[[label]], models.augmented(examples[label], AUGMENTATION, 8, label)]
        )
        for name, label in {"Pullover": 2, "Sandal": 5, "Bag": 8}.items()
    }
    titles = ["Test image", *(f"Draw {draw}" for draw in range(1, 9))]
    return images.draw_labelled_rows(rows, titles, width=11)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
