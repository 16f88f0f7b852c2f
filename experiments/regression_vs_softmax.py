"""A label predicted as one number, against one softmax output for each class (C)."""

from dataclasses import dataclass

import numpy as np

from experiments.analyses.regression_vs_softmax import (
    NUMBER,
    SOFTMAX,
    distances_of_mistakes,
    network,
    predicted,
    trained,
)
from reporting import Measure, Study, Table, compare, identity, network_of, summary_of
from reporting.figures import plots
from reporting.verdicts.measures import ACCURACY_MARGIN

study = Study(
    name="regression_vs_softmax",
    title="A label as one number, or one output for each class",
    question="What is lost when a network predicts the label itself, a number from 0 to 4, instead "
    "of one probability for each class?",
    sources=["C"],
    says="Five labels could be predicted as 4 times the output of a sigmoid neuron, but this puts "
    "the classes at different distances, 1 → 2 and 4 → 2. One neuron for each label with the "
    "softmax does not.",
    datasets=[],
)

# 64-1 with a sigmoid, trained on the squared error, and 64-5, trained on the cross-entropy of the
# softmax; both by plain SGD.
PIXELS, CLASSES = 64, 5  # of scikit-learn's handwritten digits, and the digits 0 to 4
RATES = {NUMBER: (1.0, 3.0, 10.0, 30.0), SOFTMAX: (0.1, 0.3, 1.0, 3.0)}  # to choose from
BATCH_SIZE, EPOCHS = 32, 60
ORDERS = 6  # in which the classes are numbered
LOSSES = {NUMBER: "squared error", SOFTMAX: "cross-entropy of the softmax"}


@study.networks
def networks():
    return [
        network_of(
            network(method, PIXELS, CLASSES),
            method,
            f"{LOSSES[method]} · SGD · learning rate {min(rates):g} to {max(rates):g}, chosen by "
            f"validation · batch size {BATCH_SIZE} · {EPOCHS} epochs",
        )
        for method, rates in RATES.items()
    ]


@dataclass(frozen=True)
class Run:
    """What a method reaches on the digits of one seed.

    Attributes:
        rate: Learning rate, chosen by validation.
        accuracies: Accuracy on the test digits under each order of the classes, shape (ORDERS,).
        distances: Share of the mistakes that lie 1, 2, 3 and 4 numbers beside the label.
    """

    rate: float
    accuracies: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True)
class Runs:
    """Method → a run for each seed."""

    methods: dict[str, list[Run]]


@study.runs
def runs(lab):
    computed = lab.compute("methods", train_methods, lab.seeds)
    return Runs({method: [Run(**run) for run in of_seeds] for method, of_seeds in computed.items()})


def train_methods(seeds):
    """Method → the attributes of its `Run` of each seed."""
    return {method: [train(method, seed) for seed in range(seeds)] for method in RATES}


def train(method, seed):
    """The attributes of the `Run` of one method and seed."""
    data = digits(seed)

    def labels(data, rate, part):
        network = trained(method, *data["train"], CLASSES, rate, BATCH_SIZE, EPOCHS, seed)
        return predicted(method, network, data[part][0], CLASSES)

    def accuracy(data, rate, part):
        return np.mean(labels(data, rate, part) == data[part][1])

    rate = max(RATES[method], key=lambda rate: accuracy(data, rate, "validation"))
    return {
        "rate": rate,
        "accuracies": np.array(
            [accuracy(relabelled(data, order), rate, "test") for order in orders()]
        ),
        "distances": distances_of_mistakes(data["test"][1], labels(data, rate, "test"), CLASSES),
    }


