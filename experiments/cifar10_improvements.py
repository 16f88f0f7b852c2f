"""B's network on CIFAR-10 and what B adds to it, one step at a time (B, sections 2.2 to 3.5)."""

import numpy as np

from reporting import Study, Table, compare, plots, summary, table_of, value
from reporting.curves import draw_epochs, draw_intervals
from reporting.lab import CNN_SEEDS
from reporting.measures import final, over_seeds, overfitting_gap, turning_epoch
from reporting.tables import OVER_SEEDS

study = Study(
    name="cifar10_improvements",
    title="Improving a CNN on CIFAR-10",
    question="What does each of B's improvements do to accuracy, over-fitting and convergence?",
    sources=["B 2.2-3.5", "B bonus 25", "B bonus 28"],
    says="The network over-fits after 6 or 7 epochs. Standardised inputs converge faster; "
    "augmentation and dropout over-fit less and converge more slowly; momentum with a schedule of "
    "the learning rate is more stable; batch normalisation converges faster.",
    datasets=["cifar10"],
    seeds=CNN_SEEDS,
)

STEPS = {
    "baseline": {},
    "+ standardisation": {"scaling": "standard"},
    "+ crop and flip": {"augmentation": ("crop", "flip")},
    "+ momentum, schedule": {"optimizer": "momentum", "schedule": "cosine"},
    "+ dropout": {"dropout": 0.5},
    "+ batch normalisation": {"batch_normalisation": True},
}
BASELINE, STANDARD, AUGMENTED, MOMENTUM, DROPOUT, BEST = STEPS
AFFINE, ADAM, SAME_RATE = "+ affine", "Adam instead of momentum", "Adam at the rate of momentum"
BEFORE = dict(zip([*STEPS, AFFINE][1:], STEPS, strict=True)) | {ADAM: BEST, SAME_RATE: BEST}
FIRST_RATES = {"sgd": (0.03, 0.1), "momentum": (0.01, 0.03), "adam": (0.0003, 0.001)}


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(1_000, 500, 3), paper=(20_000, 5_000, 15))
    step = lab.config(
        "cifar10", train_size=n, validation_size=validation, model="cifar_cnn", batch_size=128,
        epochs=lab.choose(quick=1, paper=3),
    )  # fmt: skip
    ladder = {}
    for name, added in STEPS.items():
        ladder[name] = step = step.replace(**added)
    ladder[ADAM] = step.replace(optimizer="adam")
    tuned = {}
    for optimizer, rates in FIRST_RATES.items():
        methods = {name: config for name, config in ladder.items() if config.optimizer == optimizer}
        tuned |= lab.tune(methods, rates, by="validation error")
    best = tuned[BEST]
    tuned[AFFINE] = best.replace(augmentation=("crop", "flip", "affine"))
    tuned[SAME_RATE] = best.replace(optimizer="adam")
    # The test images are looked at once, after training on all others.
    images, longer = lab.choose(quick=(n + validation, 4), paper=(50_000, 25))
    last = best.replace(train_size=images, validation_size=0, epochs=longer)
    kept = {"epochs": epochs, "keep": ("sample evaluations",)}
    return {
        "ladder": lab.train({name: config.replace(**kept) for name, config in tuned.items()}),
        "longer": lab.train({BEST: last}),
    }


def early_loss(record, epoch=5):
    """Loss on training images after a few epochs, without dropout and augmentation."""
    losses = record.epochs["evaluated_loss"]
    return losses[min(epoch, len(losses)) - 1]


def unsteadiness(record, last=6):
    """Mean change of the validation accuracy from one of the last epochs to the next."""
    return np.abs(np.diff(record.epochs["val_accuracy"][-last:])).mean()


