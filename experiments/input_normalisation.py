"""Scaling the inputs: not at all, min-max, standardisation and whitening (B, section 3.1)."""

from dataclasses import dataclass

from datasets.loading import PUBLISHED
from experiments.analyses import input_normalisation as analysis
from experiments.analyses.input_normalisation import EACH_CLASS, MARGIN, TRAINING
from reporting import Measure, Methods, Study, compare, direction, identity, table_of
from reporting.figures.curves import draw_convergence
from reporting.study.tables import facts
from reporting.verdicts.measures import (
    ACCURACY_MARGIN,
    TEST_ACCURACY,
    TRAINING_ACCURACY,
    TRAINING_LOSS,
    VALIDATION_ACCURACY,
    over_seeds,
    updates_to_slower_end,
)

study = Study(
    name="input_normalisation",
    title="Normalising the inputs",
    question="Do networks converge faster and classify better on normalised images, and whose "
    "statistics may normalise images that were not trained on?",
    sources=["B Q19-21"],
    says="Standardisation improves the conditioning: convergence is faster, performance better in "
    "training and in test, and the network still over-fits. Statistics of the training set alone "
    "would bias validation. Limits on the intensity and PCA are other ways to normalise.",
    datasets=["cifar10"],
    seeds={"quick": 2, "paper": 5},
)

# Dense: 3072-256-10 with ReLU (64 hidden neurons in the quick preset). CNN: B's network, three 5x5
# convolutions with 32, 64 and 64 filters that keep the image's size, each with ReLU and 2x2 max
# pooling, a dense layer of 1000 with ReLU, 10. Plain SGD on the cross-entropy of the softmax.
DENSE_NETWORK = {"model": "dense", "activation": "relu"}
CNN_NETWORK = {"model": "cifar_cnn"}
SHARED_RATE = 0.01
RATES, RATES_WITHOUT_SCALING = (0.03, 0.1), (1e-5, 3e-5)  # pixels up to 255: larger gradients

NONE, MIN_MAX, STANDARD = "no scaling", "min-max", "standardised"
PCA, ZCA = "PCA-whitened", "ZCA-whitened"
SCALINGS = {NONE: "none", MIN_MAX: "unit", STANDARD: "standard", PCA: "pca", ZCA: "zca"}
SHARED, TUNED, CNN = "Dense, one rate", "Dense, own rates", "CNN, own rates"


@dataclass(frozen=True)
class Runs:
    """The runs of each setting of network and rates, by scaling of the inputs.

    Attributes:
        settings: `SHARED`, `TUNED` and, in the paper preset, `CNN` → label of a scaling → runs.
    """

    settings: dict[str, Methods]

    @property
    def own_rates(self):
        """The settings in which each scaling has a learning rate of its own."""
        return [setting for setting in self.settings if setting != SHARED]


@study.runs
def runs(lab):
    n, validation = lab.choose(quick=(1_000, 500), paper=(10_000, 5_000))
    hidden, epochs = lab.choose(quick=((64,), 8), paper=((256,), 10))
    scalings_of_cnn = lab.choose(quick=(), paper=(NONE, MIN_MAX, STANDARD))
    dense = lab.config(
        "cifar10",
        **DENSE_NETWORK,
        hidden=hidden,
        train_size=n,
        validation_size=validation,
        optimizer="sgd",
        learning_rate=SHARED_RATE,
        batch_size=128,
        epochs=epochs,
    )
    cnn = lab.config(
        "cifar10",
        **CNN_NETWORK,
        train_size=6_000,
        validation_size=2_000,
        optimizer="sgd",
        batch_size=64,
        epochs=4,
    )
    methods = {(TUNED, label): dense.replace(scaling=SCALINGS[label]) for label in SCALINGS}
    methods |= {(CNN, label): cnn.replace(scaling=SCALINGS[label]) for label in scalings_of_cnn}
    whose = lab.choose(quick=(STANDARD,), paper=(STANDARD, PCA, ZCA))
    tuned = {
        (setting, label): config.replace(keep=("own statistics",)) if label in whose else config
        for (setting, label), config in at_own_rates(lab, methods).items()
    }
    # One scaling after the other, as whitening takes a worker longer than training.
    asked = {}
    for label in SCALINGS:
        shown = ("examples",) if label in (STANDARD, PCA, ZCA) else ()
        asked[SHARED, label] = methods[TUNED, label].replace(keep=shown)
        asked[TUNED, label] = tuned[TUNED, label]
    asked |= {(CNN, label): tuned[CNN, label] for label in scalings_of_cnn}
    settings = {}
    for (setting, label), records in lab.train(asked).items():
        settings.setdefault(setting, {})[label] = records
    return Runs(settings)


