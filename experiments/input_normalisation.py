"""Scaling the inputs: not at all, min-max, standardisation and whitening (B, section 3.1)."""

import numpy as np

from datasets.loading import PUBLISHED
from reporting import Study, compare, direction, grids, identity, plots, table_of
from reporting.curves import draw_epochs, draw_intervals, draw_losses
from reporting.measures import final, final_loss, over_seeds, trailing_loss, updates_to_reach

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

SCALINGS = {
    "no scaling": "none",
    "min-max": "unit",
    "standardised": "standard",
    "PCA-whitened": "pca",
    "ZCA-whitened": "zca",
}
NONE, MIN_MAX, STANDARD, PCA, ZCA = SCALINGS
SHARED_RATE = 0.01
SHARED, TUNED, CNN = "Dense, one rate", "Dense, own rates", "CNN, own rates"
TRAINING, ALL_TEST, EACH_CLASS = plots.FAMILIES["statistics"]
ACCURACIES = {
    TRAINING: final("test_accuracy"),
    ALL_TEST: final("own_test_accuracy"),
    EACH_CLASS: final("own_class_test_accuracy"),
}
MARGIN = 0.005  # of accuracy, from which on one way is called better


@study.runs
def runs(lab):
    n, validation = lab.choose(quick=(1_000, 500), paper=(10_000, 5_000))
    hidden, epochs = lab.choose(quick=((64,), 8), paper=((256,), 10))
    own = lab.choose(quick=("standard",), paper=("standard", "pca", "zca"))
    base = lab.config("cifar10", train_size=n, validation_size=validation, epochs=epochs,
                      batch_size=128, learning_rate=SHARED_RATE)  # fmt: skip
    dense = {
        label: base.replace(scaling=scaling, hidden=hidden) for label, scaling in SCALINGS.items()
    }
    b_s = base.replace(model="cifar_cnn", train_size=6_000, validation_size=2_000, epochs=4,
                       batch_size=64)  # fmt: skip
    cnns = {
        f"CNN, {label}": b_s.replace(scaling=SCALINGS[label])
        for label in lab.choose(quick=(), paper=(NONE, MIN_MAX, STANDARD))
    }
    best = {
        label: config.replace(keep=("own statistics",) * (config.scaling in own))
        for label, config in at_own_rates(lab, dense | cnns).items()
    }
    # One scaling after the other, as whitening takes a worker longer than training.
    asked = {}
    for label, config in dense.items():
        asked[SHARED, label] = config.replace(keep=("examples",) * (label in (STANDARD, PCA, ZCA)))
        asked[TUNED, label] = best[label]
    asked |= {(CNN, label.removeprefix("CNN, ")): best[label] for label in cnns}
    records = lab.train(asked)
    return {
        setting: {label: of for (of_setting, label), of in records.items() if of_setting == setting}
        for setting in dict.fromkeys(setting for setting, _ in asked)
    }


