"""Scaling the inputs: not at all, min-max, standardisation and whitening (B, section 3.1)."""

from datasets.loading import PUBLISHED
from experiments.analyses import input_normalisation as analysis
from experiments.analyses.input_normalisation import EACH_CLASS, MARGIN, TRAINING
from reporting import Study, compare, direction, identity, table_of
from reporting.figures.curves import draw_convergence
from reporting.study.tables import facts, metrics
from reporting.verdicts.measures import (
    final,
    over_seeds,
    updates_to_slower_end,
    validation_accuracy,
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

NONE, MIN_MAX, STANDARD = "no scaling", "min-max", "standardised"
PCA, ZCA = "PCA-whitened", "ZCA-whitened"
SCALINGS = {NONE: "none", MIN_MAX: "unit", STANDARD: "standard", PCA: "pca", ZCA: "zca"}
SHARED_RATE = 0.01
SHARED, TUNED, CNN = "Dense, one rate", "Dense, own rates", "CNN, own rates"


@study.runs
def runs(lab):
    n, validation = lab.choose(quick=(1_000, 500), paper=(10_000, 5_000))
    hidden, epochs = lab.choose(quick=((64,), 8), paper=((256,), 10))
    of_cnn = lab.choose(quick=(), paper=(NONE, MIN_MAX, STANDARD))
    own = lab.choose(quick=("standard",), paper=("standard", "pca", "zca"))
    base = lab.config("cifar10", train_size=n, validation_size=validation, epochs=epochs,
                      batch_size=128, learning_rate=SHARED_RATE)  # fmt: skip
    b_s = base.replace(model="cifar_cnn", train_size=6_000, validation_size=2_000, epochs=4,
                       batch_size=64)  # fmt: skip
    dense = {label: base.replace(scaling=SCALINGS[label], hidden=hidden) for label in SCALINGS}
    cnns = {f"CNN, {label}": b_s.replace(scaling=SCALINGS[label]) for label in of_cnn}
    tuned = at_own_rates(lab, dense | cnns)
    best = {k: c.replace(keep=("own statistics",) * (c.scaling in own)) for k, c in tuned.items()}
    # One scaling after the other, as whitening takes a worker longer than training.
    asked = {}
    for label, config in dense.items():
        asked[SHARED, label] = config.replace(keep=("examples",) * (label in (STANDARD, PCA, ZCA)))
        asked[TUNED, label] = best[label]
    asked |= {(CNN, label): best[f"CNN, {label}"] for label in of_cnn}
    found = {}
    for (setting, label), records in lab.train(asked).items():
        found.setdefault(setting, {})[label] = records
    return found


def at_own_rates(lab, methods):
    """Each config at the rate that is best after half its epochs."""
    halved = {k: config.replace(epochs=config.epochs // 2) for k, config in methods.items()}
    # Where pixels reach to 255 the gradients are so much larger.
    rates = {k: (1e-5, 3e-5) if c.scaling == "none" else (0.03, 0.1) for k, c in methods.items()}
    tuned = lab.tune(halved, rates, by="validation error")
    return {k: methods[k].replace(learning_rate=tuned[k].learning_rate) for k in methods}


@study.claims
def claims(runs):
    standardised, own = runs[TUNED][STANDARD], "Our own question: "
    accuracies = analysis.accuracies(standardised)

    def faster(source, setting, lower, higher, whose=""):
        statement = f"{whose}Convergence is faster {lower} than {higher} ({setting})"
        quantity = "updates until the loss that the slower of the two ends with"
        pair = updates_to_slower_end(runs[setting], lower, higher)
        return direction(source, statement, quantity, *pair, ratio=True)

    def better(source, statement, lower, higher, setting=TUNED, metric="test_accuracy"):
        return compare(source, f"{statement} ({setting})", metric.replace("_", " "),
                       runs[setting], final(metric), lower, higher, better="higher")  # fmt: skip

    return [
        *(faster("B 3.1 Q19", setting, STANDARD, MIN_MAX) for setting in runs),
        faster("B 3.1 Q19", TUNED, MIN_MAX, NONE),
        *(better("B 3.1 Q19", f"Standardisation raises the {images} accuracy", MIN_MAX, STANDARD,
                 setting, metric)
          for setting in runs if setting != SHARED
          for images, metric in (("training", "accuracy"), ("test", "test_accuracy"))),
        direction("B 3.1 Q19", f"Standardised, the network still over-fits ({TUNED})", "accuracy",
                  ("validation", over_seeds(standardised, validation_accuracy)),
                  ("training", over_seeds(standardised, final("accuracy"))), better="higher"),
        identity("B 3.1 Q20", "Images that were not trained on must be scaled by statistics of "
                 "their own", f"whether that gains more than {MARGIN:.1%} of accuracy: all test "
                 "images by theirs, each class by its own", [True, True],
                 analysis.gains(accuracies)),
        compare("B 3.1 Q20", f"{own}Scaling each class by its own statistics costs accuracy",
                "test accuracy", accuracies, float, EACH_CLASS, TRAINING, better="higher"),
        *(faster("B 3.1 Q21", setting, PCA, STANDARD, own) for setting in (SHARED, TUNED)),
        better("B 3.1 Q21", f"{own}PCA whitening raises the test accuracy over standardisation",
               STANDARD, PCA),
        better("B 3.1 Q21", f"{own}ZCA whitening raises the test accuracy over PCA whitening",
               PCA, ZCA),
    ]  # fmt: skip


@study.table
def results(runs):
    networks = {f"{k} ({setting})": r for setting, of in runs.items() for k, r in of.items()}
    names = "training loss", "training accuracy", "validation accuracy", "test accuracy"
    of_run = facts("learning rate", "updates")
    return table_of("After the last update", "inputs", networks, metrics(*names), of_run)


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
    return draw_convergence(runs, window=15, highest=3)


@study.figure(
    caption="Accuracy on the same test images, scaled by the statistics of the training images, by "
    "those of the test images themselves, and class by class, as where new images are no random "
    "draw. Where both sets are alike, own statistics change little, unless they name PCA's "
    "components anew; where they differ, own statistics remove what tells classes apart. "
    "Large: mean and 95 % interval; small: seeds.",
    alt="Test accuracy by whose statistics scale the test images, for each network.",
)
def whose_statistics(runs):
    networks = {f"{s.split(',')[0]}, {k}": r for s, of in runs.items() for k, r in of.items()}
    kept = {k: r for k, r in networks.items() if "own statistics" in r[0].config.keep}
    return analysis.draw_accuracies(kept)


@study.figure(
    caption="Test images as they are, standardised and whitened; each row in one range of "
    "brightness. Standardisation stretches the colours alone. ZCA whitening evens out what "
    "neighbouring pixels share, so that edges stand out. PCA whitening gives components in the "
    "pixels' places, the largest first, fading into grey: no picture any more.",
    alt="Four rows of six images: raw, standardised, ZCA-whitened with edges, PCA-whitened noise.",
    of="seed 0",
)
def scaled_images(runs):
    shown = {label: runs[SHARED][label][0] for label in (STANDARD, ZCA, PCA)}
    return analysis.draw_images(shown, PUBLISHED["cifar10"].class_names[:6])


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
