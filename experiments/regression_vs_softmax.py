"""A label predicted as one number, against one softmax output for each class (C)."""

from typing import NamedTuple

import numpy as np

from experiments.analyses.regression_vs_softmax import (
    NUMBER,
    SOFTMAX,
    distances_of_mistakes,
    predicted,
    trained,
)
from reporting import Study, Table, compare, identity, summary_of
from reporting.figures import plots

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

CLASSES, ORDERS, EPOCHS = 5, 6, 60
RATES = {NUMBER: (1.0, 3.0, 10.0, 30.0), SOFTMAX: (0.1, 0.3, 1.0, 3.0)}


def digits(seed):
    """Scikit-learn's handwritten digits 0 to 4, 8x8 pixels: training, validation and test."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    x, y = load_digits(n_class=CLASSES, return_X_y=True)
    parts = x / 16, y
    x, x_test, y, y_test = train_test_split(*parts, test_size=0.3, random_state=seed, stratify=y)
    x, x_valid, y, y_valid = train_test_split(x, y, test_size=0.25, random_state=seed, stratify=y)
    return {"train": (x, y), "validation": (x_valid, y_valid), "test": (x_test, y_test)}


def relabelled(data, order):
    """The same digits under other numbers."""
    return {part: (x, order[y]) for part, (x, y) in data.items()}


class Run(NamedTuple):
    """What a method reaches on the digits of one seed."""

    rate: float  # chosen by validation
    accuracy: np.ndarray  # on the test digits, under each order of the classes
    distances: np.ndarray  # share of the mistakes that lie 1, 2, 3 and 4 numbers beside the label


@study.runs
def runs(lab):
    return {method: [run(method, seed) for seed in range(lab.seeds)] for method in RATES}


def run(method, seed):
    data = digits(seed)

    def labels(data, rate, part):
        network = trained(method, *data["train"], CLASSES, rate, EPOCHS, seed)
        return predicted(method, network, data[part][0], CLASSES)

    def accuracy(data, rate, part):
        return np.mean(labels(data, rate, part) == data[part][1])

    best = max(RATES[method], key=lambda rate: accuracy(data, rate, "validation"))
    orders = [np.random.default_rng([k]).permutation(CLASSES) for k in range(ORDERS)]
    of_orders = [accuracy(relabelled(data, order), best, "test") for order in orders]
    distances = distances_of_mistakes(data["test"][1], labels(data, best, "test"), CLASSES)
    return Run(best, np.array(of_orders), distances)


def mean_accuracy(run):
    return run.accuracy.mean()


def deviation(run):
    return run.accuracy.std()


def beside(run):
    return run.distances[0]


@study.claims
def claims(runs):
    one_hot = np.eye(CLASSES)

    def distance(a, b):
        return np.linalg.norm(a - b)

    return [
        compare("C", "One output for each class classifies better than one number",
                "test accuracy", runs, mean_accuracy, NUMBER, SOFTMAX, better="higher"),
        compare("C", "What a number learns depends on which class gets which number",
                f"standard deviation of the test accuracy over {ORDERS} orders of the classes",
                runs, deviation, SOFTMAX, NUMBER),
        compare("C", "A number is mistaken for its neighbours",
                "share of the mistakes that lie 1 beside the label", runs, beside, SOFTMAX, NUMBER),
        identity("C", "As numbers, labels 1 and 4 lie at different distances from 2",
                 "distances |1 − 2| and |4 − 2|",
                 np.array([1, 2]), np.array([distance(1, 2), distance(4, 2)])),
        identity("C", "As outputs of their own, all labels lie equally far apart",
                 "distances of (1, 2) and (4, 2) as unit vectors", np.full(2, np.sqrt(2)),
                 np.array([distance(one_hot[1], one_hot[2]), distance(one_hot[4], one_hot[2])])),
    ]  # fmt: skip


@study.table
def results(runs):
    rows = [
        [method, ", ".join(f"{rate:g}" for rate in sorted({run.rate for run in of_method})),
         *(summary_of(of_method, measure) for measure in (mean_accuracy, deviation, beside))]
        for method, of_method in runs.items()
    ]  # fmt: skip
    columns = ["output", "learning rates chosen", "test accuracy", "its deviation over orders",
               "mistakes beside the label"]  # fmt: skip
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
    fig, axes = plots.figure(1, 2, width=11, height=4.8)
    panels = {
        ("Order of the classes", "Test accuracy"): lambda run: run.accuracy,
        ("Distance of a mistake from the label", "Share of the mistakes"): lambda r: r.distances,
    }
    for ax, (labels, curve) in zip(axes, panels.items(), strict=True):
        for method, of_method in runs.items():
            curves = np.array([curve(run) for run in of_method])
            steps = np.arange(1, curves.shape[1] + 1)
            plots.mean_and_band(ax, steps, curves, method)
        ax.set_xticks(steps)
        plots.label_axes(ax, *labels)
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
