"""Eight optimizers over learning rates, and down functions of two numbers (E; B, Q28)."""

from experiments.analyses.optimizers import landscapes
from experiments.analyses.optimizers.landscapes import COARSE, FINE, LONG, ROUND, TURNED
from experiments.analyses.optimizers.tunings import best_but, tunings_table
from reporting import Study, compare, direction, table_of
from reporting.figures import plots
from reporting.figures.curves import draw_losses, draw_rates
from reporting.verdicts.measures import final
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

KERAS_RATES = {  # where none is given
    optimizer.label: 0.01 if optimizer.keras_class == "SGD" else 0.001
    for optimizer in OPTIMIZERS.values()
}
SGD, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM = (
    OPTIMIZERS[name].label for name in ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
)
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
QUICK_RATES = {  # a part of them around the best
    **dict.fromkeys(KERAS_RATES, (0.001, 0.003, 0.01)),
    **dict.fromkeys((SGD, MOMENTUM, NESTEROV, ADAGRAD), (0.03, 0.1, 0.3)),
}
MAGIC = 0.0003
OWN, OF_KERAS, AT_MAGIC, OTHER = "its best rate", "Keras's rate", "3e-4", "its best rate but 3e-4"


def at(rate, label):
    return f"{label} at {rate}"


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(4_000, 1_000, 2), paper=(48_000, 12_000, 5))
    base = lab.config(train_size=n, validation_size=validation, batch_size=150, epochs=epochs)
    methods = {entry.label: base.replace(optimizer=name) for name, entry in OPTIMIZERS.items()}
    rates = lab.choose(quick=QUICK_RATES, paper=RATES)
    tuned = lab.tune(methods, rates, by="validation error")
    settings = {at(OWN, label): tuned[label] for label in methods}
    stated = [(OF_KERAS, label, rate) for label, rate in KERAS_RATES.items()]
    stated += [(AT_MAGIC, ADAM, MAGIC), (OTHER, ADAM, best_but(lab.tunings[ADAM], MAGIC))]
    for name, label, rate in stated:
        settings[at(name, label)] = methods[label].replace(learning_rate=rate)
    tried = {}
    for label in (SGD, ADAM):
        rates = lab.tunings[label].rates.tolist()
        tried[label] = lab.trials({r: methods[label].replace(learning_rate=r) for r in rates})
    return {"tunings": lab.tunings, "tried": tried, "trained": lab.train(settings)}


@study.claims
def claims(runs):
    def more_accurate(source, statement, better, worse):
        test = "test accuracy", runs["trained"], final("test_accuracy")
        return compare(source, statement, *test, worse, better, better="higher")

    def fewer(statement, lower, higher, share=FINE):
        found = landscapes.all_descents()
        pair = [(f"{label}, {on}", found[on][label].needed[share]) for label, on in (lower, higher)]
        quantity = f"updates to {share:g} of the loss at the start, each at its best rate"
        return direction("E", statement, quantity, *pair, ratio=True)

    return [
        *(more_accurate("E", f"To start with, Adam at 3e-4 is better than {label} at Keras's rate",
                        at(AT_MAGIC, ADAM), at(OF_KERAS, label))
          for label in KERAS_RATES if label != ADAM),
        more_accurate("B Q28", "At the rates of Keras Adam is better than SGD",
                      at(OF_KERAS, ADAM), at(OF_KERAS, SGD)),
        more_accurate("E", "Each at its best rate, Adam is better than SGD",
                      at(OWN, ADAM), at(OWN, SGD)),
        more_accurate("E", "3e-4 is better for Adam than every other rate",
                      at(AT_MAGIC, ADAM), at(OTHER, ADAM)),
        fewer("An elongated bowl slows gradient descent", (SGD, ROUND), (SGD, LONG)),
        *(fewer(f"{label} improves on SGD in an elongated bowl", (label, LONG), (SGD, LONG))
          for label in (ADAGRAD, RMSPROP, ADAM)),
        fewer("RMSProp improves on SGD in an elongated bowl, to a coarse loss",
              (RMSPROP, LONG), (SGD, LONG), share=COARSE),
        fewer("RMSProp improves on AdaGrad in an elongated bowl", (RMSPROP, LONG), (ADAGRAD, LONG)),
        *(fewer(f"Turning the elongated bowl slows {label} (our own question)",
                (label, LONG), (label, TURNED)) for label in (ADAGRAD, RMSPROP)),
    ]  # fmt: skip


@study.table
def learning_rates(runs):
    return tunings_table(runs["tunings"], "Learning rates")


@study.table
def results(runs):
    measures = {"test accuracy": final("test_accuracy"), "test loss": final("test_loss")}
    rate = {"learning rate": lambda record: record.config.learning_rate}
    return table_of("On the test images", "optimizer", runs["trained"], measures, rate)


@study.table
def updates(runs):
    return landscapes.updates_table(landscapes.all_descents())


@study.figure(
    caption="Each batch's loss before its update, as a moving average over 25 iterations: left "
    "for SGD, right for Adam, at each learning rate tried, on the tuning seeds; as in E.",
    alt="Training loss against iterations at several learning rates, for SGD and for Adam.",
    of="tuning seeds",
)
def sgd_and_adam(runs):
    return draw_rates(runs["tried"], window=25)


@study.figure(
    caption="The same for all optimizers, each at its best learning rate.",
    alt="Training loss against iterations for eight optimizers.",
)
def loss_at_each_iteration(runs):
    fig, ax = plots.figure()
    ax.set_yscale("log")
    at_best = {label: runs["trained"][at(OWN, label)] for label in KERAS_RATES}
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
    return landscapes.draw_descents(landscapes.all_descents())


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
