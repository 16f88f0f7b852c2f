"""Image sets drawn by code, to stand in for the real ones where those are out of reach.

Same shapes, sizes, labels and class names; every image has its own pose, proportions, shading and
noise. Equal calls give equal arrays.
"""

import hashlib
from importlib import import_module
from pathlib import Path

import numpy as np

from ..content import Arrays

CLASSES = 10
CHUNK = 250  # images drawn at once: few enough that their planes stay in the processor's cache
SIZES = {"fashion_mnist": (60_000, 10_000), "mnist": (60_000, 10_000), "cifar10": (50_000, 10_000)}


def draw(name: str) -> Arrays:
    """Draws the stand-in of the image set `name`, every class equally often, in random order."""
    train_size, test_size = SIZES[name]
    images = draw_images(name, (train_size + test_size) // CLASSES)
    rng = np.random.default_rng([0])
    arrays = []
    for part in np.split(images, [train_size // CLASSES], axis=1):
        order = rng.permutation(part.shape[0] * part.shape[1])
        labels = np.repeat(np.arange(CLASSES, dtype=np.uint8), part.shape[1])
        arrays += [part.reshape(-1, *part.shape[2:])[order], labels[order]]
    return Arrays(*arrays)


def draw_images(name: str, per_class: int) -> np.ndarray:
    """Draws `per_class` images of each class: uint8, shape (10, per_class, *image shape)."""
    draw_class = import_module(f".{name}", __package__).draw_class
    return np.stack(
        [
            np.concatenate(
                [
                    draw_class(
                        label, min(CHUNK, per_class - start), np.random.default_rng([label, start])
                    )
                    for start in range(0, per_class, CHUNK)
                ]
            )
            for label in range(CLASSES)
        ]
    )


def source_hash() -> str:
    """SHA-256 over the code that draws, so that a changed drawing has another name."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