def at_own_rates(lab, methods):
    """Each config at the rate that is best after half its epochs."""
    halves = {label: config.replace(epochs=config.epochs // 2) for label, config in methods.items()}
    raw = {label: config for label, config in halves.items() if config.scaling == "none"}
    scaled = {label: config for label, config in halves.items() if label not in raw}
    # Where pixels reach to 255 the gradients are so much larger.
    tuned = lab.tune(raw, (1e-5, 3e-5), by="validation error")
    tuned |= lab.tune(scaled, (0.03, 0.1), by="validation error")
    return {
        label: config.replace(learning_rate=tuned[label].learning_rate)
        for label, config in methods.items()
    }


def val_accuracy(record):
    """After the last update, at the weights that `final` is measured at."""
    return record.epochs["val_accuracy"][-1]


@study.claims
def claims(runs):
    standardised, own = runs[TUNED][STANDARD], "Our own question: "
    of_statistics = {name: over_seeds(standardised, of) for name, of in ACCURACIES.items()}

    def faster(source, setting, lower, higher, whose=""):
        statement = f"{whose}Convergence is faster {lower} than {higher} ({setting})"
        quantity = "updates until the loss that the slower of the two ends with"
        return direction(source, statement, quantity, *updates(runs[setting], lower, higher),
                         ratio=True)  # fmt: skip

    def better(source, statement, setting, metric, lower, higher):
        return compare(source, f"{statement} ({setting})", metric.replace("_", " "),
                       runs[setting], final(metric), lower, higher, better="higher")  # fmt: skip

    return [
        *(faster("B 3.1 Q19", setting, STANDARD, MIN_MAX) for setting in runs),
        faster("B 3.1 Q19", TUNED, MIN_MAX, NONE),
        *(better("B 3.1 Q19", f"Standardisation raises the {images} accuracy", setting, metric,
                 MIN_MAX, STANDARD)
          for setting in runs if setting != SHARED
          for images, metric in (("training", "accuracy"), ("test", "test_accuracy"))),
        direction("B 3.1 Q19", f"Standardised, the network still over-fits ({TUNED})", "accuracy",
                  ("validation", over_seeds(standardised, val_accuracy)),
                  ("training", over_seeds(standardised, final("accuracy"))), better="higher"),
        identity("B 3.1 Q20", "Images that were not trained on must be scaled by statistics of "
                 "their own", f"whether that gains more than {MARGIN:.1%} of accuracy: all test "
                 "images by theirs, each class by its own", [True, True],
                 [gains(of_statistics, name) for name in (ALL_TEST, EACH_CLASS)]),
        direction("B 3.1 Q20", f"{own}Scaling each class by its own statistics costs accuracy",
                  "test accuracy", (EACH_CLASS, of_statistics[EACH_CLASS]),
                  (TRAINING, of_statistics[TRAINING]), better="higher"),
        faster("B 3.1 Q21", SHARED, PCA, STANDARD, own),
        faster("B 3.1 Q21", TUNED, PCA, STANDARD, own),
        better("B 3.1 Q21", f"{own}PCA whitening raises the test accuracy over standardisation",
               TUNED, "test_accuracy", STANDARD, PCA),
        better("B 3.1 Q21", f"{own}ZCA whitening raises the test accuracy over PCA whitening",
               TUNED, "test_accuracy", PCA, ZCA),
    ]  # fmt: skip


def updates(methods, *labels):
    """For each label, the updates of its runs until the loss that the slowest ends with."""
    ends = np.max([[trailing_loss(r)[-1] for r in methods[label]] for label in labels], axis=0)
    return [
        (label, [updates_to_reach(*pair) for pair in zip(methods[label], ends, strict=True)])
        for label in labels
    ]


def gains(accuracies, statistics):
    return bool((accuracies[statistics] - accuracies[TRAINING]).mean() > MARGIN)


@study.table
def results(runs):
    labels = {
        f"{label} ({setting})": records
        for setting, methods in runs.items()
        for label, records in methods.items()
    }
    facts = {
        "learning rate": lambda record: record.config.learning_rate,
        "updates": lambda record: len(record.iteration_loss),
    }
    measures = {
        "training loss": final_loss,
        "training accuracy": final("accuracy"),
        "validation accuracy": val_accuracy,
        "test accuracy": final("test_accuracy"),
    }
    return table_of("After the last update", "inputs", labels, measures, facts)


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
    fig, axes = plots.figure(2, len(runs), width=13, height=9, sharey="row")
    for (loss, accuracy), (setting, methods) in zip(axes.T, runs.items(), strict=True):
        draw_losses(loss, methods, windows=dict.fromkeys(methods, 15))
        loss.set_title(setting)
        for label, records in methods.items():
            draw_epochs(accuracy, records, "val_accuracy", label)
        plots.label_axes(accuracy, "Epochs", "Validation accuracy")
        accuracy.xaxis.get_major_locator().set_params(integer=True)
    for row in axes[:, 1:]:
        for ax in row:
            ax.set_ylabel("")
    axes[0, 0].set_ylim(0, 3)
    plots.legend(fig)
    return fig


@study.figure(
    caption="Accuracy on the same test images, scaled by the statistics of the training images, by "
    "those of the test images themselves, and class by class, as where new images are no random "
    "draw. Where both sets are alike, own statistics change little, unless they name PCA's "
    "components anew; where they differ, own statistics remove what tells classes apart. "
    "Large: mean and 95 % interval; small: seeds.",
    alt="Test accuracy by whose statistics scale the test images, for each network.",
)
def whose_statistics(runs):
    networks = {
        f"{setting.split(',')[0]}, {label}": records
        for setting, methods in runs.items()
        for label, records in methods.items()
        if "own statistics" in records[0].config.keep
    }
    height = 0.8 + 1.4 * len(networks)
    fig, axes = plots.figure(len(networks), width=9, height=height, sharex=True, squeeze=False)
    for ax, (network, records) in zip(axes.flat, networks.items(), strict=True):
        of_statistics = {name: over_seeds(records, of) for name, of in ACCURACIES.items()}
        draw_intervals(ax, of_statistics, float)
        plots.label_axes(ax, "Test accuracy", "", title=network)
        ax.label_outer()
    return fig


@study.figure(
    caption="Test images as they are, standardised and whitened; each row in one range of "
    "brightness. Standardisation stretches the colours alone. ZCA whitening evens out what "
    "neighbouring pixels share, so that edges stand out. PCA whitening gives components in the "
    "pixels' places, the largest first, fading into grey: no picture any more.",
    alt="Four rows of six images: raw, standardised, ZCA-whitened with edges, PCA-whitened noise.",
    of="seed 0",
)
def scaled_images(runs):
    dense = {label: records[0].kept for label, records in runs[SHARED].items()}
    rows = {"as they are": dense[STANDARD]["example_images"]} | {
        label: dense[label]["example_inputs"].astype(float) for label in (STANDARD, ZCA, PCA)
    }
    return grids.draw_rows(rows, PUBLISHED["cifar10"].class_names[:6], width=11)


if __name__ == "__main__":
    from experiments.__main__ import run_one

    run_one(study.name)
