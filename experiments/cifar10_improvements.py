"""B's network on CIFAR-10 and what B adds to it, one step at a time (B, sections 2.2 to 3.5)."""

from reporting import Study, Table, compare, summary, summary_of, table_of, value
from reporting.figures import plots
from reporting.figures.curves import draw_intervals, draw_metric
from reporting.study.lab import CNN_SEEDS
from reporting.study.tables import OVER_SEEDS, facts, metrics
from reporting.verdicts import measures
from reporting.verdicts.measures import final, over_seeds, overfitting_gap, turning_epoch

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
LAST = f"{BEST}, longer"
AFFINE, ADAM, SAME_RATE = "+ affine", "Adam instead of momentum", "Adam at the rate of momentum"
BEFORE = dict(zip([*STEPS, AFFINE][1:], STEPS, strict=True)) | {ADAM: BEST, SAME_RATE: BEST}
FIRST_RATES = {"sgd": (0.03, 0.1), "momentum": (0.01, 0.03), "adam": (0.0003, 0.001)}


@study.runs
def runs(lab):
    n, validation, epochs, few = lab.choose(quick=(300, 200, 2, 1), paper=(10_000, 5_000, 15, 4))
    step = lab.config("cifar10", train_size=n, validation_size=validation, epochs=few,
                      model="cifar_cnn", batch_size=128)  # fmt: skip
    ladder = {}
    for name, added in STEPS.items():
        ladder[name] = step = step.replace(**added)
    ladder[ADAM] = step.replace(optimizer="adam")
    rates = {name: FIRST_RATES[config.optimizer] for name, config in ladder.items()}
    tuned = lab.tune(ladder, rates, by="validation error")
    best = tuned[BEST]
    tuned[AFFINE] = best.replace(augmentation=("crop", "flip", "affine"))
    tuned[SAME_RATE] = best.replace(optimizer="adam")
    # The test images are looked at once, after training on all others.
    images, longer = lab.choose(quick=(n + validation, 3), paper=(50_000, 25))
    last = best.replace(train_size=images, validation_size=0, epochs=longer)
    kept = {"epochs": epochs, "keep": ("sample evaluations",)}
    trained = lab.train({n: config.replace(**kept) for n, config in tuned.items()} | {LAST: last})
    return {"ladder": {n: trained[n] for n in tuned}, "longer": {BEST: trained[LAST]}}


MEASURES = {
    "training loss after 5 epochs": measures.early_loss,
    "training minus validation accuracy": overfitting_gap,
    "change of validation accuracy between the last epochs": measures.unsteadiness,
    "test accuracy": final("test_accuracy"),
}
EARLY_LOSS, GAP, UNSTEADINESS, ACCURACY = MEASURES
STATEMENTS = [  # source, statement, measure, and which of two networks has less of it
    ("B Q19", "Standardised inputs converge faster", EARLY_LOSS, STANDARD, BASELINE),
    ("B Q19", "Standardised inputs improve test accuracy", ACCURACY, BASELINE, STANDARD),
    ("B Q22", "Augmentation limits over-fitting", GAP, AUGMENTED, STANDARD),
    ("B Q22", "Augmentation converges more slowly", EARLY_LOSS, STANDARD, AUGMENTED),
    ("B Q26", "Momentum and a schedule over-fit less", GAP, MOMENTUM, AUGMENTED),
    ("B Q26", "Momentum and a schedule are more stable", UNSTEADINESS, MOMENTUM, AUGMENTED),
    ("B Q29", "Dropout over-fits less", GAP, DROPOUT, MOMENTUM),
    ("B Q29", "Dropout converges more slowly", EARLY_LOSS, MOMENTUM, DROPOUT),
    ("B Q34", "Batch normalisation converges faster", EARLY_LOSS, BEST, DROPOUT),
    ("B Q34", "Batch normalisation avoids over-fitting", GAP, BEST, DROPOUT),
    ("B bonus 25", "Affine augmentation over-fits even less", GAP, AFFINE, BEST),
    ("B bonus 25", "Affine augmentation converges more slowly", EARLY_LOSS, BEST, AFFINE),
    ("B bonus 28", "Adam at the rate of momentum is bad", ACCURACY, SAME_RATE, BEST),
    ("B bonus 28", "Adam at its own rate does better than there", ACCURACY, SAME_RATE, ADAM),
]


@study.claims
def claims(runs):
    ladder = runs["ladder"]
    return [
        value("B Q18", "Over-fitting begins after 6 or 7 epochs",
              "epoch of the lowest validation loss", 6.5,
              over_seeds(ladder[BASELINE], turning_epoch)),
        *(
            compare(source, statement, quantity, ladder, MEASURES[quantity], less, more,
                    better="higher" if quantity == ACCURACY else "lower")
            for source, statement, quantity, less, more in STATEMENTS
        ),
    ]  # fmt: skip


@study.table
def steps(runs):
    ladder, rows = runs["ladder"], []
    test = {name: over_seeds(records, MEASURES[ACCURACY]) for name, records in ladder.items()}
    further = {
        "last validation accuracy": measures.validation_accuracy,
        "best": lambda record: record.epochs["val_accuracy"].max(),
        "lowest validation loss at epoch": turning_epoch,
        GAP: overfitting_gap,
        "training seconds": lambda record: record.seconds,
    }
    for name, records in ladder.items():
        gain = summary(test[name] - test[BEFORE[name]]) if name in BEFORE else None
        measured = [summary_of(records, measure) for measure in further.values()]
        rows.append([name, records[0].config.learning_rate, summary(test[name]), gain, *measured])
    columns = ["network", "learning rate", ACCURACY, "gain", *further]
    note = f"{OVER_SEEDS} Gain: over the step before, paired by seed; for Adam, over “{BEST}”."
    return Table("What each step does", columns, rows, note)


@study.table
def longer(runs):
    measured = metrics("test accuracy", "test loss", "training accuracy")
    of_run = facts("training images", "epochs", "parameters")
    title = "The best of B's networks, trained for longer on all images"
    return table_of(title, "network", runs["longer"], measured, of_run)


@study.figure(
    caption="Test accuracy as each step is added to those above it; the last three start from "
    f"“{BEST}”. Line: 95 % interval of the mean.",
    alt="Test accuracy of nine networks on CIFAR-10, one below the other.",
)
def accuracy_of_each_step(runs):
    fig, ax = plots.figure(width=9, height=5.4)
    draw_intervals(ax, runs["ladder"], MEASURES[ACCURACY])
    plots.label_axes(ax, "Test accuracy", "")
    return fig


@study.figure(
    caption="Validation accuracy, and how far the accuracy on training images, without dropout and "
    "augmentation, lies above it.",
    alt="Validation accuracy and over-fitting gap against epochs, for nine networks.",
)
def overfitting_of_each_step(runs):
    fig, axes = plots.figure(1, 2, width=13, height=6)
    draw_metric(axes[0], runs["ladder"], "val_accuracy", "Validation accuracy")
    draw_metric(axes[1], runs["ladder"], measures.overfitting_gaps, GAP.capitalize())
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
