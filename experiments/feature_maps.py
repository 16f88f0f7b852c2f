"""What the filters of a convolutional network find (A, section 6.4)."""

from reporting import Study
from reporting.lab import CNN_SEEDS

study = Study(
    name="feature_maps",
    title="What the filters of a CNN find",
    question="What do the filters of the first layer react to, and what those of a deeper one?",
    sources=["A 6.4"],
    says="Of the 32 filters of the first layer, 16 are shown on the picture of a dress: the first "
    "filters detect straight lines, later ones details of the dress.",
    datasets=["fashion_mnist"],
    seeds=CNN_SEEDS,
)


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(6_000, 4), paper=(60_000, 5))
    cnn = lab.config(
        train_size=n,
        model="cnn",  # 32 and 64 filters of 3x3, as in A 6.3
        hidden=(128,),
        optimizer="adam",
        learning_rate=0.001,
        batch_size=150,
        epochs=epochs,
        keep=("weights", "examples"),
    )
    return lab.train({"CNN": cnn})["CNN"]
