"""How each method is drawn, everywhere the same: its colour, line and marker."""

import zlib
from typing import NamedTuple

import numpy as np

# Okabe and Ito's colours, which people with any form of colour blindness tell apart. Their
# yellow is too pale for lines on white, so grey stands in for it.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#7F7F7F"

SOLID, DASHED, DOTTED, DASH_DOT = "-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (6, 1.5, 1.2, 1.5))


class Style(NamedTuple):
    """How the curve of one method is drawn; the line and marker tell it apart without colour."""

    color: str
    linestyle: str | tuple
    marker: str


# Methods of one family meet in a figure and all differ; two families never share one. The labels
# are those that studies give their methods: a style is looked up by its label, and what is trained
# never depends on this table.
FAMILIES = {
    "batch size": {
        "full batch": Style(BLACK, SOLID, "o"),
        "m = 200": Style(ORANGE, DASH_DOT, "s"),
        "m = 150": Style(BLUE, SOLID, "^"),
        "m = 50": Style(GREEN, DASHED, "D"),
        "m = 1": Style(VERMILLION, DOTTED, "v"),
    },
    "optimizer": {
        "SGD": Style(BLACK, SOLID, "o"),
        "SGD, ten times the rate": Style(SKY, DOTTED, "h"),
        "Momentum 0.9": Style(ORANGE, DASHED, "s"),
        "Nesterov 0.9": Style(BLUE, DASH_DOT, "^"),
        "AdaGrad": Style(SKY, SOLID, "D"),
        "RMSProp": Style(PURPLE, DASHED, "v"),
        "Adam": Style(GREEN, SOLID, "P"),
        "Nadam": Style(VERMILLION, DASH_DOT, "X"),
        "AMSGrad": Style(GREY, DOTTED, "*"),
    },
    "schedule": {
        "SGD, constant": Style(BLACK, SOLID, "o"),
        "SGD, step": Style(SKY, DASH_DOT, "s"),
        "SGD, exponential": Style(PURPLE, DASHED, "v"),
        "SGD, cosine": Style(BLUE, SOLID, "^"),
        "SGD, cyclic": Style(VERMILLION, DOTTED, "D"),
        "Adam, cosine": Style(GREEN, DASHED, "X"),
    },
    "range test": {
        "tuned rate": Style(BLACK, DASHED, "o"),
        "steepest descent": Style(ORANGE, DASH_DOT, "s"),
        "diverges": Style(VERMILLION, SOLID, "^"),
        "a tenth of that": Style(VERMILLION, DOTTED, "D"),
    },
    "augmentation": {
        "without augmentation": Style(BLUE, SOLID, "o"),
        "crop and flip": Style(ORANGE, DASHED, "s"),
    },
    "recording": {
        "exact loss": Style(SKY, SOLID, "o"),
        "running mean": Style(VERMILLION, SOLID, "s"),
    },
    "measured on": {
        "training, during the epoch": Style(SKY, DOTTED, "o"),
        "training, after the epoch": Style(BLUE, SOLID, "s"),
        "validation": Style(VERMILLION, DASHED, "^"),
        "test": Style(GREEN, SOLID, "D"),
        "training": Style(BLUE, DASHED, "v"),
    },
    "dropout": {
        "without dropout": Style(BLUE, SOLID, "o"),
        "dropout 0.4": Style(ORANGE, DASHED, "s"),
    },
    "kernel": {
        "polynomial, coef0 = 0": Style(VERMILLION, DASHED, "o"),
        "polynomial, coef0 = 1": Style(BLUE, SOLID, "s"),
        "RBF": Style(BLACK, DASH_DOT, "D"),
        "linear": Style(GREY, SOLID, "v"),
    },
    "epochs": {
        "epochs trained": Style(PURPLE, DASHED, "o"),
        "epoch kept": Style(BLUE, SOLID, "s"),
    },
    "weights": {
        "trained": Style(BLUE, SOLID, "o"),
        "output layer solved for": Style(ORANGE, DASHED, "s"),
        "written down": Style(VERMILLION, DASH_DOT, "^"),
    },
    "activation": {
        "sigmoid": Style(VERMILLION, SOLID, "o"),
        "tanh": Style(GREEN, DASH_DOT, "s"),
        "ReLU": Style(BLUE, SOLID, "^"),
        "ReLU, He": Style(SKY, DASHED, "D"),
    },
    "weight decay": {
        "no decay": Style(BLACK, SOLID, "o"),
        "L2": Style(BLUE, SOLID, "s"),
        "L1": Style(VERMILLION, DASHED, "^"),
        "elastic net": Style(GREEN, DASH_DOT, "D"),
    },
    "decision": {
        "linear decision": Style(VERMILLION, DASHED, "o"),
        "hidden layer": Style(BLUE, SOLID, "s"),
        "hidden layer, sigmoid outputs": Style(GREEN, DASH_DOT, "^"),
    },
    "update": {
        "w − ε∇J": Style(BLUE, SOLID, "o"),
        "w + ε∇J, the printed sign": Style(VERMILLION, DASHED, "s"),
        "w − ε∇J with 2ŷ, as printed": Style(BLACK, DASH_DOT, "^"),
    },
    "scaling": {
        "no scaling": Style(GREY, DOTTED, "o"),
        "min-max": Style(BLACK, SOLID, "s"),
        "standardised": Style(BLUE, DASHED, "^"),
        "PCA-whitened": Style(ORANGE, SOLID, "D"),
        "ZCA-whitened": Style(GREEN, DASH_DOT, "v"),
        "CNN, no scaling": Style(GREY, DASH_DOT, "P"),
        "CNN, min-max": Style(BLACK, DASH_DOT, "X"),
        "CNN, standardised": Style(BLUE, DASH_DOT, "*"),
    },
    "statistics": {
        "of the training images": Style(BLUE, SOLID, "o"),
        "of all test images": Style(GREEN, DASHED, "s"),
        "of each class's own": Style(VERMILLION, DOTTED, "^"),
    },
    "formula": {
        "as printed": Style(VERMILLION, DASHED, "o"),
        "what holds": Style(BLUE, SOLID, "s"),
    },
    "output": {
        "one number": Style(VERMILLION, DASHED, "o"),
        "softmax": Style(BLUE, SOLID, "s"),
    },
    "network": {
        "dense": Style(BLUE, SOLID, "o"),
        "CNN": Style(ORANGE, DASHED, "s"),
        "CNN with dropout": Style(GREEN, DOTTED, "^"),
    },
    "engine": {
        "Keras": Style(BLACK, SOLID, "o"),
        "NumPy": Style(ORANGE, DASHED, "s"),
        "plain loops": Style(BLUE, DOTTED, "^"),
    },
    "improvements": {
        "baseline": Style(GREY, SOLID, "o"),
        "+ standardisation": Style(SKY, DASHED, "s"),
        "+ crop and flip": Style(GREEN, DASH_DOT, "^"),
        "+ momentum, schedule": Style(ORANGE, SOLID, "D"),
        "+ dropout": Style(PURPLE, DASHED, "v"),
        "+ batch normalisation": Style(BLACK, SOLID, "P"),
        "+ affine": Style(VERMILLION, DOTTED, "X"),
        "Adam instead of momentum": Style(BLUE, DASHED, "*"),
        "Adam at the rate of momentum": Style(BLUE, DOTTED, "h"),
    },
    "neurons": {
        "250 neurons": Style(SKY, SOLID, "o"),
        "2250 neurons": Style(BLUE, SOLID, "s"),
        "5000 neurons": Style(BLACK, SOLID, "^"),
        "250 neurons, dropout 0.4": Style(SKY, DASHED, "D"),
        "2250 neurons, dropout 0.4": Style(BLUE, DASHED, "v"),
        "5000 neurons, dropout 0.4": Style(BLACK, DASHED, "P"),
    },
}
STYLES = {label: style for family in FAMILIES.values() for label, style in family.items()}


