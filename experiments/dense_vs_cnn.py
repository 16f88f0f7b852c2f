"""The best dense network against the best CNN on Fashion-MNIST (A, section 7)."""

from datasets.loading import PUBLISHED
from reporting import Study, Table, compare, summary, table_of, value
from reporting.figures import predictions
from reporting.study.lab import CNN_SEEDS, CRITERIA
from reporting.verdicts.measures import final, over_seeds

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
ERROR = CRITERIA["validation error"]
LOSS, ACCURACY = final("test_loss"), final("test_accuracy")


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(2_000, 1_000, 3), paper=(48_000, 12_000, 15))
    base = lab.config(
        train_size=n, validation_size=validation, batch_size=150, optimizer="adam",
        learning_rate=0.001, schedule="cosine", epochs=epochs,
    )  # fmt: skip
    dense = {"250 neurons": (250,), "1000 neurons": (1000,), "500 and 250 neurons": (500, 250)}
    cnn = base.replace(model="cnn", padding="same", hidden=(256,))
    dropout = cnn.replace(dropout=0.4, block_dropout=0.1)
    candidates = {
        DENSE: {label: base.replace(hidden=hidden, dropout=0.4) for label, hidden in dense.items()},
        CNN: {
            "no regularisation": cnn,
            "dropout": dropout,
            "dropout, flip": dropout.replace(augmentation=("flip",)),
        },
    }
    trials = {network: lab.trials(of_network) for network, of_network in candidates.items()}
    best = {network: candidates[network][best_of(trials[network])] for network in candidates}
    tuned = lab.tune(best, (0.0003, 0.001, 0.003), by="validation error")
    networks = tuned | {DROPOUT_CNN: candidates[CNN]["dropout"]}
    # The test images are looked at once, after training on all others.
    of_all = {"train_size": n + validation, "validation_size": 0}
    kept = {"keep": ("predictions", "examples")}
    networks = {label: config.replace(**of_all, **kept) for label, config in networks.items()}
    return {"trials": trials, "networks": lab.train(networks)}


def best_of(trials):
    """The candidate with the lowest mean validation error."""
    return min(trials, key=lambda label: over_seeds(trials[label], ERROR).mean())


@study.claims
def claims(runs):
    networks = runs["networks"]

    def printed(network, quantity, measure, says, better):
        statement = f"The {network} network has {quantity} {says}"
        values = over_seeds(networks[network], measure)
        return value("A 7.3", statement, quantity, says, values, better)

    def below(statement, quantity, measure, *pair, better="lower"):
        return compare("A 7.3", statement, quantity, networks, measure, *pair, better=better)

    return [
        printed(DENSE, "test accuracy", ACCURACY, 0.8808, "higher"),
        printed(DENSE, "test loss", LOSS, 0.31808, "lower"),
        printed(CNN, "test accuracy", ACCURACY, 0.9258, "higher"),
        printed(CNN, "test loss", LOSS, 0.39102, "lower"),
        below("The CNN is more accurate than the dense network", "test accuracy",
              ACCURACY, DENSE, CNN, better="higher"),
        below("The more accurate CNN has the higher loss", "test loss", LOSS, DENSE, CNN),
        below("It is surer of its wrong answers", "mean confidence of wrong answers",
              predictions.confidence_when_wrong, DENSE, CNN),
        below("With dropout the CNN's loss is below the dense network's", "test loss",
              LOSS, DROPOUT_CNN, DENSE),
        below("Dropout raises the accuracy of the CNN", "test accuracy",
              ACCURACY, CNN, DROPOUT_CNN, better="higher"),
    ]  # fmt: skip


@study.table
def candidates(runs):
    rows = []
    for network, trials in runs["trials"].items():
        for label, records in trials.items():
            error = summary(100 * over_seeds(records, ERROR))
            rows.append([network, label, records[0].parameters, error, label == best_of(trials)])
    columns = ["network", "candidate", "parameters", "validation error (%)", "chosen"]
    return Table("Chosen by validation, on seeds that no comparison uses", columns, rows)


@study.table
def results(runs):
    measures = {
        "test accuracy": ACCURACY,
        "test loss": LOSS,
        "of it from wrong answers": lambda record: predictions.loss_of(record, right=False),
        "confidence of wrong answers": predictions.confidence_when_wrong,
        "calibration error": predictions.calibration_error,
        "training seconds": lambda record: record.seconds,
    }
    facts = {"parameters": lambda record: record.parameters}
    return table_of("On the test images", "network", runs["networks"], measures, facts)


@study.figure(
    caption="Reliability: how often a network is right when it is so sure. On the diagonal, "
    "confidence is honest; below it a network is surer than it is right, and each of its mistakes "
    "costs more. So a loss can be the higher one at a higher accuracy.",
    alt="Accuracy and share of images against confidence, for three networks.",
)
def reliability(runs):
    return predictions.draw_reliability(runs["networks"])


@study.figure(
    caption="Accuracy on each class of test images.",
    alt="Accuracy of three networks on ten classes of clothing.",
)
def accuracy_of_each_class(runs):
    return predictions.draw_class_accuracy(runs["networks"], CLASSES)


@study.figure(
    caption="Of the test images of a class (row), the percentage taken for each class (column); "
    "mean over seeds.",
    alt="Confusion matrices of the dense network and the CNN.",
)
def confusion(runs):
    return predictions.draw_confusion({k: runs["networks"][k] for k in (DENSE, CNN)}, CLASSES)


@study.figure(
    caption="The pairs of classes that the CNN confuses most, with the share of the first that it "
    "takes for the second over all seeds; and of each the image that it mistakes most surely.",
    alt="Six test images that the CNN misclassifies, one of each of its most frequent mistakes.",
    of="seed 0",
)
def most_confused(runs):
    return predictions.draw_most_confused(runs["networks"][CNN], CLASSES, count=6)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
