"""The cost of augmentation and batch normalisation: `python -m benchmarks.cifar_network`."""

import contextlib
import statistics
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks.machine import machine
from training.backend import import_keras

ROUNDS = 3
BATCH_SIZE = 128
ITERATIONS = 30

PLAIN = "without options"
AS_KERAS = "batch normalisation, as Keras computes it"
VARIANTS = {
    PLAIN: {},
    "crop": {"augmentation": ("crop",)},
    "flip": {"augmentation": ("flip",)},
    "affine": {"augmentation": ("affine",)},
    "crop, flip, affine": {"augmentation": ("crop", "flip", "affine")},
    "batch normalisation": {"batch_normalisation": True},
    AS_KERAS: {"batch_normalisation": True},
}
"""Title in the table → options of `models.cifar_cnn`."""


def seconds(name, images, labels):
    """Seconds that a variant needs for `ITERATIONS` iterations, without compilation."""
    import keras

    import models
    from training.loop.backends import on_tensorflow
    from training.loop.fitting import fit

    model = models.cifar_cnn(images.shape[1:], scaling=1 / 255, seed=0, **VARIANTS[name])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    as_keras = mock.patch.object(
        on_tensorflow, "fused_batch_normalisation", return_value=contextlib.nullcontext()
    )
    with as_keras if name == AS_KERAS else contextlib.nullcontext():
        history = fit(model, images, labels, batch_size=BATCH_SIZE, iterations=ITERATIONS, seed=0)
    return history.seconds


def main():
    """Measure, print, and write `cifar_network.md` beside this file."""
    import_keras(threads=1)
    rng = np.random.default_rng(0)
    images = rng.integers(256, size=(BATCH_SIZE * ITERATIONS, 32, 32, 3), dtype=np.uint8)
    labels = rng.integers(10, size=len(images)).astype(np.int32)
    rounds = [{name: seconds(name, images, labels) for name in VARIANTS} for _ in range(ROUNDS)]
    lines = [
        "# B's CIFAR-10 network",
        "",
        f"Written by `make bench`. `training.fit` on one thread, batches of {BATCH_SIZE}, "
        f"{ITERATIONS} iterations. Medians of {ROUNDS} rounds, in which the variants take turns; "
        "the smallest and the largest ratio of a round in brackets.",
        "",
        machine(),
        "",
        "| Network | Images per second | Ratio of times |",
        "|---|---:|---:|",
    ]
    for name in VARIANTS:
        rate = len(images) / statistics.median(times[name] for times in rounds)
        ratios = [times[name] / times[PLAIN] for times in rounds]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        lines.append(f"| {name} | {rate:,.0f} | {statistics.median(ratios):.2f} ({spread}) |")
    text = "\n".join(lines) + "\n"
    Path(__file__).with_name("cifar_network.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