# Of Paul Tol's "muted" colours, those that can be seen on white and on a dark page.
_SPARE_COLORS = "#44AA99", "#999933", "#AA4499", "#CC6677"
_LINES, _MARKERS = (SOLID, DASHED, DASH_DOT, DOTTED), "osD^vPX*"


def method_style(label: str) -> Style:
    """Return the colour, line and marker of a method, from `STYLES` where it has a style."""
    return STYLES[label] if label in STYLES else spare_style(label)


def spare_style(label: str) -> Style:
    """Return a style for a method that has none of its own yet: the same one each time.

    Its colour is that of no method in `STYLES`. Two such methods may get the same style, so give
    each a style in `FAMILIES`.
    """
    code = zlib.crc32(label.encode())
    color_and_marker, line = divmod(code, len(_LINES))
    marker, color = divmod(color_and_marker, len(_SPARE_COLORS))
    return Style(_SPARE_COLORS[color], _LINES[line], _MARKERS[marker % len(_MARKERS)])


def tint(color: str, strength: float = 0.35) -> str:
    """Mix a colour with white, pale enough to write on.

    Args:
        color: As matplotlib takes it.
        strength: From 0, white, to 1, the colour itself. Defaults to 0.35.
    """
    from matplotlib.colors import to_hex, to_rgb

    return to_hex(1 - strength * (1 - np.array(to_rgb(color))))


def ordered_styles(count: int) -> list[Style]:
    """Return `count` styles for an ordered quantity (widths, depths, fractions), dark to light."""
    import matplotlib

    colormap = matplotlib.colormaps["viridis"]
    return [
        Style(
            matplotlib.colors.to_hex(colormap(position)),
            _LINES[index % len(_LINES)],
            _MARKERS[index % len(_MARKERS)],
        )
        for index, position in enumerate(np.linspace(0, 0.72, count))
    ]