def digits(seed):
    """Scikit-learn's handwritten digits 0 to 4, 8x8 pixels: training, validation and test."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    x, y = load_digits(n_class=CLASSES, return_X_y=True)
    x, x_test, y, y_test = train_test_split(x / 16, y, test_size=0.3, random_state=seed, stratify=y)
    x, x_valid, y, y_valid = train_test_split(x, y, test_size=0.25, random_state=seed, stratify=y)
    return {"train": (x, y), "validation": (x_valid, y_valid), "test": (x_test, y_test)}


def orders():
    """Orders of the classes; the first and the third happen to be equal."""
    return [np.random.default_rng([k]).permutation(CLASSES) for k in range(ORDERS)]


def relabelled(data, order):
    """The same digits under other numbers."""
    return {part: (x, order[y]) for part, (x, y) in data.items()}


ACCURACY = Measure(
    "test accuracy", lambda run: run.accuracies.mean(), better="higher", margin=ACCURACY_MARGIN
)
DEVIATION = Measure(
    f"standard deviation of the test accuracy over {ORDERS} orders of the classes",
    lambda run: run.accuracies.std(),
    better="lower",
    margin=ACCURACY_MARGIN,
)
BESIDE = Measure(
    "share of the mistakes that lie 1 beside the label",
    lambda run: run.distances[0],
    better="lower",
    margin=0.02,  # one mistake in fifty
)


@study.claims
def claims(runs):
    def compared(statement, measure, lower, higher):
        return compare(
            source="C",
            statement=statement,
            measure=measure,
            runs=runs.methods,
            lower=lower,
            higher=higher,
        )

    def distances(labels):
        """Of the labels 1 and 4 from 2."""
        return np.array([np.linalg.norm(labels[k] - labels[2]) for k in (1, 4)])

    return [
        compared(
            "One output for each class classifies better than one number",
            ACCURACY,
            NUMBER,
            SOFTMAX,
        ),
        compared(
            "What a number learns depends on which class gets which number",
            DEVIATION,
            SOFTMAX,
            NUMBER,
        ),
        compared("A number is mistaken for its neighbours", BESIDE, SOFTMAX, NUMBER),
        identity(
            source="C",
            statement="As numbers, labels 1 and 4 lie at different distances from 2",
            quantity="distances |1 − 2| and |4 − 2|",
            says=np.array([1, 2]),
            holds=distances(np.arange(CLASSES)),
        ),
        identity(
            source="C",
            statement="As outputs of their own, all labels lie equally far apart",
            quantity="distances of (1, 2) and (4, 2) as unit vectors",
            says=np.full(2, np.sqrt(2)),
            holds=distances(np.eye(CLASSES)),
        ),
    ]


@study.table
def results(runs):
    rows = []
    for method, of_seeds in runs.methods.items():
        rates = ", ".join(f"{rate:g}" for rate in sorted({run.rate for run in of_seeds}))
        measured = [summary_of(of_seeds, measure) for measure in (ACCURACY, DEVIATION, BESIDE)]
        rows.append([method, rates, *measured])
    columns = [
        "output",
        "learning rates chosen",
        "test accuracy",
        "its deviation over orders",
        "mistakes beside the label",
    ]
    note = (
        "Handwritten digits 0 to 4 of scikit-learn; learning rates chosen by validation; mean over "
        "seeds, each with a split of its own, 95 % interval."
    )
    return Table("On test digits", columns, rows, note=note)


@study.figure(
    caption=f"Left: test accuracy when the five digits are numbered in {ORDERS} orders. "
    "The softmax does not see the order; one number has to put the classes on a line. Right: how "
    "far from the label its mistakes lie.",
    alt="Test accuracy of both methods for six orders of the classes; distances of mistakes.",
)
def accuracy_over_orders(runs):
    fig, (left, right) = plots.figure(1, 2, width=11, height=4.8)
    for method, of_seeds in runs.methods.items():
        draw_numbered(left, [run.accuracies for run in of_seeds], method)
        draw_numbered(right, [run.distances for run in of_seeds], method)
    plots.label_axes(left, "Order of the classes", "Test accuracy")
    plots.label_axes(right, "Distance of a mistake from the label", "Share of the mistakes")
    plots.legend(fig)
    return fig


def draw_numbered(ax, curves, method):
    steps = np.arange(1, len(curves[0]) + 1)
    plots.mean_and_band(ax, steps, np.array(curves), method)
    ax.set_xticks(steps)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
