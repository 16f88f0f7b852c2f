"""The neuron of the movie_rating study: seeds in, how it trained and classifies movies out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets import points
from models.from_scratch import numerical_gradient, sigmoid_neuron
from models.from_scratch.gradient_descent import descend, loss_and_gradients_of
from models.from_scratch.layers.activations import sigmoid

DESCENT, ASCENT = "w − ε∇J", "w + ε∇J, the printed sign"
NO_TARGET = "w − ε∇J with 2ŷ, as printed"
UPDATES = DESCENT, ASCENT, NO_TARGET
"""Ways of updating."""


@dataclass(frozen=True)
class Training:
    """How a neuron trained on the movies of one seed.

    Attributes:
        marks: Marks of each movie, shape (movies, 2).
        likes: Whether James likes it, 0 or 1, shape (movies,).
        w: Weights before the first and after each update, shape (iterations + 1, 2).
        b: Bias, shape (iterations + 1, 1).
    """

    marks: NDArray
    likes: NDArray
    w: NDArray
    b: NDArray

    @property
    def h(self) -> NDArray:
        """w·x + b of each movie along the path, shape (iterations + 1, movies)."""
        return self.w @ points.scaled_marks(self.marks).T + self.b

    @property
    def losses(self) -> NDArray:
        """J, the mean squared error of all movies, along the path, shape (iterations + 1,)."""
        return np.mean((sigmoid(self.h) - self.likes) ** 2, axis=1)

    @property
    def accuracy(self) -> float:
        """Share of the movies that are on the right side of the line after training."""
        return float(np.mean((self.h[-1] > 0) == self.likes))


def train(update: str, seed: int, movies: int, rate: float, iterations: int) -> Training:
    """Show the neuron one movie after the other, picked at random (C, "SGD").

    Args:
        update: One of `UPDATES`.
        seed: Seed of the movies, of the initial weights and of the order.
        movies: Number of movies.
        rate: Learning rate ε.
        iterations: Number of updates.
    """
    marks, likes = points.movie_marks(movies, seed=seed)
    neuron = sigmoid_neuron(seed=seed, dtype=np.float64)
    targets = 0 * likes if update == NO_TARGET else likes  # 2ŷ is 2(ŷ − y) with y = 0
    picked = np.random.default_rng([seed]).integers(movies, size=iterations)
    batches = ((points.scaled_marks(marks)[[i]], targets[[i], None]) for i in picked)
    step = -rate if update == ASCENT else rate
    path, _ = descend(loss_and_gradients_of(neuron), neuron.get_weights(), batches, step)
    w, b = zip(*path, strict=True)
    return Training(marks, likes, np.array(w)[..., 0], np.array(b))


def change_along_gradient(training: Training, rate: float) -> float:
    """Sign of the change of J by one step w + ε∇J, on all movies, from the initial weights."""
    neuron = loss_and_gradients_of(sigmoid_neuron(dtype=np.float64))
    start = [training.w[0][:, None], training.b[0]]
    batch = points.scaled_marks(training.marks), training.likes[:, None]
    _, (before, after) = descend(neuron, start, [batch, batch], -rate)
    return np.sign(after - before)


def derivatives(guesses: NDArray, likes: NDArray) -> NDArray:
    """∂(ŷ − y)²/∂ŷ of each movie, by differences, shape (movies,)."""
    return numerical_gradient(lambda guess: np.sum((guess - likes) ** 2), guesses.copy())
