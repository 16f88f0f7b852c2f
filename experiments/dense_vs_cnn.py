"""The best dense network against the best CNN on Fashion-MNIST (A, section 7)."""

from reporting import Study
from reporting.lab import CNN_SEEDS, CRITERIA
from reporting.measures import over_seeds

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

DENSE, CNN, PLAIN_CNN = "dense", "CNN", "CNN, unregularised"


@study.runs
def runs(lab):
    n, validation = lab.choose(quick=(5_000, 1_000), paper=(48_000, 12_000))
    trial_epochs, epochs = lab.choose(quick=(3, 6), paper=(8, 20))
    base = lab.config(
        train_size=n, validation_size=validation, batch_size=150, optimizer="adam",
        learning_rate=0.001, schedule="cosine", epochs=epochs,
    )  # fmt: skip
    dense = base.replace(dropout=0.4)
    cnn = base.replace(epochs=trial_epochs, model="cnn", padding="same", hidden=(256,))
    dropout = cnn.replace(dropout=0.5, block_dropout=0.15)
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
            "dropout, flip, crop": dropout.replace(augmentation=("flip", "crop")),
        },
    }
    trials = {network: lab.trials(of_network) for network, of_network in candidates.items()}
    best = {network: candidates[network][best_of(trials[network])] for network in candidates}
    tuned = lab.tune(best, (0.0003, 0.001, 0.003), by="validation error")
    # The test images are looked at once, after training on all others.
    final = {"train_size": n + validation, "validation_size": 0, "epochs": epochs}
    kept = {"keep": ("predictions", "examples")}
    plain = lab.config(
        model="cnn", hidden=(128,), optimizer="adam", learning_rate=0.001, **final, **kept
    )
    return {
        "trials": trials,
        "final": lab.train(
            {
                DENSE: tuned[DENSE].replace(**final, **kept),
                CNN: tuned[CNN].replace(**final, **kept),
                PLAIN_CNN: plain,
            }
        ),
    }


def best_of(trials):
    """The candidate with the lowest mean validation error."""
    error = CRITERIA["validation error"]
    return min(trials, key=lambda label: over_seeds(trials[label], error).mean())