accuracy = final("test_accuracy")
QUANTITIES = {
    early_loss: "training loss after 5 epochs",
    overfitting_gap: "training minus validation accuracy",
    unsteadiness: "change of validation accuracy between the last epochs",
    accuracy: "test accuracy",
}
STATEMENTS = [  # source, statement, measure, and which of two networks has less of it
    ("B Q19", "Standardised inputs converge faster", early_loss, STANDARD, BASELINE),
    ("B Q19", "Standardised inputs improve test accuracy", accuracy, BASELINE, STANDARD),
    ("B Q22", "Augmentation limits over-fitting", overfitting_gap, AUGMENTED, STANDARD),
    ("B Q22", "Augmentation converges more slowly", early_loss, STANDARD, AUGMENTED),
    ("B Q26", "Momentum and a schedule over-fit less", overfitting_gap, MOMENTUM, AUGMENTED),
    ("B Q26", "Momentum and a schedule are more stable", unsteadiness, MOMENTUM, AUGMENTED),
    ("B Q29", "Dropout over-fits less", overfitting_gap, DROPOUT, MOMENTUM),
    ("B Q29", "Dropout converges more slowly", early_loss, MOMENTUM, DROPOUT),
    ("B Q34", "Batch normalisation converges faster", early_loss, BEST, DROPOUT),
    ("B Q34", "Batch normalisation avoids over-fitting", overfitting_gap, BEST, DROPOUT),
    ("B bonus 25", "Affine augmentation over-fits even less", overfitting_gap, AFFINE, BEST),
    ("B bonus 25", "Affine augmentation converges more slowly", early_loss, BEST, AFFINE),
    ("B bonus 28", "Adam at the rate of momentum is bad", accuracy, SAME_RATE, BEST),
    ("B bonus 28", "Adam at its own rate does better than there", accuracy, SAME_RATE, ADAM),
]


@study.claims
def claims(runs):
    ladder = runs["ladder"]
    turning = over_seeds(ladder[BASELINE], turning_epoch)
    return [
        value("B Q18", "Over-fitting begins after 6 or 7 epochs",
              "epoch of the lowest validation loss", 6.5, turning),
        *(
            compare(source, statement, QUANTITIES[measure], ladder, measure, less, more,
                    better="higher" if measure is accuracy else "lower")
            for source, statement, measure, less, more in STATEMENTS
        ),
    ]  # fmt: skip


@study.table
def steps(runs):
    test = {name: over_seeds(records, accuracy) for name, records in runs["ladder"].items()}
    rows = [
        [name, records[0].config.learning_rate, summary(test[name]),
         summary(test[name] - test[BEFORE[name]]) if name in BEFORE else None,
         *(summary(over_seeds(records, measure)) for measure in (
             lambda r: r.epochs["val_accuracy"][-1], lambda r: r.epochs["val_accuracy"].max(),
             turning_epoch, overfitting_gap, lambda r: r.seconds))]
        for name, records in runs["ladder"].items()
    ]  # fmt: skip
    columns = ["network", "learning rate", "test accuracy", "gain", "last validation accuracy",
               "best", "lowest validation loss at epoch", "training minus validation accuracy",
               "training seconds"]  # fmt: skip
    note = f"{OVER_SEEDS} Gain: over the step before, paired by seed; for Adam, over “{BEST}”."
    return Table("What each step does", columns, rows, note)


@study.table
def longer(runs):
    facts = {
        "training images": lambda r: r.config.train_size,
        "epochs": lambda r: r.config.epochs,
        "parameters": lambda r: r.parameters,
    }
    measures = {"test accuracy": accuracy, "test loss": final("test_loss"),
                "training accuracy": final("accuracy")}  # fmt: skip
    title = "The best of B's networks, trained for longer on all images"
    return table_of(title, "network", runs["longer"], measures, facts)


@study.figure(
    caption="Test accuracy as each step is added to those above it; the last three start from "
    f"“{BEST}”. Line: 95 % interval of the mean.",
    alt="Test accuracy of nine networks on CIFAR-10, one below the other.",
)
def accuracy_of_each_step(runs):
    fig, ax = plots.figure(width=9, height=5.4)
    draw_intervals(ax, runs["ladder"], accuracy)
    plots.label_axes(ax, "Test accuracy", "")
    return fig


@study.figure(
    caption="Validation accuracy, and how far the accuracy on training images, without dropout and "
    "augmentation, lies above it.",
    alt="Validation accuracy and over-fitting gap against epochs, for nine networks.",
)
def overfitting_of_each_step(runs):
    fig, axes = plots.figure(1, 2, width=12, height=5.6)
    for name, records in runs["ladder"].items():
        draw_epochs(axes[0], records, "val_accuracy", name)
        gaps = [r.epochs["evaluated_accuracy"] - r.epochs["val_accuracy"] for r in records]
        plots.mean_and_band(axes[1], np.arange(1, len(gaps[0]) + 1), gaps, name)
    plots.label_axes(axes[0], "Epochs", "Validation accuracy")
    plots.label_axes(axes[1], "Epochs", "Training minus validation accuracy")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.__main__ import run_one

    run_one(study.name)
