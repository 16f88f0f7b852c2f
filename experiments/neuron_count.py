"""The number of neurons in one hidden layer, with and without dropout (A, section 5.2)."""

from reporting import Study

study = Study(
    name="neuron_count",
    title="Neurons in a hidden layer",
    question="What do more neurons in a single hidden layer buy, in parameters and in seconds, and "
    "what does dropout add?",
    sources=["A 5.2", "A 1"],
    says="One hidden layer with dropout 0.4 and 250, 2250 or 5000 neurons: a figure of validation "
    "curves, without a statement. A layer of n_j neurons has n_j·n_{j−1} + n_j parameters.",
    datasets=["fashion_mnist"],
)

WIDTHS = (250, 2250, 5000)


def label(width, dropout):
    return f"{width} neurons" + ", dropout 0.4" * bool(dropout)


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(4_000, 1_000, 3), paper=(48_000, 12_000, 8))
    base = lab.config(
        train_size=n, validation_size=validation, batch_size=150, epochs=epochs, optimizer="adam"
    )
    methods = {
        label(width, dropout): base.replace(hidden=(width,), dropout=dropout)
        for dropout in (0.4, None)
        for width in WIDTHS
    }
    return lab.train(lab.tune(methods, (0.0003, 0.001, 0.003), by="validation error"))
