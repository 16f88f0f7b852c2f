"""When to stop, and what the validation images cost (A, section 5.1)."""

from reporting import Study

study = Study(
    name="validation_split",
    title="Training against validation",
    question="From which epoch does a network do better on its training images than on others, "
    "when should training stop, and what does it cost to hold images back?",
    sources=["A 5.1", "E"],
    says="Measured on the images it was built on, a network looks better than it is. A share of "
    "them, validation_split = 0.2, is held back to decide when training should stop.",
    datasets=["fashion_mnist"],
)

PLAIN, DROPOUT = "without dropout", "dropout 0.4"
FRACTIONS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(6_000, 25), paper=(60_000, 40))

    def held_back(fraction, **fields):
        validation = round(fraction * n)
        return lab.config(
            train_size=n - validation,
            validation_size=validation,
            hidden=(250,),
            optimizer="adam",
            learning_rate=0.001,  # Keras's default for Adam
            batch_size=150,
            epochs=epochs,
            **fields,
        )

    return {
        "curves": lab.train(
            {
                PLAIN: held_back(0.2, keep=("evaluations",)),
                DROPOUT: held_back(0.2, dropout=0.4, keep=("evaluations",)),
            }
        ),
        "stopped": lab.train({PLAIN: held_back(0.2, patience=5)}),
        "fractions": lab.train({f: held_back(f, dropout=0.4, patience=5) for f in FRACTIONS}),
    }
