"""A label predicted as one number, against one softmax output for each class (C)."""

import numpy as np

from models import from_scratch
from reporting import Study, Table, direction, identity, plots, summary

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

CLASSES, ORDERS = 5, 6
NUMBER, SOFTMAX = "one number", "softmax"
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


def trained(method, data, rate, seed):
    """A network of one layer, after 60 epochs: C's sigmoid neuron, or five with the softmax."""
    x, y = data["train"]
    if method == NUMBER:
        layers = [from_scratch.Dense(1), from_scratch.Sigmoid()]
        loss, y = from_scratch.mean_squared_error, y[:, None] / (CLASSES - 1)
    else:
        layers, loss = [from_scratch.Dense(CLASSES)], from_scratch.categorical_cross_entropy
    network = from_scratch.Network(layers, loss, (64,), seed=seed)
    optimizer = from_scratch.OPTIMIZERS["sgd"](rate)
    network.fit(x, y, optimizer, batch_size=32, epochs=60, seed=seed)
    return network


def predicted(method, network, x):
    """The class of each example: the nearest whole number, or the largest output."""
    outputs = network.predict(x)
    if method == NUMBER:
        return np.rint((CLASSES - 1) * outputs[:, 0]).astype(int)
    return outputs.argmax(axis=1)


def accuracy(method, network, part):
    x, y = part
    return float(np.mean(predicted(method, network, x) == y))


def relabelled(data, order):
    """The same digits under other numbers."""
    return {part: (x, order[y]) for part, (x, y) in data.items()}


@study.runs
def runs(lab):
    found = {method: {"rates": [], "orders": [], "mistakes": []} for method in RATES}
    orders = [np.random.default_rng([k]).permutation(CLASSES) for k in range(ORDERS)]
    for seed in range(lab.seeds):
        data = digits(seed)
        for method, of_method in found.items():
            networks = {rate: trained(method, data, rate, seed) for rate in RATES[method]}
            best = max(networks, key=lambda r: accuracy(method, networks[r], data["validation"]))
            of_method["rates"].append(best)
            of_method["orders"].append(
                [
                    accuracy(method, trained(method, others, best, seed), others["test"])
                    for others in (relabelled(data, order) for order in orders)
                ]
            )
            of_method["mistakes"].append(mistakes(method, networks[best], data["test"]))
    return {method: {k: np.array(v) for k, v in of.items()} for method, of in found.items()}


def mistakes(method, network, part):
    """Share of the mistakes that lie 1, 2, 3 and 4 numbers beside the label."""
    x, y = part
    gaps = np.abs(predicted(method, network, x) - y)
    counts = np.bincount(gaps, minlength=CLASSES)[1:]
    return counts / max(counts.sum(), 1)


@study.claims
def claims(runs):
    number, softmax = runs[NUMBER], runs[SOFTMAX]
    one_hot = np.eye(CLASSES)

    def distance(a, b):
        return np.linalg.norm(a - b)

    return [
        direction("C", "One output for each class classifies better than one number",
                  "test accuracy", (NUMBER, number["orders"].mean(axis=1)),
                  (SOFTMAX, softmax["orders"].mean(axis=1)), better="higher"),
        direction("C", "What a number learns depends on which class gets which number",
                  f"standard deviation of the test accuracy over {ORDERS} orders of the classes",
                  (SOFTMAX, softmax["orders"].std(axis=1)), (NUMBER, number["orders"].std(axis=1))),
        direction("C", "A number is mistaken for its neighbours",
                  "share of the mistakes that lie 1 beside the label",
                  (SOFTMAX, softmax["mistakes"][:, 0]), (NUMBER, number["mistakes"][:, 0])),
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
        [method, ", ".join(f"{rate:g}" for rate in sorted(set(of["rates"]))),
         summary(of["orders"].mean(axis=1)), summary(of["orders"].std(axis=1)),
         summary(of["mistakes"][:, 0])]
        for method, of in runs.items()
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
    steps = {"Order of the classes": "orders", "Distance of a mistake from the label": "mistakes"}
    for ax, (x, name) in zip(axes, steps.items(), strict=True):
        for method, of in runs.items():
            plots.mean_and_band(ax, np.arange(1, of[name].shape[1] + 1), of[name], method)
        ax.set_xticks(np.arange(1, of[name].shape[1] + 1))
        plots.label_axes(ax, x, "Test accuracy" if name == "orders" else "Share of the mistakes")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.__main__ import run_one

    run_one(study.name)
