"""The best dense network against the best CNN on Fashion-MNIST (A, section 7)."""

import numpy as np

from datasets.loading import PUBLISHED
from reporting import Study, Table, direction, grids, plots, predictions, summary, value
from reporting.lab import CNN_SEEDS, CRITERIA
from reporting.measures import final, over_seeds

study = Study(
    name="dense_vs_cnn",
    title="A dense network against a CNN",
    question="How much better does a convolutional network classify the test images, where, and "
    "how can its loss be higher while its accuracy is higher as well?",
    sources=["A 7"],
    says="On the test images the dense network has loss 0.318 and accuracy 0.8808, the CNN loss "
    "0.391 and accuracy 0.9258.",
    datasets=["fashion_mnist"],
    seeds=CNN_SEEDS,
)

DENSE, CNN, DROPOUT_CNN = "dense", "CNN", "CNN with dropout"
CLASSES = PUBLISHED["fashion_mnist"].class_names
SAYS = {DENSE: (0.31808, 0.8808), CNN: (0.39102, 0.9258)}  # test loss and accuracy in A 7.3
ERROR = CRITERIA["validation error"]


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(3_000, 1_000, 3), paper=(48_000, 12_000, 15))
    base = lab.config(
        train_size=n, validation_size=validation, batch_size=150, optimizer="adam",
        learning_rate=0.001, schedule="cosine", epochs=epochs,
    )  # fmt: skip
    dense = base.replace(dropout=0.4)
    cnn = base.replace(model="cnn", padding="same", hidden=(256,))
    dropout = cnn.replace(dropout=0.4, block_dropout=0.1)
    candidates = {
        DENSE: {
            "250 neurons": dense.replace(hidden=(250,)),
            "1000 neurons": dense.replace(hidden=(1000,)),
            "500 and 250 neurons": dense.replace(hidden=(500, 250)),
        },
        CNN: {
            "no regularisation": cnn,
            "dropout": dropout,
            "dropout, flip": dropout.replace(augmentation=("flip",)),
        },
    }
    trials = {network: lab.trials(of_network) for network, of_network in candidates.items()}
    best = {network: candidates[network][best_of(trials[network])] for network in candidates}
    tuned = lab.tune(best, (0.0003, 0.001, 0.003), by="validation error")
    # The test images are looked at once, after training on all others.
    final = {
        "train_size": n + validation, "validation_size": 0, "keep": ("predictions", "examples"),
    }  # fmt: skip
    networks = tuned | {DROPOUT_CNN: candidates[CNN]["dropout"]}
    networks = {network: config.replace(**final) for network, config in networks.items()}
    return {"trials": trials, "networks": lab.train(networks)}


def best_of(trials):
    """The candidate with the lowest mean validation error."""
    return min(trials, key=lambda label: over_seeds(trials[label], ERROR).mean())


@study.claims
def claims(runs):
    networks = runs["networks"]

    def printed(network, metric, better):
        says = dict(zip(("test_loss", "test_accuracy"), SAYS[network], strict=True))[metric]
        metric_name = metric.replace("_", " ")
        return value("A 7.3", f"The {network} network has {metric_name} {says}", metric_name, says,
                     over_seeds(networks[network], final(metric)), better=better)  # fmt: skip

    def below(statement, quantity, measure, lower, higher, better="lower"):
        pair = [(network, over_seeds(networks[network], measure)) for network in (lower, higher)]
        return direction("A 7.3", statement, quantity, *pair, better=better)

    return [
        printed(DENSE, "test_accuracy", "higher"),
        printed(DENSE, "test_loss", "lower"),
        printed(CNN, "test_accuracy", "higher"),
        printed(CNN, "test_loss", "lower"),
        below("The CNN is more accurate than the dense network", "test accuracy",
              final("test_accuracy"), DENSE, CNN, better="higher"),
        below("The more accurate CNN has the higher loss", "test loss",
              final("test_loss"), DENSE, CNN),
        below("It is surer of its wrong answers", "mean confidence of wrong answers",
              predictions.confidence_when_wrong, DENSE, CNN),
        below("With dropout the CNN's loss is below the dense network's", "test loss",
              final("test_loss"), DROPOUT_CNN, DENSE),
        below("Dropout raises the accuracy of the CNN", "test accuracy",
              final("test_accuracy"), CNN, DROPOUT_CNN, better="higher"),
    ]  # fmt: skip


