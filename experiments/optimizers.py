"""Eight optimizers over learning rates, and down functions of two numbers (E; B, Q28)."""

from dataclasses import dataclass
from typing import Any

from experiments.analyses.optimizers import landscapes
from experiments.analyses.optimizers.landscapes import COARSE, FINE, LONG, ROUND, TURNED
from experiments.analyses.optimizers.tuned_rates import best_rate_except, rates_table
from reporting import Measure, Methods, Study, compare, direction, table_of
from reporting.figures import plots
from reporting.figures.curves import draw_losses, draw_rates
from reporting.study.lab import Tuning
from reporting.study.tables import facts
from reporting.verdicts.measures import TEST_ACCURACY, TEST_LOSS
from training import OPTIMIZERS

study = Study(
    name="optimizers",
    title="Optimizers and their learning rates",
    question="How much does each optimizer depend on its learning rate, and which is best at "
    "Keras's rate and at its own?",
    sources=["E", "B Q28"],
    says="Adam is often a good choice to start with, at the “magic” learning rate of a joke: "
    "“3e-4 is the best learning rate for Adam, hands down”. RMSProp behaves better than AdaGrad in "
    "elongated bowls.",
    datasets=["fashion_mnist"],
    seeds={"quick": 2, "paper": 5},
)

# 784-128-10, trained on the cross-entropy of the softmax.
NETWORK = {"model": "dense", "hidden": (128,), "activation": "relu"}
BATCH_SIZE = 150

KERAS_RATES = {optimizer.label: optimizer.default_rate for optimizer in OPTIMIZERS.values()}
SGD, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM = (
    OPTIMIZERS[name].label for name in ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
)
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
QUICK_RATES = {  # a part of them around the best
    **dict.fromkeys(KERAS_RATES, (0.001, 0.003, 0.01)),
    **dict.fromkeys((SGD, MOMENTUM, NESTEROV, ADAGRAD), (0.03, 0.1, 0.3)),
}
MAGIC_RATE = 0.0003
BEST, OF_KERAS, MAGIC, BEST_BUT_MAGIC = (
    "its best rate",
    "Keras's rate",
    "3e-4",
    "its best rate but 3e-4",
)


def at(rate, label):
    """The label of an optimizer at one of its learning rates."""
    return f"{label} at {rate}"


@dataclass(frozen=True)
class Runs:
    """The runs on images, and the descents on landscapes.

    Attributes:
        tunings: Label of an optimizer → how its learning rate was chosen.
        tried: Label of SGD and Adam → learning rate → its runs on the tuning seeds.
        trained: Label of an optimizer at a learning rate, as `at` writes it → its runs.
        descents: What `landscapes.all_descents` returns.
    """

    tunings: dict[str, Tuning]
    tried: dict[str, Methods]
    trained: Methods
    descents: dict[str, dict[str, dict[str, Any]]]


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(4_000, 1_000, 2), paper=(48_000, 12_000, 5))
    base = lab.config(
        **NETWORK,
        train_size=n,
        validation_size=validation,
        batch_size=BATCH_SIZE,
        epochs=epochs,
    )
    methods = {entry.label: base.replace(optimizer=name) for name, entry in OPTIMIZERS.items()}
    rates = lab.choose(quick=QUICK_RATES, paper=RATES)
    tuned = lab.tune(methods, rates, by="validation error")
    settings = {at(BEST, label): config for label, config in tuned.items()}
    for label, rate in KERAS_RATES.items():
        settings[at(OF_KERAS, label)] = methods[label].replace(learning_rate=rate)
    adam, second_best = methods[ADAM], best_rate_except(lab.tunings[ADAM], MAGIC_RATE)
    settings[at(MAGIC, ADAM)] = adam.replace(learning_rate=MAGIC_RATE)
    settings[at(BEST_BUT_MAGIC, ADAM)] = adam.replace(learning_rate=second_best)
    return Runs(
        tunings=lab.tunings,
        tried={label: lab.trials(at_rates_tried(lab, methods, label)) for label in (SGD, ADAM)},
        trained=lab.train(settings),
        descents=lab.compute("descents", landscapes.all_descents),
    )


