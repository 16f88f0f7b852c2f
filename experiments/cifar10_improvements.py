"""B's network on CIFAR-10 and what B adds to it, one step at a time (B, sections 2.2 to 3.5)."""

from dataclasses import dataclass

from reporting import (
    Measure,
    Methods,
    Study,
    Table,
    compare,
    summary,
    summary_of,
    table_of,
    value,
)
from reporting.figures import plots
from reporting.figures.curves import draw_intervals, draw_metric
from reporting.study.lab import CNN_SEEDS
from reporting.study.tables import OVER_SEEDS, facts
from reporting.verdicts import measures
from reporting.verdicts.measures import (
    ACCURACY_MARGIN,
    LOSS_MARGIN,
    TEST_ACCURACY,
    TEST_LOSS,
    TRAINING_ACCURACY,
    VALIDATION_ACCURACY,
    over_seeds,
)

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

# B's network (B 2.2): three 5x5 convolutions with 32, 64 and 64 filters that keep the image's size,
# each with ReLU and 2x2 max pooling, a dense layer of 1000 with ReLU, 10, trained on the
# cross-entropy of the softmax.
NETWORK = {"model": "cifar_cnn"}
BATCH_SIZE = 128
FIRST_RATES = {"sgd": (0.03, 0.1), "momentum": (0.01, 0.03), "adam": (0.0003, 0.001)}

STEPS = {  # each on top of those before
    "baseline": {},
    "+ standardisation": {"scaling": "standard"},
    "+ crop and flip": {"augmentation": ("crop", "flip")},
    "+ momentum, schedule": {"optimizer": "momentum", "schedule": "cosine"},
    "+ dropout": {"dropout": 0.5},
    "+ batch normalisation": {"batch_normalisation": True},
}
BASELINE, STANDARD, AUGMENTED, MOMENTUM, DROPOUT, BEST = STEPS
LONGER = f"{BEST}, longer"
AFFINE, ADAM, SAME_RATE = "+ affine", "Adam instead of momentum", "Adam at the rate of momentum"
BEFORE = {  # the network that each one changes in one thing
    STANDARD: BASELINE,
    AUGMENTED: STANDARD,
    MOMENTUM: AUGMENTED,
    DROPOUT: MOMENTUM,
    BEST: DROPOUT,
    AFFINE: BEST,
    ADAM: BEST,
    SAME_RATE: BEST,
}


@dataclass(frozen=True)
class Runs:
    """The networks of the ladder and of B's bonus, and the best of them on all images."""

    ladder: Methods
    longer: Methods


@study.runs
def runs(lab):
    n, validation, epochs, tuning_epochs = lab.choose(
        quick=(300, 200, 2, 1), paper=(10_000, 5_000, 15, 4)
    )
    step = lab.config(
        "cifar10",
        **NETWORK,
        train_size=n,
        validation_size=validation,
        optimizer="sgd",
        batch_size=BATCH_SIZE,
        epochs=tuning_epochs,
    )
    ladder = {}
    for name, added in STEPS.items():
        step = step.replace(**added)
        ladder[name] = step
    ladder[ADAM] = step.replace(optimizer="adam")
    rates = {name: FIRST_RATES[config.optimizer] for name, config in ladder.items()}
    tuned = lab.tune(ladder, rates, by="validation error")
    best = tuned[BEST]
    tuned[AFFINE] = best.replace(augmentation=("crop", "flip", "affine"))
    tuned[SAME_RATE] = best.replace(optimizer="adam")
    asked = {
        name: config.replace(epochs=epochs, keep=("sample evaluations",))
        for name, config in tuned.items()
    }
    # The test images are looked at once, after training on all others.
    images, longer = lab.choose(quick=(n + validation, 3), paper=(50_000, 25))
    asked[LONGER] = best.replace(train_size=images, validation_size=0, epochs=longer)
    trained = lab.train(asked)
    return Runs(ladder={name: trained[name] for name in tuned}, longer={BEST: trained[LONGER]})


TURNING_EPOCH = Measure(
    "epoch of the lowest validation loss", measures.turning_epoch, unit="epoch", margin=1
)
EARLY_LOSS = Measure(
    "training loss after 5 epochs", measures.early_loss, better="lower", margin=LOSS_MARGIN
)
OVERFITTING = Measure(
    "training minus validation accuracy",
    measures.overfitting_gap,
    better="lower",
    margin=ACCURACY_MARGIN,
)
UNSTEADINESS = Measure(
    "change of validation accuracy between the last epochs",
    measures.unsteadiness,
    better="lower",
    margin=ACCURACY_MARGIN,
)


