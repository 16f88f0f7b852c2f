"""Vehicles and animals in front of a landscape: the stand-in of CIFAR-10.

The colours of things and of their backgrounds overlap widely between the classes, and things stand
anywhere, at any size, facing either way, so that the outline counts and not a pixel's place.
"""

import numpy as np

from .drawing import (
    box,
    chance,
    cover,
    ellipse,
    frame,
    paint,
    polygon,
    smooth_noise,
    stroke,
    uniform,
)

SIZE = 32
SOFTNESS = 1 / 10

# Colours as red, green, blue from 0 to 1.
SKY, SEA, GRASS, ROAD, FOREST, ROOM = (
    (0.55, 0.72, 0.92),
    (0.25, 0.42, 0.60),
    (0.42, 0.58, 0.25),
    (0.48, 0.47, 0.46),
    (0.22, 0.33, 0.16),
    (0.62, 0.50, 0.42),
)
FUR = ((0.45, 0.30, 0.18), (0.15, 0.13, 0.12), (0.75, 0.68, 0.60), (0.62, 0.45, 0.28))
PAINT = (
    (0.85, 0.85, 0.85),
    (0.75, 0.15, 0.12),
    (0.15, 0.25, 0.60),
    (0.15, 0.15, 0.17),
    (0.80, 0.65, 0.15),
)
GREEN = ((0.35, 0.55, 0.20), (0.50, 0.45, 0.20), (0.25, 0.40, 0.18), (0.60, 0.40, 0.15))
FEATHERS = (
    (0.55, 0.45, 0.35),
    (0.70, 0.20, 0.15),
    (0.20, 0.35, 0.65),
    (0.90, 0.88, 0.85),
    (0.15, 0.14, 0.14),
)

# For each class: the grounds and backs it may stand before, and its colours.
SCENES = {
    0: ((SKY, SEA, ROAD, GRASS), (SKY,), PAINT[:3]),
    1: ((ROAD, ROAD, GRASS), (SKY, FOREST, ROOM, ROAD), PAINT),
    2: ((GRASS, SKY, SEA, SEA), (SKY, FOREST, GRASS), FEATHERS),
    3: ((ROOM, ROAD, GRASS), (ROOM, FOREST, ROAD), FUR),
    4: ((GRASS, FOREST, ROOM), (FOREST, GRASS, SKY), FUR[:1] + FUR[3:]),
    5: ((ROOM, GRASS, ROAD), (ROOM, FOREST, GRASS), FUR),
    6: ((GRASS, FOREST, ROOM, ROAD), (FOREST, GRASS, ROOM), GREEN),
    7: ((GRASS, ROOM, ROAD), (FOREST, SKY, GRASS), FUR),
    8: ((SEA,), (SKY, SKY, FOREST), PAINT),
    9: ((ROAD, ROAD, GRASS), (SKY, FOREST, ROOM, ROAD), PAINT),
}


