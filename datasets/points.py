"""Point sets in the plane with two classes, drawn by code, and whether a line separates them.

Each function gives x, float64 of shape (n, 2), and y, labels 0 and 1, int64 of shape (n,). The same
arguments give the same points. Scikit-learn and SciPy are imported inside functions, so that
importing this module costs nothing.
"""

import numpy as np

from .splitting import split

MARKS = 0.0, 10.0
"""The worst and the best mark that the critics of `movie_marks` give."""


def circles(
    n: int, noise: float = 0.1, factor: float = 0.5, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Two noisy circles around one centre, of radius 1 (label 0) and `factor` (label 1). (B 1.2).

    Args:
        n: number of points, half of them on each circle.
        noise: standard deviation of what is added to each coordinate.
        factor: radius of the inner circle, between 0 and 1.
        seed: of the draw.
    """
    from sklearn.datasets import make_circles

    return make_circles(n, noise=noise, factor=factor, random_state=seed)


def four_clusters(n: int, spread: float = 0.35, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Clusters at (±1, ±1), those at opposite corners of one class, as in "exclusive or".

    Label 0 where both coordinates have the same sign, label 1 where the signs differ. No line
    separates them (C, "Non linear decision").

    Args:
        n: number of points, a quarter of them in each cluster.
        spread: standard deviation of a cluster in each coordinate.
        seed: of the draw.
    """
    from sklearn.datasets import make_blobs

    corners = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    x, corner = make_blobs(n, centers=corners, cluster_std=spread, random_state=seed)
    return x, corner % 2


def movie_marks(n: int, margin: float = 0.5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Marks of two critics for movies, and whether a third person likes them (C, "A neuron").

    Marks are uniform on `MARKS`. The third person likes a movie (label 1) where their mean,
    weighted by a taste drawn for each seed, is above the middle; movies within `margin` of that
    line are left out, so that the line separates the classes.

    Args:
        n: number of movies.
        margin: in marks, below 2.
        seed: of the draw.
    """
    rng = np.random.default_rng([seed])
    angle = rng.uniform(np.pi / 8, 3 * np.pi / 8)
    x = rng.uniform(*MARKS, (4 * n + 100, 2))
    distance = (x - np.mean(MARKS)) @ [np.cos(angle), np.sin(angle)]
    clear = np.flatnonzero(np.abs(distance) >= margin)[:n]
    return x[clear], (distance[clear] > 0).astype(np.int64)


def scaled_marks(x: np.ndarray) -> np.ndarray:
    """Marks on a scale from −1 to 1, where a sigmoid is not flat."""
    worst, best = MARKS
    return 2 * (x - worst) / (best - worst) - 1


def train_and_test(x, y, test_size: int, seed: int = 0):
    """Two disjoint parts of the points with the class proportions of all.

    Args:
        x: points, shape (n, 2).
        y: labels, shape (n,).
        test_size: points of the second part.
        seed: of the draw.

    Returns:
        (x, y) for training and (x, y) for the test.

    Raises:
        DataError: when `test_size` is negative or exceeds n.
    """
    parts = split(y, len(y) - test_size, test_size, seed)
    return (x[parts.train], y[parts.train]), (x[parts.validation], y[parts.validation])


def train_validation_and_test(x, y, validation_size: int, test_size: int, seed: int = 0):
    """As `train_and_test`, but three parts: (x, y) for training, for validation and for the test.

    Args:
        x: points, shape (n, 2).
        y: labels, shape (n,).
        validation_size: points of the second part.
        test_size: points of the third part.
        seed: of the draw.

    Raises:
        DataError: when a size is negative or both exceed n together.
    """
    rest, test = train_and_test(x, y, test_size, seed)
    return *train_and_test(*rest, validation_size, seed), test


def separable(x, y) -> bool:
    """Whether a line has all points of class 1 on one side and all others on the other.

    That is whether the linear program s·(w·x + b) ≥ 1, with s = 1 for class 1 and −1 otherwise,
    has a solution (w, b).

    Args:
        x: points, shape (n, 2).
        y: labels 0 and 1, shape (n,).
    """
    from scipy.optimize import linprog

    signs = np.where(np.asarray(y) == 1, 1, -1)[:, None]
    rows = -signs * np.column_stack([x, np.ones(len(x))])
    program = linprog(np.zeros(3), A_ub=rows, b_ub=-np.ones(len(x)), bounds=(None, None))
    return bool(program.success)
