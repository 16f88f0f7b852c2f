"""Garments, shoes and bags: the stand-in of Fashion-MNIST.

Shirt, T-shirt, pullover, coat and dress are one garment with overlapping proportions; what tells
them apart is often a detail of one or two pixels, a button line, a collar or a knit.
"""

import numpy as np

from .drawing import box, chance, cover, ellipse, frame, paint, smooth_noise, stroke, uniform

SIZE = 28

# Ranges of the proportions, in frame units, and probabilities of the details.
GARMENTS = {
    0: {  # T-shirt/top
        "length": (1.35, 1.80), "shoulder": (0.40, 0.52), "waist": (0.36, 0.50),
        "hem": (0.38, 0.52), "sleeve": (0.10, 0.62), "neck": (0.14, 0.26), "depth": (0.08, 0.30),
        "buttons": 0.06, "opening": 0.00, "collar": 0.05,
        "stripes": 0.22, "knit": 0.05, "motif": 0.45,
    },
    2: {  # Pullover
        "length": (1.45, 1.80), "shoulder": (0.38, 0.50), "waist": (0.38, 0.50),
        "hem": (0.38, 0.50), "sleeve": (1.20, 1.55), "neck": (0.12, 0.22), "depth": (0.04, 0.16),
        "buttons": 0.06, "opening": 0.05, "collar": 0.08,
        "stripes": 0.18, "knit": 0.75, "motif": 0.15,
    },
    3: {  # Dress
        "length": (1.75, 1.90), "shoulder": (0.22, 0.38), "waist": (0.18, 0.32),
        "hem": (0.28, 0.60), "sleeve": (0.02, 0.70), "neck": (0.10, 0.20), "depth": (0.08, 0.30),
        "buttons": 0.10, "opening": 0.03, "collar": 0.05,
        "stripes": 0.20, "knit": 0.08, "motif": 0.10,
    },
    4: {  # Coat
        "length": (1.55, 1.90), "shoulder": (0.36, 0.48), "waist": (0.34, 0.46),
        "hem": (0.38, 0.54), "sleeve": (1.20, 1.55), "neck": (0.10, 0.20), "depth": (0.06, 0.22),
        "buttons": 0.20, "opening": 0.85, "collar": 0.45,
        "stripes": 0.05, "knit": 0.08, "motif": 0.03,
    },
    6: {  # Shirt
        "length": (1.40, 1.85), "shoulder": (0.36, 0.50), "waist": (0.34, 0.48),
        "hem": (0.36, 0.52), "sleeve": (0.25, 1.55), "neck": (0.10, 0.22), "depth": (0.06, 0.24),
        "buttons": 0.80, "opening": 0.06, "collar": 0.65,
        "stripes": 0.35, "knit": 0.06, "motif": 0.06,
    },
}  # fmt: skip


