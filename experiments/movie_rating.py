"""One neuron that learns which movies a person likes from two critics' marks (C, "Neurons")."""

from typing import NamedTuple

import numpy as np

from datasets import points
from models.from_scratch import numerical_gradient, sigmoid_neuron
from models.from_scratch.descent import descend, of_network
from models.from_scratch.layers.activations import sigmoid
from reporting import Study, direction, identity, table_of, value
from reporting.figures import decision_boundaries, plots
from reporting.verdicts.measures import over_seeds

NEURONS, DESCENDING, DERIVATIVES = (
    f"C, “{slides}”" for slides in ("Neurons", "Gradient Descent", "Derivative of the functions")
)

study = Study(
    name="movie_rating",
    title="One neuron rates movies",
    question="Does one sigmoid neuron, trained by hand on the squared error, learn from two "
    "critics' marks which movies a third person likes?",
    sources=[NEURONS, DESCENDING, DERIVATIVES],
    says="In the plane of Alfred's and Bruce's marks a line is supposed to separate the movies "
    "that James likes from the others. A neuron with a sigmoid finds it by stochastic gradient "
    "descent, one movie at a time.",
    datasets=[],
    seeds={"quick": 5, "paper": 5},
)

MOVIES, RATE, ITERATIONS = 100, 1.0, 2000
SHOWN = 0, 20, 200, 2000  # iterations after which the boundary is drawn
DESCENT, ASCENT = "w − ε∇J", "w + ε∇J, the printed sign"
NO_TARGET = "w − ε∇J with 2ŷ, as printed"
UPDATES = DESCENT, ASCENT, NO_TARGET


class Run(NamedTuple):
    """A neuron that trained on the movies of one seed."""

    marks: np.ndarray
    y: np.ndarray
    w: np.ndarray  # before the first and after each update, shape (iterations + 1, 2)
    b: np.ndarray  # the same, shape (iterations + 1, 1)

    @property
    def h(self):
        """w·x + b of each movie along the path, shape (iterations + 1, movies)."""
        return self.w @ points.scaled_marks(self.marks).T + self.b

    @property
    def losses(self):
        """J, as the mean over all movies, along the path."""
        return np.mean((sigmoid(self.h) - self.y) ** 2, axis=1)


@study.runs
def runs(lab):
    """Way of updating → a run for each seed."""
    return {update: [train(update, seed) for seed in range(lab.seeds)] for update in UPDATES}


def train(update, seed):
    """Show the neuron one movie after the other, picked at random (C, "SGD")."""
    marks, y = points.movie_marks(MOVIES, seed=seed)
    neuron = sigmoid_neuron(seed=seed, dtype=np.float64)
    targets = 0 * y if update == NO_TARGET else y  # 2ŷ is 2(ŷ − y) with y = 0
    picked = np.random.default_rng([seed]).integers(MOVIES, size=ITERATIONS)
    movies = ((points.scaled_marks(marks)[[i]], targets[[i], None]) for i in picked)
    rate = -RATE if update == ASCENT else RATE
    path, _ = descend(of_network(neuron), neuron.get_weights(), movies, rate)
    w, b = zip(*path, strict=True)
    return Run(marks, y, np.array(w)[..., 0], np.array(b))


def accuracy(run):
    return np.mean((run.h[-1] > 0) == run.y)


def change_along_gradient(run):
    """Sign of the change of J by one step w + ε∇J from the start."""
    neuron = of_network(sigmoid_neuron(dtype=np.float64))
    batch = points.scaled_marks(run.marks), run.y[:, None]
    _, (before, after) = descend(neuron, [run.w[0][:, None], run.b[0]], [batch, batch], -RATE)
    return np.sign(after - before)


@study.claims
def claims(runs):
    descent = runs[DESCENT]
    seeds, y, h = len(descent), descent[0].y, descent[0].h[-1]
    guess = sigmoid(h)
    derivative = numerical_gradient(lambda guess: np.sum((guess - y) ** 2), guess.copy())
    trained, untrained = ([run.losses[end] for run in descent] for end in (-1, 0))
    per_movie = f"{{}} for each of {MOVIES} movies, after training"
    return [
        value(NEURONS, "The neuron learns what a line separates", "accuracy on all movies", 1,
              over_seeds(descent, accuracy), better="higher"),
        identity(NEURONS, "A line separates the movies (supposed)", "whether it does, each seed",
                 [True] * seeds, [points.separable(run.marks, run.y) for run in descent]),
        direction(DESCENDING, "Against the gradient the squared error becomes smaller",
                  "mean squared error", ("the trained neuron", trained),
                  ("the untrained one", untrained), ratio=True),
        identity(DESCENDING, "J becomes better by adding ε∇J, as J(t+1) = J(t) + ε∇J(t) prints",
                 "sign of the change of J by the first such update, each seed", -np.ones(seeds),
                 over_seeds(descent, change_along_gradient)),
        identity(DERIVATIVES, "The derivative of (ŷ − y)² is 2ŷ", per_movie.format("derivative"),
                 2 * guess, derivative, tolerance=1e-6),
        identity(NEURONS, "1 for h ≥ 1 and 0 otherwise tells the sides of the line h = 0 apart",
                 per_movie.format("side"), h >= 1, h >= 0),
        identity(NEURONS, "With the sigmoid h takes the values 0 and 1",
                 per_movie.format("output"), np.round(guess), guess),
    ]  # fmt: skip


@study.table
def updates(runs):
    note = f"{MOVIES} movies, {ITERATIONS:,} updates; mean over seeds, 95 % interval."
    measures = {"squared error": lambda run: run.losses[-1], "accuracy": accuracy}
    return table_of("By the way of updating", "update", runs, measures, note=note)


@study.figure(
    caption="Movies by their two marks, and where the neuron changes its mind, black, in the "
    "course of training. Shades change where it is sure to 75 % and 90 %.",
    alt="Four maps: the line turns until it separates triangles from dots, then grows sharper.",
    of="seed 0",
)
def boundary(runs):
    run = runs[DESCENT][0]
    scores = {
        f"After {k} updates": lambda marks, k=k: points.scaled_marks(marks) @ run.w[k] + run.b[k]
        for k in SHOWN
    }
    movies = run.marks, run.y, ("James dislikes it", "James likes it")
    options = {"labels": ("Alfred's mark", "Bruce's mark"), "limits": points.MARKS}
    return decision_boundaries.draw_panels(scores, *movies, width=12, height=4.3, **options)


@study.figure(
    caption="The mean squared error of all movies. Adding the gradient, as one formula of the "
    "source has it, makes everything wrong; so does not learning from the targets, with its "
    "derivative 2ŷ, for half of the movies.",
    alt="One curve falls to nearly 0, one rises to nearly 1, and one ends near one half.",
)
def squared_error(runs):
    fig, ax = plots.figure()
    for update, of_update in runs.items():
        curves = [run.losses for run in of_update]
        plots.mean_and_band(ax, np.arange(ITERATIONS + 1), curves, update)
    plots.label_axes(ax, "Updates", "Mean squared error")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