def draw_class(label: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draws `count` images of one class: uint8, shape (count, 32, 32, 3)."""
    x, y = frame(
        rng, count, SIZE, shift=0.32, rotation=0.15, scale=(0.42, 0.92), aspect=0.2, shear=0.25
    )
    x = x * (1 - 2 * chance(rng, count, 0.5))
    grounds, backs, colours = SCENES[label]
    canvas = _landscape(y, count, rng, grounds, backs)
    thing = [_airplane, _automobile, _bird, _cat, _deer, _dog, _frog, _horse, _ship, _truck][label]
    light = 1 + uniform(rng, count, 0.0, 0.35) * (-y) + 0.10 * smooth_noise(rng, count, SIZE, 9)
    haze = uniform(rng, count, 0.5, 1.0)
    for coverage, colour in thing(x, y, count, rng, _pick(rng, count, colours)):
        for channel, value in zip(canvas, colour, strict=True):
            channel[:] = paint(channel, haze * coverage, value * light)
    _foreground(canvas, count, rng, grounds)
    contrast, brightness = uniform(rng, count, 0.6, 1.1), uniform(rng, count, 0.35, 0.6)
    image = np.stack(canvas, axis=-1)
    image += uniform(rng, count, 0.01, 0.05)[..., None] * rng.standard_normal(
        image.shape, dtype=np.float32
    )
    image = brightness[..., None] + contrast[..., None] * (image - 0.45)
    return np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)


def _pick(rng, count, colours):
    """One of the colours for each image, varied: three planes of shape (count, 1, 1)."""
    chosen = np.array(colours, np.float32)[rng.integers(len(colours), size=count)]
    varied = chosen + 0.09 * rng.standard_normal((count, 1), dtype=np.float32)
    varied += 0.045 * rng.standard_normal((count, 3), dtype=np.float32)
    return [varied[:, channel, None, None] for channel in range(3)]


def _shade(colour, factor):
    return [value * factor for value in colour]


def _landscape(y, count, rng, grounds, backs):
    """Ground below a horizon, each with its own rough texture: three planes."""
    below = cover(uniform(rng, count, -0.4, 0.6) - y, 0.15)
    ground, back = _pick(rng, count, grounds), _pick(rng, count, backs)
    rough = uniform(rng, count, 0.02, 0.12) * smooth_noise(rng, count, SIZE, 16)
    clouds = uniform(rng, count, 0.03, 0.15) * smooth_noise(rng, count, SIZE, 5)
    texture = clouds + rough
    return [paint(b + texture, below, g - texture) for g, b in zip(ground, back, strict=True)]


def _foreground(canvas, count, rng, grounds):
    """Hides a part of the scene behind a post, a bush or a wall."""
    axis = (np.arange(SIZE, dtype=np.float32) + 0.5) * (2 / SIZE) - 1
    center_x, center_y = uniform(rng, count, -1, 1), uniform(rng, count, -0.6, 1)
    width, height = uniform(rng, count, 0.05, 0.35), uniform(rng, count, 0.1, 0.7)
    shape = ellipse(axis[None, None, :], axis[None, :, None], center_x, center_y, width, height)
    hidden = cover(shape, SOFTNESS) * chance(rng, count, 0.7)
    texture = 0.1 * smooth_noise(rng, count, SIZE, 16)
    for channel, value in zip(canvas, _pick(rng, count, grounds), strict=True):
        channel[:] = paint(channel, hidden, 0.8 * value + texture)


def _parts(distances):
    """One coverage for several shapes of one colour."""
    nearest = distances[0]
    for distance in distances[1:]:
        nearest = np.minimum(nearest, distance)
    return cover(nearest, SOFTNESS)


def _airplane(x, y, count, rng, colour):
    body = ellipse(x, y, 0, 0, 0.95, uniform(rng, count, 0.11, 0.18))
    sweep, span = uniform(rng, count, 0.1, 0.5), uniform(rng, count, 0.35, 0.8)
    near = polygon(x, y, (-0.2, 0.0), (0.25, 0.0), (-sweep, span), (-0.2 - sweep, span))
    far = polygon(
        x, y, (0.2, 0.0), (-0.2, 0.0), (-0.3 - sweep, -0.6 * span), (-0.15 - sweep, -0.6 * span)
    )
    fin = polygon(x, y, (-0.55, 0.0), (-0.9, 0.0), (-0.98, -0.42), (-0.8, -0.42))
    yield _parts([far, fin]), _shade(colour, 0.75)
    yield _parts([body]), colour
    yield _parts([near]), _shade(colour, 0.85)


def _wheels(x, y, places, height, radius):
    return [ellipse(x, y, place, height, radius, radius) for place in places]


def _automobile(x, y, count, rng, colour):
    height = uniform(rng, count, 0.18, 0.28)
    body = box(x, y, 0, 0.2, 0.92, height)
    roof = uniform(rng, count, 0.3, 0.5)
    rear, front = uniform(rng, count, 0.35, 0.7), uniform(rng, count, 0.05, 0.35)
    cabin = polygon(
        x, y, (-rear - 0.15, 0.1), (-rear + 0.1, -roof), (front, -roof), (front + 0.3, 0.1)
    )
    yield _parts([body, cabin]), colour
    yield _parts([cabin + 0.10]), (0.20, 0.25, 0.30)
    wheels = _wheels(x, y, (-0.55, 0.55), 0.22 + height, uniform(rng, count, 0.16, 0.24))
    yield _parts(wheels), (0.06, 0.06, 0.07)


def _truck(x, y, count, rng, colour):
    split = uniform(rng, count, 0.15, 0.5)
    cargo_height, cab_height = uniform(rng, count, 0.38, 0.6), uniform(rng, count, 0.25, 0.42)
    cargo = box(x, y, 0.5 * (split - 0.95), 0.4 - cargo_height, 0.5 * (split + 0.95), cargo_height)
    cab = box(x, y, 0.5 * (split + 1.0), 0.4 - cab_height, 0.47 * (1.0 - split), cab_height)
    yield _parts([cargo]), _pick(rng, count, PAINT)
    yield _parts([cab]), colour
    window = box(
        x, y, 0.5 * (split + 1.08), 0.4 - 1.5 * cab_height, 0.3 * (1.0 - split), 0.3 * cab_height
    )
    yield _parts([window]), (0.20, 0.25, 0.30)
    wheels = _wheels(x, y, (-0.7, -0.4, 0.65), 0.45, uniform(rng, count, 0.15, 0.22))
    yield _parts(wheels), (0.06, 0.06, 0.07)


def _ship(x, y, count, rng, colour):
    bow, draught = uniform(rng, count, 0.05, 0.35), uniform(rng, count, 0.2, 0.4)
    hull = polygon(
        x, y, (-0.9, 0.1), (0.95, 0.1), (0.95 - bow, 0.1 + draught), (-0.75, 0.1 + draught)
    )
    height, place = uniform(rng, count, 0.12, 0.3), uniform(rng, count, -0.5, 0.2)
    house = box(x, y, place, 0.1 - height, uniform(rng, count, 0.15, 0.45), height)
    mast = stroke(x, y, place, 0.1, place, -0.9, 0.04)
    sail = polygon(x, y, (place + 0.06, 0.0), (place + 0.06, -0.85), (place + 0.55, 0.0))
    sail = sail + 9 * chance(rng, count, 0.6)
    yield _parts([mast, sail, house]), _pick(rng, count, PAINT[:1])
    yield _parts([hull]), colour
    yield _parts([box(x, y, 0, 0.15, 0.8, 0.03)]), _pick(rng, count, PAINT)


def _bird(x, y, count, rng, colour):
    lean = uniform(rng, count, -0.5, 0.3)
    body = ellipse(
        x, y + lean * x, 0, 0, uniform(rng, count, 0.45, 0.6), uniform(rng, count, 0.22, 0.34)
    )
    head_x, head_y = 0.5, -0.28 - 0.5 * lean - uniform(rng, count, 0, 0.25)
    head = ellipse(x, y, head_x, head_y, 0.19, 0.18)
    neck = stroke(x, y, 0.3, -0.3 * lean, head_x, head_y, 0.15)
    tail = polygon(
        x,
        y,
        (-0.3, 0.3 * lean - 0.1),
        (-0.25, 0.3 * lean + 0.12),
        (-1.0, 0.95 * lean + 0.1),
        (-1.0, 0.95 * lean - 0.1),
    )
    yield (
        _parts(
            [stroke(x, y, -0.02, 0.2, 0.05, 0.75, 0.035), stroke(x, y, 0.15, 0.2, 0.2, 0.75, 0.035)]
        ),
        (0.5, 0.35, 0.15),
    )
    yield _parts([body, head, neck, tail]), colour
    beak = polygon(
        x,
        y,
        (head_x + 0.12, head_y - 0.08),
        (head_x + 0.45, head_y + 0.03),
        (head_x + 0.12, head_y + 0.08),
    )
    yield _parts([beak]), (0.85, 0.6, 0.15)
    raised = uniform(rng, count, -0.9, 0.2)
    wing = polygon(x, y, (-0.3, 0.0), (-0.45, raised), (0.2, -0.05))
    yield _parts([wing]), _shade(colour, 0.65)


def _face(x, y, eyes, height):
    yield (
        _parts([ellipse(x, y, -eyes, height, 0.08, 0.09), ellipse(x, y, eyes, height, 0.08, 0.09)]),
        (0.08, 0.07, 0.05),
    )


def _cat(x, y, count, rng, colour):
    width, height = uniform(rng, count, 0.42, 0.55), uniform(rng, count, 0.36, 0.46)
    side = np.abs(x)
    body = ellipse(x, y, uniform(rng, count, -0.2, 0.2), 0.85, uniform(rng, count, 0.45, 0.7), 0.6)
    ears = polygon(side, y, (0.10, -0.35), (0.42, -0.95), (0.52, -0.2))
    yield _parts([body]), _shade(colour, 0.8)
    yield _parts([ellipse(x, y, 0, -0.1, width, height), ears]), colour
    stripes = cover(np.abs(side - 0.18) - 0.03, SOFTNESS) * (y < -0.25) * (y > -0.5)
    yield stripes * chance(rng, count, 0.5), _shade(colour, 0.5)
    yield from _face(x, y, 0.2, -0.15)
    yield _parts([ellipse(x, y, 0, 0.05, 0.06, 0.05)]), (0.75, 0.4, 0.4)


def _dog(x, y, count, rng, colour):
    width, height = uniform(rng, count, 0.36, 0.50), uniform(rng, count, 0.40, 0.52)
    side = np.abs(x)
    body = ellipse(x, y, uniform(rng, count, -0.2, 0.2), 0.85, uniform(rng, count, 0.45, 0.7), 0.6)
    ears = ellipse(
        side, y, width, uniform(rng, count, -0.15, 0.15), 0.15, uniform(rng, count, 0.3, 0.42)
    )
    yield _parts([body]), _shade(colour, 0.8)
    yield _parts([ellipse(x, y, 0, -0.1, width, height)]), colour
    yield _parts([ears]), _shade(colour, uniform(rng, count, 0.5, 0.9))
    yield _parts([ellipse(x, y, 0, 0.16, 0.24, 0.2)]), _shade(colour, 1.35)
    yield from _face(x, y, 0.18, -0.2)
    yield _parts([ellipse(x, y, 0, 0.08, 0.1, 0.07)]), (0.06, 0.05, 0.05)


def _legs(x, y, places, start, end, thickness, rng, count):
    return [
        stroke(x, y, place, start, place + uniform(rng, count, -0.15, 0.15), end, thickness)
        for place in places
    ]


def _deer(x, y, count, rng, colour):
    body = ellipse(
        x, y, -0.1, 0.1, uniform(rng, count, 0.42, 0.55), uniform(rng, count, 0.17, 0.25)
    )
    head_x, head_y = uniform(rng, count, 0.5, 0.7), uniform(rng, count, -0.55, -0.3)
    neck = stroke(x, y, 0.25, 0.05, head_x, head_y, 0.13, 0.04)
    head = ellipse(x, y, head_x + 0.08, head_y, 0.2, 0.11)
    yield (
        _parts(_legs(x, y, (-0.5, -0.38, 0.15, 0.28), 0.15, 0.9, 0.055, rng, count)),
        _shade(colour, 0.75),
    )
    yield _parts([body, neck, head]), colour
    antlers = [
        stroke(x, y, head_x, head_y, head_x - 0.15, head_y - 0.45, 0.04),
        stroke(x, y, head_x - 0.08, head_y - 0.25, head_x + 0.15, head_y - 0.5, 0.04),
    ]
    yield _parts(antlers) * chance(rng, count, 0.7), (0.7, 0.6, 0.45)
    yield _parts([ellipse(x, y, -0.58, 0.05, 0.08, 0.1)]), (0.9, 0.88, 0.85)


def _horse(x, y, count, rng, colour):
    body = ellipse(
        x, y, -0.1, 0.05, uniform(rng, count, 0.48, 0.62), uniform(rng, count, 0.22, 0.32)
    )
    head_x, head_y = uniform(rng, count, 0.55, 0.75), uniform(rng, count, -0.6, -0.3)
    neck = stroke(x, y, 0.25, 0.0, head_x, head_y, 0.2, 0.07)
    head = stroke(x, y, head_x, head_y, head_x + 0.22, head_y + 0.22, 0.11, 0.03)
    yield (
        _parts(_legs(x, y, (-0.5, -0.36, 0.15, 0.3), 0.15, 0.9, 0.08, rng, count)),
        _shade(colour, 0.75),
    )
    yield _parts([body, neck, head]), colour
    mane = stroke(x, y, 0.1, -0.15, head_x - 0.1, head_y - 0.08, 0.09)
    tail = stroke(x, y, -0.62, -0.05, -0.82, 0.5, 0.09)
    yield _parts([mane, tail]), _shade(colour, uniform(rng, count, 0.35, 0.7))


def _frog(x, y, count, rng, colour):
    body = ellipse(x, y, 0, 0.15, uniform(rng, count, 0.5, 0.65), uniform(rng, count, 0.28, 0.42))
    side = np.abs(x)
    eye_x, eye_y = uniform(rng, count, 0.22, 0.36), uniform(rng, count, -0.32, -0.18)
    thigh = ellipse(side, y, 0.62, uniform(rng, count, 0.25, 0.45), 0.28, 0.17)
    foot = stroke(side, y, 0.4, 0.4, 0.85, 0.6, 0.08)
    bulge = ellipse(side, y, eye_x, eye_y, 0.17, 0.17)
    yield _parts([thigh, foot]), _shade(colour, 0.8)
    yield _parts([body, bulge]), colour
    yield _parts([ellipse(side, y, eye_x, eye_y, 0.09, 0.09)]), (0.07, 0.06, 0.04)
    yield _parts([ellipse(x, y, 0, 0.3, 0.38, 0.14)]), _shade(colour, 1.3)
