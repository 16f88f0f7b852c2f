"""Point sets in the plane with two classes, drawn by code, and a test of linear separability.

Points are x, float64 of shape (n, 2), and y, labels 0 and 1, int64 of shape (n,). The same
arguments give the same points. Scikit-learn and SciPy are imported inside functions, which keeps
the import of this module fast.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .splitting import split

Points = tuple[NDArray[np.float64], NDArray[np.int64]]
"""x, shape (n, 2), and y, shape (n,)."""

MARKS = 0.0, 10.0
"""The worst and the best mark of the critics in `movie_marks`."""


def circles(n: int, noise: float = 0.1, factor: float = 0.5, seed: int = 0) -> Points:
    """Two noisy concentric circles, of radius 1 (label 0) and `factor` (label 1) (B 1.2).

    Args:
        n: int, number of points, half of them on each circle.
        noise: float, standard deviation of the noise in each coordinate. Defaults to 0.1.
        factor: float in (0, 1), radius of the inner circle. Defaults to 0.5.
        seed: int, seed of the draw. Defaults to 0.

    Returns:
        x and y.
    """
    from sklearn.datasets import make_circles

    return make_circles(n, noise=noise, factor=factor, random_state=seed)


def four_clusters(n: int, spread: float = 0.35, seed: int = 0) -> Points:
    """Clusters at (±1, ±1); opposite corners belong to one class, as in "exclusive or".

    The label is 0 if both coordinates of the corner have the same sign, otherwise 1. No line
    separates the classes (C, "Non linear decision").

    Args:
        n: int, number of points, a quarter of them in each cluster.
        spread: float, standard deviation of a cluster in each coordinate. Defaults to 0.35.
        seed: int, seed of the draw. Defaults to 0.

    Returns:
        x and y.
    """
    from sklearn.datasets import make_blobs

    corners = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    x, corner = make_blobs(n, centers=corners, cluster_std=spread, random_state=seed)
    return x, corner % 2


def movie_marks(n: int, margin: float = 0.5, seed: int = 0) -> Points:
    """Marks of two critics for movies, and whether a third person likes them (C, "A neuron").

    Marks are uniform on `MARKS`. The third person likes a movie (label 1) if the mean of its marks,
    weighted by a taste drawn for each seed, is above the middle. Movies within `margin` of that
    line are excluded, so that the line separates the classes.

    Args:
        n: int, number of movies.
        margin: float, distance in marks, less than 2. Defaults to 0.5.
        seed: int, seed of the draw. Defaults to 0.

    Returns:
        x and y.
    """
    rng = np.random.default_rng([seed])
    angle = rng.uniform(np.pi / 8, 3 * np.pi / 8)
    x = rng.uniform(*MARKS, (4 * n + 100, 2))
    distance = (x - np.mean(MARKS)) @ [np.cos(angle), np.sin(angle)]
    clear = np.flatnonzero(np.abs(distance) >= margin)[:n]
    return x[clear], (distance[clear] > 0).astype(np.int64)


def scaled_marks(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Marks mapped to the range from −1 to 1, where a sigmoid is not flat.

    Args:
        x: float array of marks, any shape.

    Returns:
        Array of the same shape.
    """
    worst, best = MARKS
    return 2 * (x - worst) / (best - worst) - 1


def train_and_test(
    x: NDArray[np.float64], y: NDArray[np.int64], test_size: int, seed: int = 0
) -> tuple[Points, Points]:
    """Split points into a training and a test set with the class proportions of all.

    Args:
        x: float array of points, shape (n, 2).
        y: integer array of labels, shape (n,).
        test_size: int, number of test points.
        seed: int, seed of the draw. Defaults to 0.

    Returns:
        (x, y) of the training set and (x, y) of the test set.

    Raises:
        DataError: if `test_size` is negative or exceeds n.
    """
    parts = split(y, len(y) - test_size, test_size, seed)
    return (x[parts.train], y[parts.train]), (x[parts.validation], y[parts.validation])


def train_validation_and_test(
    x: NDArray[np.float64],
    y: NDArray[np.int64],
    validation_size: int,
    test_size: int,
    seed: int = 0,
) -> tuple[Points, Points, Points]:
    """Split points into a training, a validation and a test set with the class proportions of all.

    Args:
        x: float array of points, shape (n, 2).
        y: integer array of labels, shape (n,).
        validation_size: int, number of validation points.
        test_size: int, number of test points.
        seed: int, seed of the draw. Defaults to 0.

    Returns:
        (x, y) of the training set, of the validation set and of the test set.

    Raises:
        DataError: if a size is negative or both together exceed n.
    """
    rest, test = train_and_test(x, y, test_size, seed)
    train, validation = train_and_test(*rest, validation_size, seed)
    return train, validation, test


def separable(x: ArrayLike, y: ArrayLike) -> bool:
    """Whether a line separates the points of class 1 from all others.

    It does if the linear program s·(w·x + b) ≥ 1, with s = 1 for class 1 and −1 otherwise, has a
    solution (w, b).

    Args:
        x: float array of points, shape (n, 2).
        y: integer array of labels 0 and 1, shape (n,).

    Returns:
        bool.
    """
    x = np.asarray(x)
    from scipy.optimize import linprog

    signs = np.where(np.asarray(y) == 1, 1, -1)[:, None]
    rows = -signs * np.column_stack([x, np.ones(len(x))])
    program = linprog(np.zeros(3), A_ub=rows, b_ub=-np.ones(len(x)), bounds=(None, None))
    return bool(program.success)