@study.claims
def claims(runs):
    def less(source, statement, measure, lower, higher):
        return compare(
            source=source,
            statement=statement,
            measure=measure,
            runs=runs.ladder,
            lower=lower,
            higher=higher,
        )

    return [
        value(
            source="B Q18",
            statement="Over-fitting begins after 6 or 7 epochs",
            measure=TURNING_EPOCH,
            says=6.5,
            values=over_seeds(runs.ladder[BASELINE], TURNING_EPOCH),
        ),
        less("B Q19", "Standardised inputs converge faster", EARLY_LOSS, STANDARD, BASELINE),
        less(
            "B Q19", "Standardised inputs improve test accuracy", TEST_ACCURACY, BASELINE, STANDARD
        ),
        less("B Q22", "Augmentation limits over-fitting", OVERFITTING, AUGMENTED, STANDARD),
        less("B Q22", "Augmentation converges more slowly", EARLY_LOSS, STANDARD, AUGMENTED),
        less("B Q26", "Momentum and a schedule over-fit less", OVERFITTING, MOMENTUM, AUGMENTED),
        less("B Q26", "Momentum and a schedule are more stable", UNSTEADINESS, MOMENTUM, AUGMENTED),
        less("B Q29", "Dropout over-fits less", OVERFITTING, DROPOUT, MOMENTUM),
        less("B Q29", "Dropout converges more slowly", EARLY_LOSS, MOMENTUM, DROPOUT),
        less("B Q34", "Batch normalisation converges faster", EARLY_LOSS, BEST, DROPOUT),
        less("B Q34", "Batch normalisation avoids over-fitting", OVERFITTING, BEST, DROPOUT),
        less("B bonus 25", "Affine augmentation over-fits even less", OVERFITTING, AFFINE, BEST),
        less("B bonus 25", "Affine augmentation converges more slowly", EARLY_LOSS, BEST, AFFINE),
        less("B bonus 28", "Adam at the rate of momentum is bad", TEST_ACCURACY, SAME_RATE, BEST),
        less(
            "B bonus 28",
            "Adam at its own rate does better than there",
            TEST_ACCURACY,
            SAME_RATE,
            ADAM,
        ),
    ]


@study.table
def steps(runs):
    test = {name: over_seeds(records, TEST_ACCURACY) for name, records in runs.ladder.items()}
    further = {
        "last validation accuracy": VALIDATION_ACCURACY,
        "best": lambda record: record.epochs["val_accuracy"].max(),
        "lowest validation loss at epoch": TURNING_EPOCH,
        OVERFITTING.name: OVERFITTING,
        "training seconds": lambda record: record.seconds,
    }
    rows = []
    for name, records in runs.ladder.items():
        gain = summary(test[name] - test[BEFORE[name]]) if name in BEFORE else None
        measured = [summary_of(records, measure) for measure in further.values()]
        rows.append([name, records[0].config.learning_rate, summary(test[name]), gain, *measured])
    columns = ["network", "learning rate", TEST_ACCURACY.name, "gain", *further]
    note = f"{OVER_SEEDS} Gain: over the step before, paired by seed; for Adam, over “{BEST}”."
    return Table("What each step does", columns, rows, note)


@study.table
def longer(runs):
    measured = [TEST_ACCURACY, TEST_LOSS, TRAINING_ACCURACY]
    of_a_run = facts("training images", "epochs", "parameters")
    title = "The best of B's networks, trained for longer on all images"
    return table_of(title, "network", runs.longer, measured, of_a_run)


@study.figure(
    caption="Test accuracy as each step is added to those above it; the last three start from "
    f"“{BEST}”. Line: 95 % interval of the mean.",
    alt="Test accuracy of nine networks on CIFAR-10, one below the other.",
)
def accuracy_of_each_step(runs):
    fig, ax = plots.figure(width=9, height=5.4)
    draw_intervals(ax, runs.ladder, TEST_ACCURACY)
    plots.label_axes(ax, "Test accuracy", "")
    return fig


@study.figure(
    caption="Validation accuracy, and how far the accuracy on training images, without dropout and "
    "augmentation, lies above it.",
    alt="Validation accuracy and over-fitting gap against epochs, for nine networks.",
)
def overfitting_of_each_step(runs):
    fig, axes = plots.figure(1, 2, width=13, height=6)
    draw_metric(axes[0], runs.ladder, "val_accuracy", "Validation accuracy")
    draw_metric(axes[1], runs.ladder, measures.overfitting_gaps, OVERFITTING.name.capitalize())
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
