"""When to stop, and what the validation images cost (A, section 5.1)."""

import numpy as np

from reporting import Study, compare, direction, table_of
from reporting.figures import palette, plots
from reporting.figures.curves import draw_epochs, draw_sweeps
from reporting.verdicts.measures import crossing_epoch, final, over_seeds, turning_epoch

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
DURING, AFTER = "training, during the epoch", "training, after the epoch"
VALIDATION = "validation"


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(4_000, 25), paper=(60_000, 40))

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

    curves = {"keep": ("evaluations",)}
    return {
        "curves": lab.train(
            {PLAIN: held_back(0.2, **curves), DROPOUT: held_back(0.2, dropout=0.4, **curves)}
        ),
        "stopped": lab.train({PLAIN: held_back(0.2, patience=5)}),
        "fractions": lab.train({f: held_back(f, dropout=0.4, patience=5) for f in FRACTIONS}),
    }


def crossing_after_epochs(record):
    return crossing_epoch(record, "evaluated_loss")


@study.claims
def claims(runs):
    curves, fractions = runs["curves"], runs["fractions"]
    ends = {"stopped": runs["stopped"][PLAIN], "trained to the end": curves[PLAIN]}
    accuracy = final("test_accuracy")

    def crosses_later(label):
        statement = "Measured while the weights move, training passes validation later"
        quantity = "first epoch with training loss below validation loss to the end"
        after = "measured after it", over_seeds(curves[label], crossing_after_epochs)
        during = "during the epoch", over_seeds(curves[label], crossing_epoch)
        return direction("A 5.1", f"{statement} ({label})", quantity, after, during)

    def dearer(large, small):
        statement = f"Holding back {large:.0%} instead of {small:.0%} costs test accuracy"
        pair = [(f"fraction {f}", over_seeds(fractions[f], accuracy)) for f in (large, small)]
        return direction("A 5.1", statement, "test accuracy", *pair, better="higher")

    return [
        crosses_later(DROPOUT),
        crosses_later(PLAIN),
        compare("A 5.1", "Stopping by validation lowers the test loss", "test loss",
                ends, final("test_loss"), "stopped", "trained to the end"),
        compare("A 5.1", "Stopping by validation raises the test accuracy", "test accuracy",
                ends, accuracy, "trained to the end", "stopped", better="higher"),
        dearer(0.5, 0.2),
        dearer(0.2, 0.05),
    ]  # fmt: skip


@study.table
def epochs(runs):
    measures = {
        "lowest validation loss": lambda record: record.epochs["val_loss"].min(),
        "at epoch": turning_epoch,
        "validation loss at the end": lambda record: record.epochs["val_loss"][-1],
        "training passes validation: during": crossing_epoch,
        "and after the epoch": crossing_after_epochs,
    }
    title = "When validation turns, and training passes it"
    return table_of(title, "network", runs["curves"], measures)


@study.table
def cost(runs):
    facts = {
        "training images": lambda record: record.config.train_size,
        "validation images": lambda record: record.config.validation_size,
    }
    measures = {
        "stopped at epoch": turning_epoch,
        "test loss": final("test_loss"),
        "test accuracy": final("test_accuracy"),
    }
    title = "What a validation split costs (dropout 0.4, patience 5)"
    return table_of(title, "fraction", runs["fractions"], measures, facts, note="")


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
            ax.axvline(turn, color=palette.GREY, linewidth=1)
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
    measures = {"Test accuracy": final("test_accuracy"), "Stopped at epoch": turning_epoch}
    panels = {name: {DROPOUT: measure} for name, measure in measures.items()}
    x = "Share of images held back"
    return draw_sweeps(runs["fractions"], panels, x, width=11, height=4.6)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
