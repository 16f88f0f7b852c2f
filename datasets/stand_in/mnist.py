"""Handwritten digits: the stand-in of MNIST.

A digit is one or more pen strokes through a few control points, shaken anew for each image,
joined by a smooth curve and seen from a random pose.
"""

import numpy as np

from .drawing import cover, uniform

SIZE = 28
STEPS = 2  # straight pieces between two control points

# The ways to write each digit. Each is a list of strokes, a stroke a list of control points (x, y)
# from -1 to 1, y down.
DIGITS = {
    0: [
        [[(.1, -.95), (-.45, -.6), (-.55, .2), (-.2, .9), (.35, .75), (.6, 0), (.4, -.75),
          (0, -.95)]],
    ],
    1: [
        [[(.05, -.95), (0, 0), (-.05, .95)]],
        [[(-.3, -.6), (.1, -.95), (.08, 0), (.05, .95)]],
    ],
    2: [
        [[(-.5, -.55), (-.1, -.95), (.45, -.6), (.2, .05), (-.55, .85), (0, .85), (.6, .8)]],
        [[(-.5, -.6), (0, -.95), (.45, -.55), (.1, .2), (-.4, .85), (-.6, .6), (-.2, .55),
          (.6, .9)]],
    ],
    3: [
        [[(-.5, -.75), (.05, -.95), (.45, -.6), (.25, -.15), (-.1, -.05), (.35, .1), (.55, .5),
          (.1, .95), (-.5, .75)]],
    ],
    4: [
        [[(-.35, -.9), (-.5, 0), (-.3, .15), (.5, .05)], [(.4, -.9), (.35, 0), (.25, .95)]],
        [[(.25, -.95), (-.2, -.4), (-.6, .2), (0, .2), (.6, .15)], [(.25, -.95), (.22, 0),
          (.2, .95)]],
    ],
    5: [
        [[(-.3, -.9), (-.4, -.4), (-.35, -.1), (.2, -.2), (.5, .2), (.3, .8), (-.1, .95),
          (-.5, .75)], [(-.3, -.9), (.1, -.9), (.55, -.95)]],
    ],
    6: [
        [[(.3, -.95), (-.25, -.5), (-.5, .3), (-.2, .9), (.35, .8), (.45, .3), (.05, .05),
          (-.45, .4)]],
    ],
    7: [
        [[(-.55, -.8), (0, -.85), (.5, -.85), (.3, -.3), (.05, .3), (-.1, .95)]],
        [[(-.55, -.8), (0, -.85), (.5, -.85), (.3, -.3), (.05, .3), (-.1, .95)], [(-.25, .1),
          (.1, .05), (.5, 0)]],
    ],
    8: [
        [[(.4, -.75), (0, -.95), (-.4, -.6), (0, -.05), (.45, .5), (0, .95), (-.45, .55),
          (0, -.05), (.4, -.55), (.35, -.85)]],
    ],
    9: [
        [[(.4, -.6), (0, -.95), (-.45, -.6), (-.3, -.15), (.15, -.15), (.45, -.6), (.4, .1),
          (.2, .95)]],
        [[(.4, -.6), (0, -.95), (-.45, -.6), (-.3, -.15), (.15, -.15), (.45, -.6), (.45, .3),
          (.1, .95), (-.4, .7)]],
    ],
}  # fmt: skip

TREMOR = 0.13  # standard deviation of a control point


def draw_class(label: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draws `count` images of one digit: uint8, shape (count, 28, 28)."""
    styles = np.array_split(np.arange(count), len(DIGITS[label]))
    images = [
        _write(strokes, len(members), rng)
        for strokes, members in zip(DIGITS[label], styles, strict=True)
    ]
    return rng.permutation(np.concatenate(images))


def _write(strokes: list, count: int, rng: np.random.Generator) -> np.ndarray:
    axis = (np.arange(SIZE, dtype=np.float32) + 0.5) * (2 / SIZE) - 1
    column, row = axis[None, None, :], axis[None, :, None]
    turn, center = _pose(count, rng)
    distance = np.full((count, SIZE, SIZE), 4, np.float32)  # squared, to the nearest piece
    for points in strokes:
        shaken = np.array(points, np.float32) + TREMOR * rng.standard_normal(
            (count, len(points), 2), dtype=np.float32
        )
        curve = _curve(len(points)) @ shaken @ turn + center
        x, y = curve[:, :, 0, None, None], curve[:, :, 1, None, None]
        for i in range(curve.shape[1] - 1):
            dx, dy = x[:, i + 1] - x[:, i], y[:, i + 1] - y[:, i]
            from_x, from_y = column - x[:, i], row - y[:, i]
            length = dx * dx + dy * dy + 1e-6
            along = np.clip(from_x * (dx / length) + from_y * (dy / length), 0, 1)
            distance = np.minimum(distance, (from_x - along * dx) ** 2 + (from_y - along * dy) ** 2)
    radius, softness = uniform(rng, count, 0.05, 0.14), uniform(rng, count, 0.08, 0.14)
    ink = cover(np.sqrt(distance) - radius, softness) * uniform(rng, count, 0.8, 1.0)
    return np.rint(255 * ink).astype(np.uint8)


def _pose(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Matrices (count, 2, 2) that row vectors are multiplied with, and centers (count, 1, 2)."""
    angle = rng.normal(0, 0.20, count)
    height, width = rng.uniform(0.58, 0.76, count), rng.uniform(0.50, 0.76, count)
    slant = rng.normal(0.15, 0.18, count)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array(
        [[width * cos, width * sin], [-height * (sin + slant * cos), height * (cos - slant * sin)]]
    )
    center = rng.uniform(-0.16, 0.16, (count, 1, 2))
    return turn.transpose(2, 0, 1).astype(np.float32), center.astype(np.float32)


def _curve(count: int) -> np.ndarray:
    """Weights (pieces + 1, count) of the Catmull-Rom curve through `count` points."""
    position = np.arange((count - 1) * STEPS + 1) / STEPS
    first = np.minimum(position.astype(int), count - 2)
    t = (position - first)[:, None]
    cubic = 0.5 * np.hstack(
        [
            -t + 2 * t**2 - t**3,
            2 - 5 * t**2 + 3 * t**3,
            t + 4 * t**2 - 3 * t**3,
            -(t**2) + t**3,
        ]
    )
    weights = np.zeros((len(position), count))
    for offset in range(4):
        neighbour = np.clip(first + offset - 1, 0, count - 1)
        np.add.at(weights, (np.arange(len(position)), neighbour), cubic[:, offset])
    return weights.astype(np.float32)