@study.table
def candidates(runs):
    rows = [
        [network, label, records[0].parameters, summary(100 * over_seeds(records, ERROR)),
         label == best_of(trials)]
        for network, trials in runs["trials"].items()
        for label, records in trials.items()
    ]  # fmt: skip
    columns = ["network", "candidate", "parameters", "validation error (%)", "chosen"]
    return Table("Chosen by validation, on seeds that no comparison uses", columns, rows)


@study.table
def results(runs):
    columns = ["network", "parameters", "test accuracy", "test loss", "of it from wrong answers",
               "confidence of wrong answers", "calibration error", "training seconds"]  # fmt: skip
    measures = (
        final("test_accuracy"),
        final("test_loss"),
        lambda record: predictions.loss_of(record, right=False),
        predictions.confidence_when_wrong,
        predictions.calibration_error,
        lambda record: record.seconds,
    )
    rows = [
        [network, records[0].parameters,
         *(summary(over_seeds(records, measure)) for measure in measures)]
        for network, records in runs["networks"].items()
    ]  # fmt: skip
    return Table("On the test images", columns, rows, note="Mean over seeds, 95 % interval.")


@study.figure(
    caption="Reliability: how often a network is right when it is so sure. On the diagonal, "
    "confidence is honest; below it a network is surer than it is right, and each of its mistakes "
    "costs more. So a loss can be the higher one at a higher accuracy.",
    alt="Accuracy and share of images against confidence, for three networks.",
)
def reliability(runs):
    fig, axes = plots.figure(1, 2, width=11, height=5)
    for network, records in runs["networks"].items():
        of_seeds = np.array([predictions.reliability(record) for record in records])
        filled = np.isfinite(of_seeds).all(axis=(0, 1))  # intervals that hold images
        confidence, accuracy, share = of_seeds[:, :, filled].transpose(1, 0, 2)
        plots.mean_and_band(axes[0], confidence.mean(axis=0), accuracy, network)
        plots.mean_and_band(axes[1], confidence.mean(axis=0), share, network)
    axes[0].plot([0, 1], [0, 1], color=plots.GREY, linewidth=1)
    axes[1].set_yscale("log")
    plots.label_axes(axes[0], "Confidence", "Accuracy")
    plots.label_axes(axes[1], "Confidence", "Share of the test images")
    plots.legend(fig)
    return fig


@study.figure(
    caption="Accuracy on each class of test images.",
    alt="Accuracy of three networks on ten classes of clothing.",
)
def accuracy_of_each_class(runs):
    fig, ax = plots.figure(width=9, height=5.4)
    for network, records in runs["networks"].items():
        accuracy = [predictions.class_accuracy(record) for record in records]
        plots.mean_and_band(ax, np.arange(len(CLASSES)), accuracy, network)
    ax.set_xticks(np.arange(len(CLASSES)), CLASSES, rotation=35, ha="right")
    plots.label_axes(ax, "Class", "Test accuracy")
    plots.legend(fig)
    return fig


@study.figure(
    caption="Of the test images of a class (row), the percentage taken for each class (column); "
    "mean over seeds.",
    alt="Confusion matrices of the dense network and the CNN.",
)
def confusion(runs):
    fig, axes = plots.figure(1, 2, width=13, height=6.6)
    for ax, network in zip(axes, (DENSE, CNN), strict=True):
        records = runs["networks"][network]
        shares = np.mean([predictions.confusion(record) for record in records], axis=0)
        grids.draw_shares(ax, 100 * shares, CLASSES)
        plots.label_axes(ax, "Taken for", "Class", title=network)
        ax.label_outer()
    return fig


@study.figure(
    caption="The pairs of classes that the CNN confuses most, with the share of the first that it "
    "takes for the second over all seeds; and of each the image that it mistakes most surely.",
    alt="Six test images that the CNN misclassifies, one of each of its most frequent mistakes.",
    of="seed 0",
)
def most_confused(runs):
    records = runs["networks"][CNN]
    images = predictions.mistakes(records[0])
    pairs = [pair for pair in predictions.most_confused(records, 8) if pair[:2] in images][:6]
    titles = [f"{CLASSES[true]}\ntaken for\n{CLASSES[p]}\n{share:.1%}" for true, p, share in pairs]
    return grids.draw_images([images[true, p][0] for true, p, _ in pairs], titles, 6, width=12)


if __name__ == "__main__":
    from experiments.__main__ import run_one

    run_one(study.name)
