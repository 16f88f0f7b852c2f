"""Shapes drawn on many small images at once.

A plane is a float32 array of shape (n, size, size). Coordinates run from -1 to 1 over the frame,
x to the right and y down. Parameters are scalars or arrays of shape (n, 1, 1), one value for each
image. The shape functions give signed distances in frame units, negative inside.
"""

import numpy as np


def uniform(rng: np.random.Generator, count: int, low: float, high: float) -> np.ndarray:
    """One value for each image, shape (count, 1, 1)."""
    return rng.uniform(low, high, (count, 1, 1)).astype(np.float32)


def chance(rng: np.random.Generator, count: int, probability: float) -> np.ndarray:
    """1 with the given probability, else 0, shape (count, 1, 1), float32."""
    return (rng.random((count, 1, 1)) < probability).astype(np.float32)


def frame(
    rng: np.random.Generator,
    count: int,
    size: int,
    *,
    shift: float,
    rotation: float,
    scale: tuple[float, float],
    aspect: float = 0.0,
    shear: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Pixel coordinates x, y as seen from a shape in a random pose: two planes.

    Args:
        rng: source of the poses.
        count: how many images.
        size: pixels along each side.
        shift: largest displacement along each axis, in frame units.
        rotation: standard deviation of the angle, in radians.
        scale: smallest and largest size factor.
        aspect: largest relative change of the width against the height.
        shear: largest slant.
    """
    axis = (np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1
    x = axis[None, None, :] - uniform(rng, count, -shift, shift)
    y = axis[None, :, None] - uniform(rng, count, -shift, shift)
    angle = rng.normal(0, rotation, (count, 1, 1)).astype(np.float32)
    factor = uniform(rng, count, *scale)
    width = factor * (1 + uniform(rng, count, -aspect, aspect))
    slant = uniform(rng, count, -shear, shear)
    cos, sin = np.cos(angle), np.sin(angle)
    turned_y = (y * cos - x * sin) / factor
    return (x * cos + y * sin) / width + slant * turned_y, turned_y


def cover(distance: np.ndarray, softness: float | np.ndarray = 1 / 14) -> np.ndarray:
    """How much of each pixel a shape covers, from 0 to 1; `softness` is a pixel's width."""
    return np.clip(0.5 - distance / softness, 0, 1)


def _norm(x, y):
    return np.sqrt(x * x + y * y)  # many times faster than np.hypot, whose range is not needed


def ellipse(x, y, cx, cy, rx, ry):
    """Signed distance, exact along the shorter axis, of an ellipse with half-axes rx and ry."""
    return (_norm((x - cx) / rx, (y - cy) / ry) - 1) * np.minimum(rx, ry)


def box(x, y, cx, cy, half_width, half_height):
    """Signed distance (maximum norm) of an upright rectangle."""
    return np.maximum(np.abs(x - cx) - half_width, np.abs(y - cy) - half_height)


def stroke(x, y, ax, ay, bx, by, radius, taper=0.0):
    """Signed distance of a thick segment from a to b; its radius shrinks by `taper` towards b."""
    dx, dy = bx - ax, by - ay
    along = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy + 1e-6), 0, 1)
    return _norm(x - ax - along * dx, y - ay - along * dy) - (radius - taper * along)


def polygon(x, y, *corners):
    """Signed distance, outside to the lines of the edges, of a convex polygon, clockwise."""
    distance = None
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        dx, dy = bx - ax, by - ay
        edge = ((x - ax) * dy - (y - ay) * dx) / np.sqrt(dx * dx + dy * dy + 1e-6)
        distance = edge if distance is None else np.maximum(distance, edge)
    return distance


def smooth_noise(rng: np.random.Generator, count: int, size: int, knots: int) -> np.ndarray:
    """Noise of standard deviation about 1 at knots × knots points, linear in between: a plane."""
    position = np.linspace(0, knots - 1, size, dtype=np.float32)
    weights = np.clip(1 - np.abs(position[:, None] - np.arange(knots, dtype=np.float32)), 0, 1)
    values = rng.standard_normal((count, knots, knots), dtype=np.float32)
    return weights @ values @ weights.T


def paint(canvas: np.ndarray, coverage: np.ndarray, value) -> np.ndarray:
    """The canvas with `value` laid over it where the shape covers."""
    return canvas + coverage * (value - canvas)
