"""When to stop, and what the validation images cost (A, section 5.1)."""

import numpy as np

from reporting import Study, Table, direction, plots, summary
from reporting.curves import draw_epochs
from reporting.measures import crossing_epoch, final, over_seeds, turning_epoch

study = Study(
    name="validation_split",
    title="Training against validation",
    question="From which epoch does a network do better on its training images than on others, "
    "when should training stop, and what does it cost to hold images back?",
    sources=["A 5.1", "E"],
    says="Measured on the images it was built on, a network looks better than it is. A share of "
    "them, validation_split = 0.2, is held back to decide when training should stop.",
    datasets=["fashion_mnist"],
)

PLAIN, DROPOUT = "without dropout", "dropout 0.4"
FRACTIONS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
DURING, AFTER, VALIDATION, TEST = plots.FAMILIES["measured on"]


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(6_000, 25), paper=(60_000, 40))

    def held_back(fraction, **fields):
        validation = round(fraction * n)
        return lab.config(
            train_size=n - validation,
            validation_size=validation,
            hidden=(250,),
            optimizer="adam",
            learning_rate=0.001,  # Keras's default for Adam
            batch_size=150,
            epochs=epochs,
            **fields,
        )

    return {
        "curves": lab.train(
            {
                PLAIN: held_back(0.2, keep=("evaluations",)),
                DROPOUT: held_back(0.2, dropout=0.4, keep=("evaluations",)),
            }
        ),
        "stopped": lab.train({PLAIN: held_back(0.2, patience=5)}),
        "fractions": lab.train({f: held_back(f, dropout=0.4, patience=5) for f in FRACTIONS}),
    }


@study.claims
def claims(runs):
    curves, fractions = runs["curves"], runs["fractions"]
    ends = {"stopped": runs["stopped"][PLAIN], "trained to the end": curves[PLAIN]}

    def crosses_later(label):
        crossings = [
            (name, over_seeds(curves[label], lambda r, of=of: crossing_epoch(r, of)))
            for name, of in (("measured after it", "evaluated_loss"), ("during the epoch", "loss"))
        ]
        return direction(
            "A 5.1", f"Measured while the weights move, training passes validation later ({label})",
            "first epoch with training loss below validation loss to the end", *crossings,
        )  # fmt: skip

    def stopping(statement, quantity, first, second):
        pair = [(label, over_seeds(ends[label], final(quantity))) for label in (first, second)]
        better = "higher" if quantity == "test_accuracy" else "lower"
        return direction("A 5.1", statement, quantity.replace("_", " "), *pair, better=better)

    def dearer(large, small):
        pair = [
            (f"fraction {fraction}", over_seeds(fractions[fraction], final("test_accuracy")))
            for fraction in (large, small)
        ]
        statement = f"Holding back {large:.0%} instead of {small:.0%} costs test accuracy"
        return direction("A 5.1", statement, "test accuracy", *pair, better="higher")

    return [
        crosses_later(DROPOUT),
        crosses_later(PLAIN),
        stopping("Stopping by validation lowers the test loss",
                 "test_loss", "stopped", "trained to the end"),
        stopping("Stopping by validation raises the test accuracy",
                 "test_accuracy", "trained to the end", "stopped"),
        dearer(0.5, 0.2),
        dearer(0.2, 0.05),
    ]  # fmt: skip


@study.table
def epochs(runs):
    columns = ["network", "lowest validation loss", "at epoch", "validation loss at the end",
               "training passes validation: during", "and after the epoch"]  # fmt: skip
    measures = (
        lambda r: r.epochs["val_loss"].min(),
        turning_epoch,
        lambda r: r.epochs["val_loss"][-1],
        crossing_epoch,
        lambda r: crossing_epoch(r, "evaluated_loss"),
    )
    rows = [
        [label, *(summary(over_seeds(records, measure)) for measure in measures)]
        for label, records in runs["curves"].items()
    ]
    return Table("When validation turns, and training passes it", columns, rows,
                 note="Mean over seeds, 95 % interval.")  # fmt: skip


@study.table
def cost(runs):
    columns = ["fraction", "training images", "validation images", "stopped at epoch",
               "test loss", "test accuracy"]  # fmt: skip
    rows = []
    for fraction, records in runs["fractions"].items():
        config = records[0].config
        measures = (turning_epoch, final("test_loss"), final("test_accuracy"))
        numbers = [summary(over_seeds(records, measure)) for measure in measures]
        rows.append([fraction, config.train_size, config.validation_size, *numbers])
    return Table("What a validation split costs (dropout 0.4, patience 5)", columns, rows)


@study.figure(
    caption="The training loss as Keras reports it, a mean over the epoch while weights move and "
    "outputs are dropped, and as it is after the epoch, at the weights that validation is measured "
    "at. Vertical: where the mean validation loss is lowest.",
    alt="Loss and accuracy against epochs, without and with dropout, on training and validation.",
)
def training_and_validation(runs):
    fig, axes = plots.figure(2, 2, width=11, sharex=True, sharey="row")
    for column, (label, records) in zip(axes.T, runs["curves"].items(), strict=True):
        for ax, metric in zip(column, ("loss", "accuracy"), strict=True):
            curves = {DURING: metric, AFTER: f"evaluated_{metric}", VALIDATION: f"val_{metric}"}
            for measured, name in curves.items():
                draw_epochs(ax, records, name, measured)
            turn = np.mean([r.epochs["val_loss"] for r in records], axis=0).argmin() + 1
            ax.axvline(turn, color=plots.GREY, linewidth=1)
            plots.label_axes(ax, "Epochs", metric.capitalize())
            ax.label_outer()
        column[0].set_title(label.capitalize())
    plots.legend(fig)
    return fig


@study.figure(
    caption="Each network is stopped when its validation loss has not fallen for 5 epochs, and "
    "tested at the weights of the lowest. What is held back is missing in training.",
    alt="Test accuracy and stopping epoch against the share of images held back for validation.",
)
def cost_of_the_split(runs):
    fig, axes = plots.figure(1, 2, width=11, height=4.6)
    measures = {"Test accuracy": final("test_accuracy"), "Stopped at epoch": turning_epoch}
    for ax, (name, measure) in zip(axes, measures.items(), strict=True):
        values = np.array([over_seeds(records, measure) for records in runs["fractions"].values()])
        plots.mean_and_band(ax, FRACTIONS, values.T, DROPOUT)
        plots.label_axes(ax, "Share of images held back", name)
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.__main__ import run_one

    run_one(study.name)