def at_rates_tried(lab, methods, label):
    """Learning rate → config, for each rate that was tried for an optimizer."""
    rates = lab.tunings[label].rates.tolist()
    return {rate: methods[label].replace(learning_rate=rate) for rate in rates}


@study.claims
def claims(runs):
    def more_accurate(source, statement, better, worse):
        return compare(
            source=source,
            statement=statement,
            measure=TEST_ACCURACY,
            runs=runs.trained,
            lower=worse,
            higher=better,
        )

    def fewer(statement, lower, higher, share=FINE):
        updates = Measure(
            f"updates to {share} of the loss at the start, each at its best rate",
            better="lower",
            margin=0.05,  # of the ratio: one update in twenty
        )

        def labelled(label, landscape):
            return f"{label}, {landscape}", runs.descents[landscape][label]["updates"][share]

        return direction(
            source="E",
            statement=statement,
            measure=updates,
            lower=labelled(*lower),
            higher=labelled(*higher),
            ratio=True,
        )

    others = [label for label in KERAS_RATES if label != ADAM]
    return [
        *(
            more_accurate(
                "E",
                f"To start with, Adam at 3e-4 is better than {label} at Keras's rate",
                better=at(MAGIC, ADAM),
                worse=at(OF_KERAS, label),
            )
            for label in others
        ),
        more_accurate(
            "B Q28",
            "At the rates of Keras Adam is better than SGD",
            better=at(OF_KERAS, ADAM),
            worse=at(OF_KERAS, SGD),
        ),
        more_accurate(
            "E",
            "Each at its best rate, Adam is better than SGD",
            better=at(BEST, ADAM),
            worse=at(BEST, SGD),
        ),
        more_accurate(
            "E",
            "3e-4 is better for Adam than every other rate",
            better=at(MAGIC, ADAM),
            worse=at(BEST_BUT_MAGIC, ADAM),
        ),
        fewer("An elongated bowl slows gradient descent", (SGD, ROUND), (SGD, LONG)),
        *(
            fewer(f"{label} improves on SGD in an elongated bowl", (label, LONG), (SGD, LONG))
            for label in (ADAGRAD, RMSPROP, ADAM)
        ),
        fewer(
            "RMSProp improves on SGD in an elongated bowl, to a coarse loss",
            (RMSPROP, LONG),
            (SGD, LONG),
            share=COARSE,
        ),
        fewer("RMSProp improves on AdaGrad in an elongated bowl", (RMSPROP, LONG), (ADAGRAD, LONG)),
        *(
            fewer(
                f"Turning the elongated bowl slows {label} (our own question)",
                (label, LONG),
                (label, TURNED),
            )
            for label in (ADAGRAD, RMSPROP)
        ),
    ]


@study.table
def learning_rates(runs):
    return rates_table(runs.tunings, "Learning rates")


@study.table
def results(runs):
    measures = [TEST_ACCURACY, TEST_LOSS]
    return table_of(
        "On the test images", "optimizer", runs.trained, measures, facts("learning rate")
    )


@study.table
def updates(runs):
    return landscapes.updates_table(runs.descents)


@study.figure(
    caption="Each batch's loss before its update, as a moving average over 25 iterations: left "
    "for SGD, right for Adam, at each learning rate tried, on the tuning seeds; as in E.",
    alt="Training loss against iterations at several learning rates, for SGD and for Adam.",
    of="tuning seeds",
)
def sgd_and_adam(runs):
    return draw_rates(runs.tried, window=25)


@study.figure(
    caption="The same for all optimizers, each at its best learning rate.",
    alt="Training loss against iterations for eight optimizers.",
)
def loss_at_each_iteration(runs):
    fig, ax = plots.figure()
    ax.set_yscale("log")
    at_best = {label: runs.trained[at(BEST, label)] for label in KERAS_RATES}
    draw_losses(ax, at_best, windows=dict.fromkeys(at_best, 25))
    plots.legend(fig)
    return fig


@study.figure(
    caption="Paths from the ring to the star, the minimum, each at its best of 41 learning rates, "
    "which may leave the picture and come back. The elongated bowls are 100 times as steep across "
    "as along. Scaling each coordinate by itself undoes an elongation along an axis, and no other.",
    alt="Contours of four functions, and on them the paths of eight optimizers.",
    of="no data",
)
def paths(runs):
    return landscapes.draw_descents(runs.descents)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
