"""The number of neurons in one hidden layer, with and without dropout (A, section 5.2)."""

import numpy as np

from reporting import Study, Table, direction, identity, summary
from reporting.figures import plots
from reporting.figures.curves import draw_epochs
from reporting.verdicts.measures import final, over_seeds

study = Study(
    name="neuron_count",
    title="Neurons in a hidden layer",
    question="What do more neurons in a single hidden layer buy, in parameters and in seconds, and "
    "what does dropout add?",
    sources=["A 5.2", "A 1"],
    says="One hidden layer with dropout 0.4 and 250, 2250 or 5000 neurons: a figure of validation "
    "curves, without a statement. A layer of n_j neurons has n_j·n_{j−1} + n_j parameters.",
    datasets=["fashion_mnist"],
)

WIDTHS = (250, 2250, 5000)
PLAIN, DROPOUT = "without dropout", "dropout 0.4"


def name_of(width, dropout):
    return f"{width} neurons" + f", {DROPOUT}" * (dropout == DROPOUT)


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(1_500, 1_000, 2), paper=(48_000, 12_000, 6))
    base = lab.config(
        train_size=n, validation_size=validation, batch_size=150, epochs=epochs, optimizer="adam"
    )
    methods = {
        name_of(width, dropout): base.replace(hidden=(width,), dropout=share)
        for dropout, share in ((DROPOUT, 0.4), (PLAIN, None))
        for width in WIDTHS
    }
    return lab.train(lab.tune(methods, (0.0003, 0.001, 0.003), by="validation error"))


@study.claims
def claims(runs):
    def test(metric, statement, lower, higher):
        pair = [(name, over_seeds(runs[name], final(metric))) for name in (lower, higher)]
        better = "higher" if metric == "test_accuracy" else "lower"
        asked = f"{statement} (our own question)"  # A shows a figure, and makes no statement
        return direction("A 5.2", asked, metric.replace("_", " "), *pair, better=better)

    def wider(dropout, narrow, wide):
        statement = f"{wide} neurons classify better than {narrow} ({dropout})"
        return test("test_accuracy", statement, name_of(narrow, dropout), name_of(wide, dropout))

    def layers(width):
        record = runs[name_of(width, DROPOUT)][0]
        statement = f"784 inputs, {width} neurons and 10 outputs have Σ n_j·n_{{j−1}} + n_j weights"
        by_formula = (width * 784 + width) + (10 * width + 10)
        return identity("A 1", statement, "trainable parameters", by_formula, record.parameters)

    widest = WIDTHS[-1]
    return [
        *(wider(dropout, WIDTHS[0], wide) for dropout in (DROPOUT, PLAIN) for wide in WIDTHS[1:]),
        wider(DROPOUT, WIDTHS[1], widest),
        *(
            test("test_accuracy", f"Dropout raises the accuracy of {width} neurons",
                 name_of(width, PLAIN), name_of(width, DROPOUT))
            for width in WIDTHS
        ),
        test("test_loss", f"Dropout lowers the loss of {widest} neurons",
             name_of(widest, DROPOUT), name_of(widest, PLAIN)),
        *(layers(width) for width in WIDTHS),
    ]  # fmt: skip


def seconds_per_epoch(record):
    return record.seconds / record.config.epochs


@study.table
def results(runs):
    columns = ["network", "parameters", "learning rate", "seconds per epoch", "training loss",
               "test loss", "test accuracy"]  # fmt: skip
    rows = []
    for name, records in runs.items():
        measures = (seconds_per_epoch, final("loss"), final("test_loss"), final("test_accuracy"))
        numbers = [summary(over_seeds(records, measure)) for measure in measures]
        rows.append([name, records[0].parameters, records[0].config.learning_rate, *numbers])
    return Table("After the last epoch", columns, rows, note="Mean over seeds, 95 % interval.")


@study.figure(
    caption="Validation loss and accuracy after each epoch, each network at its own learning rate.",
    alt="Validation loss and accuracy against epochs, for three widths with and without dropout.",
)
def validation_curves(runs):
    fig, axes = plots.figure(1, 2, width=11, height=5.6)
    for ax, metric in zip(axes, ("loss", "accuracy"), strict=True):
        for name, records in runs.items():
            draw_epochs(ax, records, f"val_{metric}", name)
        plots.label_axes(ax, "Epochs", f"Validation {metric}")
    plots.legend(fig)
    return fig


@study.figure(
    caption="Test accuracy of 250, 2250 and 5000 neurons against what they cost. Twenty times the "
    "neurons are twenty times the parameters.",
    alt="Test accuracy against parameters and seconds per epoch, with and without dropout.",
)
def accuracy_against_cost(runs):
    fig, axes = plots.figure(1, 2, width=11, height=5, sharey=True)
    costs = {
        "Parameters": lambda record: record.parameters,
        ("Time per epoch", "s, one thread"): seconds_per_epoch,
    }
    for ax, (cost, measure) in zip(axes, costs.items(), strict=True):
        ax.set_xscale("log")
        for dropout in (PLAIN, DROPOUT):
            of_widths = [runs[name_of(width, dropout)] for width in WIDTHS]
            x = [over_seeds(records, measure).mean() for records in of_widths]
            accuracy = [over_seeds(records, final("test_accuracy")) for records in of_widths]
            plots.mean_and_band(ax, x, np.transpose(accuracy), dropout)
        plots.label_axes(ax, cost, "Test accuracy")
        ax.label_outer()
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
