"""Numpy-CNN's network vectorised, in plain loops and in Keras: `python -m benchmarks.numpy_cnn`.

The implementations take turns, each in its own process; `python -m benchmarks.numpy_cnn NAME` times
one of them and prints its images per second.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.machine import machine
from training.provenance import ROOT

ROUNDS = 5
BATCH_SIZE = 32
EXAMPLES = 64 * BATCH_SIZE


def images():
    """Random images, float32, shape (examples, 28, 28, 1), and labels, int32."""
    rng = np.random.default_rng([0])
    return (
        rng.random((EXAMPLES, 28, 28, 1), np.float32),
        rng.integers(10, size=EXAMPLES).astype(np.int32),
    )


def keras_fit():
    """Keras's `model.fit`."""
    import keras

    import models

    x, y = images()
    model = models.numpy_cnn((28, 28, 1), seed=0)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return EXAMPLES, lambda: model.fit(x, y, BATCH_SIZE, verbose=0)


def vectorised():
    """`models.from_scratch`, on one thread."""
    from threadpoolctl import threadpool_limits

    from models import from_scratch

    threadpool_limits(1)
    x, y = images()
    network, optimizer = from_scratch.numpy_cnn(seed=0), from_scratch.OPTIMIZERS["adam"]()
    return EXAMPLES, lambda: network.fit(x, y, optimizer, batch_size=BATCH_SIZE)


def loops():
    """Loops over images, filters and windows: one batch, without the update."""
    from models import from_scratch
    from models.from_scratch import numpy_cnn_loops

    x, y = (part[:BATCH_SIZE] for part in images())
    weights = from_scratch.numpy_cnn(seed=0).parameters
    return BATCH_SIZE, lambda: numpy_cnn_loops.loss_and_gradients(weights, x, y)


TITLES = {
    "keras_fit": "Keras, model.fit",
    "vectorised": "NumPy, vectorised",
    "loops": "Plain loops",
}
"""Function of this module → its title in the table."""


def images_per_second(name, repeats=3):
    """The best of several repeats, after a warm-up."""
    count, train = globals()[name]()
    seconds = []
    for _ in range(1 + repeats):
        started = time.perf_counter()
        train()
        seconds.append(time.perf_counter() - started)
    return count / min(seconds[1:])


def measure(name):
    """Images per second in a new process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.numpy_cnn", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def main():
    """Measure, print, and write `numpy_cnn.md` beside this file."""
    rounds = [{name: measure(name) for name in TITLES} for _ in range(ROUNDS)]
    lines = [
        "# Numpy-CNN's network in NumPy",
        "",
        f"Written by `make bench`. Batches of {BATCH_SIZE}, float32, forward, backward and Adam's "
        f"update (the loops without it). Medians of {ROUNDS} rounds; the smallest and the largest "
        "ratio of a round in brackets.",
        "",
        machine(),
        "",
        "| Implementation | Images per second | Ratio to Keras | Ratio to loops |",
        "|---|---:|---:|---:|",
    ]
    for name, title in TITLES.items():
        rate = statistics.median(rates[name] for rates in rounds)
        to_keras, to_loops = (
            ratio([rates[name] / rates[base] for rates in rounds])
            for base in ("keras_fit", "loops")
        )
        lines.append(f"| {title} | {rate:,.4g} | {to_keras} | {to_loops} |")
    text = "\n".join(lines) + "\n"
    Path(__file__).with_name("numpy_cnn.md").write_text(text)
    print(text)


def ratio(values):
    """Median, smallest and largest value."""
    return f"{statistics.median(values):,.3g} ({min(values):,.3g} to {max(values):,.3g})"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(images_per_second(sys.argv[1]))
    else:
        main()
