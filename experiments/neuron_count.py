"""The number of neurons in one hidden layer, with and without dropout (A, section 5.2)."""

from dataclasses import dataclass

import numpy as np

from reporting import Measure, Methods, Study, compare, identity, table_of
from reporting.figures import plots
from reporting.figures.curves import draw_epochs
from reporting.study.tables import facts
from reporting.verdicts.measures import TEST_ACCURACY, TEST_LOSS, TRAINING_LOSS, over_seeds

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

# 784-w-10 with ReLU, of three widths w, trained on the cross-entropy of the softmax.
WIDTHS = (250, 2250, 5000)
NARROW, MIDDLE, WIDE = WIDTHS
PLAIN, DROPOUT = "without dropout", "dropout 0.4"
DROPOUT_RATES = {DROPOUT: 0.4, PLAIN: 0.0}
BATCH_SIZE = 150
RATES = (0.0003, 0.001, 0.003)


def name_of(width, dropout):
    """The label of a network."""
    return f"{width} neurons" if dropout == PLAIN else f"{width} neurons, {DROPOUT}"


@dataclass(frozen=True)
class Runs:
    """The runs of each network, as `name_of` labels it."""

    networks: Methods


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(1_500, 1_000, 2), paper=(48_000, 12_000, 6))
    base = lab.config(
        model="dense",
        activation="relu",
        train_size=n,
        validation_size=validation,
        optimizer="adam",
        batch_size=BATCH_SIZE,
        epochs=epochs,
    )
    methods = {
        name_of(width, dropout): base.replace(hidden=(width,), dropout=rate)
        for dropout, rate in DROPOUT_RATES.items()
        for width in WIDTHS
    }
    return Runs(lab.train(lab.tune(methods, RATES, by="validation error")))


@study.claims
def claims(runs):
    def compared(statement, measure, lower, higher):
        return compare(
            source="A 5.2",
            statement=f"{statement} (our own question)",  # A shows a figure, and states nothing
            measure=measure,
            runs=runs.networks,
            lower=lower,
            higher=higher,
        )

    def wider_is_better(narrow, wide, dropout):
        return compared(
            f"{wide} neurons classify better than {narrow} ({dropout})",
            TEST_ACCURACY,
            lower=name_of(narrow, dropout),
            higher=name_of(wide, dropout),
        )

    def parameters(width):
        return identity(
            source="A 1",
            statement=f"784 inputs, {width} neurons and 10 outputs have Σ n_j·n_{{j−1}} + n_j "
            "weights",
            quantity="trainable parameters",
            says=(width * 784 + width) + (10 * width + 10),
            holds=runs.networks[name_of(width, DROPOUT)][0].parameters,
        )

    return [
        wider_is_better(NARROW, MIDDLE, DROPOUT),
        wider_is_better(NARROW, WIDE, DROPOUT),
        wider_is_better(NARROW, MIDDLE, PLAIN),
        wider_is_better(NARROW, WIDE, PLAIN),
        wider_is_better(MIDDLE, WIDE, DROPOUT),
        *(
            compared(
                f"Dropout raises the accuracy of {width} neurons",
                TEST_ACCURACY,
                lower=name_of(width, PLAIN),
                higher=name_of(width, DROPOUT),
            )
            for width in WIDTHS
        ),
        compared(
            f"Dropout lowers the loss of {WIDE} neurons",
            TEST_LOSS,
            lower=name_of(WIDE, DROPOUT),
            higher=name_of(WIDE, PLAIN),
        ),
        *(parameters(width) for width in WIDTHS),
    ]


SECONDS_PER_EPOCH = Measure(
    "seconds per epoch", lambda record: record.seconds / record.config.epochs, unit="s"
)


@study.table
def results(runs):
    measures = [SECONDS_PER_EPOCH, TRAINING_LOSS, TEST_LOSS, TEST_ACCURACY]
    of_a_run = facts("parameters", "learning rate")
    return table_of("After the last epoch", "network", runs.networks, measures, of_a_run)


@study.figure(
    caption="Validation loss and accuracy after each epoch, each network at its own learning rate.",
    alt="Validation loss and accuracy against epochs, for three widths with and without dropout.",
)
def validation_curves(runs):
    fig, axes = plots.figure(1, 2, width=11, height=5.6)
    for ax, metric in zip(axes, ("loss", "accuracy"), strict=True):
        for name, records in runs.networks.items():
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
        ("Time per epoch", "s, one thread"): SECONDS_PER_EPOCH,
    }
    for ax, (cost, measure) in zip(axes, costs.items(), strict=True):
        ax.set_xscale("log")
        for dropout in (PLAIN, DROPOUT):
            networks = [runs.networks[name_of(width, dropout)] for width in WIDTHS]
            x = [over_seeds(records, measure).mean() for records in networks]
            accuracy = [over_seeds(records, TEST_ACCURACY) for records in networks]
            plots.mean_and_band(ax, x, np.transpose(accuracy), dropout)
        plots.label_axes(ax, cost, "Test accuracy")
        ax.label_outer()
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