def draw_class(label: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draws `count` images of one class: uint8, shape (count, 28, 28)."""
    x, y = frame(
        rng, count, SIZE, shift=0.12, rotation=0.05, scale=(0.86, 1.04), aspect=0.08, shear=0.05
    )
    if label in GARMENTS:
        coverage, shade = _garment(x, y, count, rng, **GARMENTS[label])
    else:
        drawing = {1: _trouser, 5: _sandal, 7: _sneaker, 8: _bag, 9: _ankle_boot}[label]
        coverage, shade = drawing(x, y, count, rng)
    brightness = uniform(rng, count, 0.30, 0.92)
    folds = 1 + uniform(rng, count, 0.05, 0.22) * smooth_noise(rng, count, SIZE, 6)
    grain = 1 + uniform(rng, count, 0.02, 0.12) * rng.standard_normal(x.shape, dtype=np.float32)
    image = coverage * brightness * folds * grain * shade
    return np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)


def _garment(x, y, count, rng, length, shoulder, waist, hem, sleeve, neck, depth, **details):
    shoulder, waist, hem = (uniform(rng, count, *bounds) for bounds in (shoulder, waist, hem))
    top = -0.5 * uniform(rng, count, *length)
    side = np.abs(x)
    height = np.clip((y - top) / (-2 * top), 0, 1)
    half_width = np.where(
        height < 0.45,
        shoulder + (waist - shoulder) * (height / 0.45),
        waist + (hem - waist) * ((height - 0.45) / 0.55),
    )
    slope = uniform(rng, count, 0.12, 0.32)
    body = np.maximum(side - half_width, np.maximum(top + slope * side - y, y + top))
    neckline = ellipse(x, y, 0, top, uniform(rng, count, *neck), uniform(rng, count, *depth))
    body = np.maximum(body, -neckline)

    reach = uniform(rng, count, *sleeve)
    lean = uniform(rng, count, 0.16, 0.34) + 0.5 * np.clip(0.9 - reach, 0, 1)
    width = uniform(rng, count, 0.12, 0.18)
    start_x, start_y = shoulder - 0.8 * width, top + slope * shoulder + 0.8 * width
    end_x, end_y = start_x + np.sin(lean) * reach, start_y + np.cos(lean) * reach
    arm = stroke(side, y, start_x, start_y, end_x, end_y, width, 0.3 * width)

    coverage = np.maximum(cover(body), cover(arm))
    shade = paint(np.ones_like(x), cover(arm) * (1 - cover(body)), uniform(rng, count, 0.75, 1.05))
    seam = cover(np.abs(side - half_width) - 0.03) * cover(arm)
    shade = paint(shade, seam, uniform(rng, count, 0.5, 0.9))
    return coverage, _details(x, y, shade, top, neckline, count, rng, **details)


def _details(
    x, y, shade, top, neckline, count, rng, buttons, opening, collar, stripes, knit, motif
):
    """Lays buttons, openings, collars and textures over the shade of a garment."""
    line_x = uniform(rng, count, -0.05, 0.05)
    tone = 1 + uniform(rng, count, 0.25, 0.5) * (1 - 2 * chance(rng, count, 0.6))
    dots = cover(np.abs(x - line_x) - 0.045) * (np.sin(y * uniform(rng, count, 14, 20)) > 0.1)
    shade = paint(shade, dots * chance(rng, count, buttons), tone)
    gap = cover(np.abs(x - line_x) - uniform(rng, count, 0.01, 0.05))
    shade = paint(shade, gap * chance(rng, count, opening), uniform(rng, count, 0.15, 0.6))
    ring = cover(np.abs(neckline) - 0.07) * chance(rng, count, collar)
    shade = paint(shade, ring, tone)
    wave = np.sin(_stripe_phase(x, y, count, rng))
    shade = shade * (1 + uniform(rng, count, 0.15, 0.4) * chance(rng, count, stripes) * wave)
    rib = np.where(np.sin(x * uniform(rng, count, 19, 22)) > 0, 1.0, -1.0).astype(np.float32)
    shade = shade * (1 + uniform(rng, count, 0.06, 0.2) * chance(rng, count, knit) * rib)
    patch = cover(
        box(
            x, y, uniform(rng, count, -0.1, 0.1), uniform(rng, count, -0.3, 0.1),
            uniform(rng, count, 0.1, 0.28), uniform(rng, count, 0.08, 0.3),
        )
    )  # fmt: skip
    printed = patch * chance(rng, count, motif)
    return shade * (1 + printed * smooth_noise(rng, count, SIZE, 12) * 0.4)


def _stripe_phase(x, y, count, rng):
    frequency = uniform(rng, count, 8, 16)
    upright = chance(rng, count, 0.4)
    return frequency * (upright * x + (1 - upright) * y) + uniform(rng, count, 0, 6.3)


def _trouser(x, y, count, rng):
    hip, ankle = uniform(rng, count, 0.26, 0.40), uniform(rng, count, 0.10, 0.20)
    spread = uniform(rng, count, 0.0, 0.26)
    crotch = uniform(rng, count, -0.5, -0.25)
    side = np.abs(x)
    height = np.clip((y + 0.92) / 1.84, 0, 1)
    outer = hip + (spread + ankle - hip) * height
    inner = np.clip((y - crotch) / (0.92 - crotch), 0, 1) * np.maximum(spread - ankle, 0.02)
    legs = np.maximum(
        np.maximum(side - outer, np.abs(y) - 0.92), np.where(y > crotch, inner - side, -1)
    )
    shade = paint(
        np.ones_like(x), cover(side - 0.035) * (y > crotch), uniform(rng, count, 0.2, 0.7)
    )
    band = cover(np.abs(y + 0.86) - 0.06)
    return cover(legs), paint(shade, band, uniform(rng, count, 0.7, 1.15))


def _smoothstep(x, start, end):
    t = np.clip((x - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def _shoe(x, y, count, rng, *, heel, toe, shaft, front, steepness):
    """The distances of a sole and of the closed upper part on it, toe to the left.

    The upper part is `toe` high in front and `shaft` high behind `front`; it rises over a length
    of `steepness`. `heel` lifts its back.
    """
    toe, shaft, front = (uniform(rng, count, *bounds) for bounds in (toe, shaft, front))
    lift = uniform(rng, count, *heel)
    floor = 0.5 - lift * _smoothstep(x, -0.2, 0.7)
    thickness = uniform(rng, count, 0.06, 0.15)
    wedge = chance(rng, count, 0.5)
    arch = np.where(x > 0.45, 1, wedge) * lift * _smoothstep(x, -0.2, 0.7)
    sole = np.maximum(np.abs(x) - 0.92, np.maximum(floor - y, y - floor - thickness - arch))
    nose = np.sqrt(np.clip((x + 0.9) * 4, 0, 1))
    back = uniform(rng, count, 0.7, 0.88)
    ankle = _smoothstep(x, front - uniform(rng, count, *steepness), front)
    height = toe * nose + (shaft - toe) * ankle
    upper = np.maximum(np.maximum(floor - height - y, y - floor), np.maximum(-0.9 - x, x - back))
    return sole, upper


def _sandal(x, y, count, rng):
    sole, upper = _shoe(
        x, y, count, rng,
        heel=(0.0, 0.6), toe=(0.15, 0.4), shaft=(0.3, 0.9), front=(0.0, 0.6), steepness=(0.4, 0.9),
    )  # fmt: skip
    lean = uniform(rng, count, -0.8, 0.8)
    wave = np.cos(uniform(rng, count, 6, 12) * (x + lean * y) + uniform(rng, count, 0, 6.3))
    straps = cover(upper) * (wave > uniform(rng, count, 0.0, 0.7))
    rim = cover(np.abs(upper) - 0.03) * chance(rng, count, 0.5)
    coverage = np.maximum(cover(sole), np.maximum(straps, rim))
    return coverage, paint(np.ones_like(x), cover(sole), uniform(rng, count, 0.5, 1.2))


def _sneaker(x, y, count, rng):
    sole, upper = _shoe(
        x, y, count, rng,
        heel=(0.0, 0.12), toe=(0.2, 0.4), shaft=(0.5, 0.9), front=(0.1, 0.6), steepness=(0.5, 1.0),
    )  # fmt: skip
    shade = paint(np.ones_like(x), cover(sole), uniform(rng, count, 0.5, 1.3))
    tongue = cover(np.abs(x + 0.1) - 0.25) * cover(np.abs(upper + 0.08) - 0.08)
    shade = paint(shade, tongue * chance(rng, count, 0.8), 1 + 0.5 * np.sin(26 * x))
    foot, tip = uniform(rng, count, -0.3, 0.2), uniform(rng, count, 0.2, 0.7)
    slash = cover(stroke(x, y, foot, 0.4, tip, 0.15, 0.06))
    shade = paint(shade, slash * chance(rng, count, 0.7), uniform(rng, count, 0.4, 1.6))
    return np.maximum(cover(sole), cover(upper)), shade


def _ankle_boot(x, y, count, rng):
    sole, upper = _shoe(
        x, y, count, rng,
        heel=(0.0, 0.4), toe=(0.25, 0.45), shaft=(0.8, 1.4), front=(-0.2, 0.3),
        steepness=(0.2, 0.7),
    )  # fmt: skip
    shade = paint(np.ones_like(x), cover(sole), uniform(rng, count, 0.4, 1.0))
    cuff = cover(np.abs(upper + 0.1) - 0.1) * (y < 0)
    shade = paint(shade, cuff * chance(rng, count, 0.5), uniform(rng, count, 0.5, 1.3))
    zip_line = cover(np.abs(x - 0.4 - 0.1 * y) - 0.03) * (y < 0.3)
    shade = paint(shade, zip_line * chance(rng, count, 0.5), uniform(rng, count, 0.4, 1.3))
    return np.maximum(cover(sole), cover(upper)), shade


def _bag(x, y, count, rng):
    half_width, half_height = uniform(rng, count, 0.55, 0.92), uniform(rng, count, 0.32, 0.62)
    center = 0.88 - half_height
    flare = 1 + uniform(rng, count, -0.15, 0.15) * (y - center)
    body = box(x / flare, y, 0, center, half_width, half_height)
    rise = uniform(rng, count, 0.25, 0.7)
    grip = ellipse(x, y, 0, center - half_height, half_width * uniform(rng, count, 0.4, 0.9), rise)
    handle = np.maximum(np.abs(grip) - uniform(rng, count, 0.04, 0.09), y - center)
    shade = paint(np.ones_like(x), cover(handle), uniform(rng, count, 0.6, 1.1))
    flap = cover(np.abs(y - center + half_height * uniform(rng, count, -0.4, 0.6)) - 0.035)
    shade = paint(shade, flap * chance(rng, count, 0.6), uniform(rng, count, 0.4, 0.8))
    clasp = cover(ellipse(x, y, 0, center, 0.1, 0.1)) * chance(rng, count, 0.5)
    shade = paint(shade, clasp, uniform(rng, count, 0.4, 1.6))
    return np.maximum(cover(body), cover(handle) * chance(rng, count, 0.85)), shade