def at_own_rates(lab, methods):
    """Each config at the rate that is best after half its epochs."""
    halved, rates = {}, {}
    for (setting, label), config in methods.items():
        name = f"CNN, {label}" if setting == CNN else label
        halved[name] = config.replace(epochs=config.epochs // 2)
        rates[name] = RATES_WITHOUT_SCALING if label == NONE else RATES
    tuned = list(lab.tune(halved, rates, by="validation error").values())
    return {
        method: config.replace(learning_rate=best.learning_rate)
        for (method, config), best in zip(methods.items(), tuned, strict=True)
    }


UPDATES = Measure(
    "updates until the loss that the slower of the two ends with",
    better="lower",
    margin=0.05,  # of the ratio: one update in twenty
)
ACCURACY = Measure("accuracy", better="higher", margin=ACCURACY_MARGIN)
ACCURACY_OF_A_SEED = Measure("test accuracy", float, better="higher", margin=ACCURACY_MARGIN)
FINAL_TRAINING_ACCURACY = Measure(
    "accuracy", TRAINING_ACCURACY, better="higher", margin=ACCURACY_MARGIN
)
OUR_OWN = "Our own question: "


@study.claims
def claims(runs):
    standardised = runs.settings[TUNED][STANDARD]
    accuracies = analysis.accuracies(standardised)

    def faster(source, setting, lower, higher, whose=""):
        faster, slower = updates_to_slower_end(runs.settings[setting], lower, higher)
        return direction(
            source=source,
            statement=f"{whose}Convergence is faster {lower} than {higher} ({setting})",
            measure=UPDATES,
            lower=faster,
            higher=slower,
            ratio=True,
        )

    def better(source, statement, lower, higher, setting=TUNED, measure=TEST_ACCURACY):
        return compare(
            source=source,
            statement=f"{statement} ({setting})",
            measure=measure,
            runs=runs.settings[setting],
            lower=lower,
            higher=higher,
        )

    return [
        *(faster("B 3.1 Q19", setting, STANDARD, MIN_MAX) for setting in runs.settings),
        faster("B 3.1 Q19", TUNED, MIN_MAX, NONE),
        *(
            better(
                "B 3.1 Q19",
                f"Standardisation raises the {images} accuracy",
                MIN_MAX,
                STANDARD,
                setting,
                measure,
            )
            for setting in runs.own_rates
            for images, measure in (("training", FINAL_TRAINING_ACCURACY), ("test", TEST_ACCURACY))
        ),
        direction(
            source="B 3.1 Q19",
            statement=f"Standardised, the network still over-fits ({TUNED})",
            measure=ACCURACY,
            lower=("validation", over_seeds(standardised, VALIDATION_ACCURACY)),
            higher=("training", over_seeds(standardised, TRAINING_ACCURACY)),
        ),
        identity(
            source="B 3.1 Q20",
            statement="Images that were not trained on must be scaled by statistics of their own",
            quantity=f"whether that gains more than {MARGIN:.1%} of accuracy: all test images by "
            "theirs, each class by its own",
            says=[True, True],
            holds=analysis.gains(accuracies),
        ),
        compare(
            source="B 3.1 Q20",
            statement=f"{OUR_OWN}Scaling each class by its own statistics costs accuracy",
            measure=ACCURACY_OF_A_SEED,
            runs=accuracies,
            lower=EACH_CLASS,
            higher=TRAINING,
        ),
        *(faster("B 3.1 Q21", setting, PCA, STANDARD, OUR_OWN) for setting in (SHARED, TUNED)),
        better(
            "B 3.1 Q21",
            f"{OUR_OWN}PCA whitening raises the test accuracy over standardisation",
            STANDARD,
            PCA,
        ),
        better(
            "B 3.1 Q21",
            f"{OUR_OWN}ZCA whitening raises the test accuracy over PCA whitening",
            PCA,
            ZCA,
        ),
    ]


@study.table
def results(runs):
    networks = {
        f"{label} ({setting})": records
        for setting, methods in runs.settings.items()
        for label, records in methods.items()
    }
    measured = [TRAINING_LOSS, TRAINING_ACCURACY, VALIDATION_ACCURACY, TEST_ACCURACY]
    of_a_run = facts("learning rate", "updates")
    return table_of("After the last update", "inputs", networks, measured, of_a_run)


@study.figure(
    caption="Above: each batch's loss before its update, as a moving average over 15 iterations; "
    "below: accuracy on the validation images. What looks slow at one rate, "
    f"{SHARED_RATE}, may only want a larger one; each at its own, chosen by validation, is the "
    "fair comparison. Without scaling the loss starts so high that it lies above the axes, or "
    "falls into them once the hidden units are dead.",
    alt="Training loss against iterations, and validation accuracy against epochs, for five "
    "scalings of a dense network's inputs at one rate and at their own, and for B's CNN.",
)
def loss_and_accuracy(runs):
    return draw_convergence(runs.settings, window=15, highest=3)


@study.figure(
    caption="Accuracy on the same test images, scaled by the statistics of the training images, by "
    "those of the test images themselves, and class by class, as where new images are no random "
    "draw. Where both sets are alike, own statistics change little, unless they name PCA's "
    "components anew; where they differ, own statistics remove what tells classes apart. "
    "Large: mean and 95 % interval; small: seeds.",
    alt="Test accuracy by whose statistics scale the test images, for each network.",
)
def whose_statistics(runs):
    networks = {}
    for setting, methods in runs.settings.items():
        network = setting.split(",")[0]
        for label, records in methods.items():
            if "own statistics" in records[0].config.keep:
                networks[f"{network}, {label}"] = records
    return analysis.draw_accuracies(networks)


@study.figure(
    caption="Test images as they are, standardised and whitened; each row in one range of "
    "brightness. Standardisation stretches the colours alone. ZCA whitening evens out what "
    "neighbouring pixels share, so that edges stand out. PCA whitening gives components in the "
    "pixels' places, the largest first, fading into grey: no picture any more.",
    alt="Four rows of six images: raw, standardised, ZCA-whitened with edges, PCA-whitened noise.",
    of="seed 0",
)
def scaled_images(runs):
    shown = {label: runs.settings[SHARED][label][0] for label in (STANDARD, ZCA, PCA)}
    return analysis.draw_images(shown, PUBLISHED["cifar10"].class_names[:6])


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
