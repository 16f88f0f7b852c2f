"""The best dense network against the best CNN on Fashion-MNIST (A, section 7)."""

from dataclasses import dataclass

from datasets.loading import PUBLISHED
from reporting import Measure, Methods, Study, Table, compare, summary, table_of, value
from reporting.figures import predictions
from reporting.study.lab import CNN_SEEDS, CRITERIA
from reporting.study.tables import facts
from reporting.verdicts.measures import ACCURACY_MARGIN, TEST_ACCURACY, TEST_LOSS, over_seeds

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

# Dense: 784, hidden layers as below with ReLU and dropout 0.4, 10. CNN: 3x3 convolutions with 32
# and 64 filters that keep the image's size, ReLU, 2x2 max pooling after each, a dense layer of 256
# with ReLU, 10. Both are trained on the cross-entropy of the softmax.
DENSE_NETWORK = {"model": "dense", "activation": "relu", "dropout": 0.4}
CNN_NETWORK = {
    "model": "cnn",
    "filters": (32, 64),
    "kernel_size": 3,
    "padding": "same",
    "hidden": (256,),
    "activation": "relu",
}
DENSE_CANDIDATES = {
    "250 neurons": {"hidden": (250,)},
    "1000 neurons": {"hidden": (1000,)},
    "500 and 250 neurons": {"hidden": (500, 250)},
}
PLAIN = "no regularisation"
WITH_DROPOUT = "dropout"
CNN_CANDIDATES = {
    PLAIN: {},
    WITH_DROPOUT: {"dropout": 0.4, "block_dropout": 0.1},
    "dropout, flip": {"dropout": 0.4, "block_dropout": 0.1, "augmentation": ("flip",)},
}
BATCH_SIZE = 150
FIRST_RATE = 0.001  # Keras's default for Adam, at which the candidates are compared
RATES = (0.0003, 0.001, 0.003)


@dataclass(frozen=True)
class Runs:
    """The candidates on the tuning seeds, and the best of each network, trained for the test.

    Attributes:
        candidates: `DENSE` and `CNN` → label of a candidate → its runs.
        networks: The best dense network, the best CNN, and the CNN with dropout.
    """

    candidates: dict[str, Methods]
    networks: Methods


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(2_000, 1_000, 3), paper=(48_000, 12_000, 15))
    training = {
        "train_size": n,
        "validation_size": validation,
        "optimizer": "adam",
        "learning_rate": FIRST_RATE,
        "schedule": "cosine",
        "batch_size": BATCH_SIZE,
        "epochs": epochs,
    }
    dense, cnn = lab.config(**DENSE_NETWORK, **training), lab.config(**CNN_NETWORK, **training)
    configs = {
        DENSE: {label: dense.replace(**options) for label, options in DENSE_CANDIDATES.items()},
        CNN: {label: cnn.replace(**options) for label, options in CNN_CANDIDATES.items()},
    }
    candidates = {network: lab.trials(configs[network]) for network in configs}
    best = {network: configs[network][best_of(candidates[network])] for network in configs}
    chosen = lab.tune(best, RATES, by="validation error")
    chosen[DROPOUT_CNN] = configs[CNN][WITH_DROPOUT]
    # The test images are looked at once, after training on all others.
    final = {
        "train_size": n + validation,
        "validation_size": 0,
        "keep": ("predictions", "examples"),
    }
    networks = {label: config.replace(**final) for label, config in chosen.items()}
    return Runs(candidates, lab.train(networks))


VALIDATION_ERROR = Measure(
    "validation error", CRITERIA["validation error"], better="lower", margin=ACCURACY_MARGIN
)
CONFIDENCE_WHEN_WRONG = Measure(
    "mean confidence of wrong answers",
    predictions.confidence_when_wrong,
    better="lower",
    margin=0.01,  # a point of probability
)


def best_of(candidates):
    """The label of the candidate with the lowest mean validation error."""
    return min(candidates, key=lambda label: over_seeds(candidates[label], VALIDATION_ERROR).mean())


@study.claims
def claims(runs):
    def printed(network, measure, says):
        return value(
            source="A 7.3",
            statement=f"The {network} network has {measure.name} {says}",
            measure=measure,
            says=says,
            values=over_seeds(runs.networks[network], measure),
        )

    def below(statement, measure, lower, higher):
        return compare(
            source="A 7.3",
            statement=statement,
            measure=measure,
            runs=runs.networks,
            lower=lower,
            higher=higher,
        )

    return [
        printed(DENSE, TEST_ACCURACY, 0.8808),
        printed(DENSE, TEST_LOSS, 0.31808),
        printed(CNN, TEST_ACCURACY, 0.9258),
        printed(CNN, TEST_LOSS, 0.39102),
        below("The CNN is more accurate than the dense network", TEST_ACCURACY, DENSE, CNN),
        below("The more accurate CNN has the higher loss", TEST_LOSS, DENSE, CNN),
        below("It is surer of its wrong answers", CONFIDENCE_WHEN_WRONG, DENSE, CNN),
        below(
            "With dropout the CNN's loss is below the dense network's",
            TEST_LOSS,
            DROPOUT_CNN,
            DENSE,
        ),
        below("Dropout raises the accuracy of the CNN", TEST_ACCURACY, CNN, DROPOUT_CNN),
    ]


@study.table
def candidates(runs):
    rows = []
    for network, candidates in runs.candidates.items():
        best = best_of(candidates)
        for label, records in candidates.items():
            error = summary(100 * over_seeds(records, VALIDATION_ERROR))
            rows.append([network, label, records[0].parameters, error, label == best])
    columns = ["network", "candidate", "parameters", "validation error (%)", "chosen"]
    return Table("Chosen by validation, on seeds that no comparison uses", columns, rows)


@study.table
def results(runs):
    measures = [
        TEST_ACCURACY,
        TEST_LOSS,
        Measure(
            "of it from wrong answers", lambda record: predictions.loss_of(record, right=False)
        ),
        Measure("confidence of wrong answers", predictions.confidence_when_wrong),
        Measure("calibration error", predictions.calibration_error),
        Measure("training seconds", lambda record: record.seconds, unit="s"),
    ]
    return table_of("On the test images", "network", runs.networks, measures, facts("parameters"))


@study.figure(
    caption="Reliability: how often a network is right when it is so sure. On the diagonal, "
    "confidence is honest; below it a network is surer than it is right, and each of its mistakes "
    "costs more. So a loss can be the higher one at a higher accuracy.",
    alt="Accuracy and share of images against confidence, for three networks.",
)
def reliability(runs):
    return predictions.draw_reliability(runs.networks)


@study.figure(
    caption="Accuracy on each class of test images.",
    alt="Accuracy of three networks on ten classes of clothing.",
)
def accuracy_of_each_class(runs):
    return predictions.draw_class_accuracy(runs.networks, CLASSES)


@study.figure(
    caption="Of the test images of a class (row), the percentage taken for each class (column); "
    "mean over seeds.",
    alt="Confusion matrices of the dense network and the CNN.",
)
def confusion(runs):
    shown = {label: runs.networks[label] for label in (DENSE, CNN)}
    return predictions.draw_confusion(shown, CLASSES)


@study.figure(
    caption="The pairs of classes that the CNN confuses most, with the share of the first that it "
    "takes for the second over all seeds; and of each the image that it mistakes most surely.",
    alt="Six test images that the CNN misclassifies, one of each of its most frequent mistakes.",
    of="seed 0",
)
def most_confused(runs):
    return predictions.draw_most_confused(runs.networks[CNN], CLASSES, count=6)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
