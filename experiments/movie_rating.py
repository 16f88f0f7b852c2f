"""One neuron that learns which movies a person likes from two critics' marks (C, "Neurons")."""

import numpy as np

from datasets import points
from models.from_scratch import numerical_gradient, sigmoid_neuron
from models.from_scratch.activations import sigmoid
from reporting import Study, Table, boundaries, direction, identity, plots, summary, value

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
DESCENT, ASCENT, NO_TARGET = "w − ε∇J", "w + ε∇J, the printed sign", "w − ε∇J with 2ŷ, as printed"
STYLES = {
    DESCENT: plots.Style(plots.BLUE, plots.SOLID, "o"),
    ASCENT: plots.Style(plots.VERMILLION, plots.DASHED, "s"),
    NO_TARGET: plots.Style(plots.BLACK, plots.DASH_DOT, "^"),
}


def scaled(marks):
    """Marks from −1 to 1, where the sigmoid is not flat."""
    worst, best = points.MARKS
    return 2 * (marks - worst) / (best - worst) - 1


def train(x, y, seed, update):
    """Show the neuron one movie after the other, picked at random (C, "SGD").

    Returns:
        The weights w, shape (iterations + 1, 2), and b, shape (iterations + 1, 1), before the
        first and after each update.
    """
    neuron = sigmoid_neuron(seed=seed, dtype=np.float64)
    sign = 1 if update == ASCENT else -1
    path = [neuron.get_weights()]
    for i in np.random.default_rng([seed]).integers(len(x), size=ITERATIONS):
        target = y[[i]] if update != NO_TARGET else np.zeros((1, 1))  # 2ŷ is 2(ŷ − y) with y = 0
        _, gradients = neuron.loss_and_gradients(x[[i]], target)
        for parameter, gradient in zip(neuron.parameters, gradients, strict=True):
            parameter += sign * RATE * gradient
        path.append(neuron.get_weights())
    w, b = zip(*path, strict=True)
    return np.array(w)[..., 0], np.array(b)


def outputs(path, x):
    """ŷ of each movie along a path, shape (iterations + 1, movies)."""
    w, b = path
    return sigmoid(w @ x.T + b)


@study.runs
def runs(lab):
    found = []
    for seed in range(lab.seeds):
        marks, y = points.movie_marks(MOVIES, seed=seed)
        x = scaled(marks)
        paths = {update: train(x, y[:, None], seed, update) for update in STYLES}
        found.append({"marks": marks, "x": x, "y": y, "paths": paths})
    return found


def losses(run, update):
    """J, as the mean over all movies, along a path."""
    return np.mean((outputs(run["paths"][update], run["x"]) - run["y"]) ** 2, axis=1)


def accuracy(run, update):
    return np.mean((outputs(run["paths"][update], run["x"])[-1] > 0.5) == run["y"])


def change_along_gradient(run):
    """Sign of the change of J by one step w + ε∇J from the start."""
    neuron = sigmoid_neuron(dtype=np.float64)
    neuron.set_weights([run["paths"][DESCENT][0][0][:, None], run["paths"][DESCENT][1][0]])
    before, gradients = neuron.loss_and_gradients(run["x"], run["y"][:, None])
    neuron.set_weights([w + RATE * g for w, g in zip(neuron.parameters, gradients, strict=True)])
    return np.sign(neuron.evaluate(run["x"], run["y"][:, None])["loss"] - before)


@study.claims
def claims(runs):
    descent = np.array([losses(run, DESCENT) for run in runs])
    first, seeds = runs[0], len(runs)
    w, b = (parameters[-1] for parameters in first["paths"][DESCENT])
    h, guess = first["x"] @ w + b, outputs(first["paths"][DESCENT], first["x"])[-1]
    derivative = numerical_gradient(lambda guess: np.sum((guess - first["y"]) ** 2), guess.copy())
    per_movie = f"{{}} for each of {MOVIES} movies, after training"
    return [
        value(NEURONS, "The neuron learns what a line separates", "accuracy on all movies", 1,
              [accuracy(run, DESCENT) for run in runs], better="higher"),
        identity(NEURONS, "A line separates the movies (supposed)", "whether it does, each seed",
                 [True] * seeds, [points.separable(run["marks"], run["y"]) for run in runs]),
        direction(DESCENDING, "Against the gradient the squared error becomes smaller",
                  "mean squared error", ("the trained neuron", descent[:, -1]),
                  ("the untrained one", descent[:, 0]), ratio=True),
        identity(DESCENDING, "J becomes better by adding ε∇J, as J(t+1) = J(t) + ε∇J(t) prints",
                 "sign of the change of J by the first such update, each seed", -np.ones(seeds),
                 np.array([change_along_gradient(run) for run in runs])),
        identity(DERIVATIVES, "The derivative of (ŷ − y)² is 2ŷ", per_movie.format("derivative"),
                 2 * guess, derivative, tolerance=1e-6),
        identity(NEURONS, "1 for h ≥ 1 and 0 otherwise tells the sides of the line h = 0 apart",
                 per_movie.format("side"), h >= 1, h >= 0),
        identity(NEURONS, "With the sigmoid h takes the values 0 and 1",
                 per_movie.format("output"), np.round(guess), guess),
    ]  # fmt: skip


@study.table
def updates(runs):
    rows = [
        [update, summary([losses(run, update)[-1] for run in runs]),
         summary([accuracy(run, update) for run in runs])]
        for update in STYLES
    ]  # fmt: skip
    note = f"{MOVIES} movies, {ITERATIONS:,} updates; mean over seeds, 95 % interval."
    return Table("By the way of updating", ["update", "squared error", "accuracy"], rows, note)


@study.figure(
    caption="Movies by their two marks, and where the neuron changes its mind, black, in the "
    "course of training. Shades change where it is sure to 75 % and 90 %.",
    alt="Four maps: the line turns until it separates triangles from dots, then grows sharper.",
    of="seed 0",
)
def boundary(runs):
    w, b = runs[0]["paths"][DESCENT]
    fig, axes = plots.figure(1, len(SHOWN), width=12, height=4.3, sharey=True)
    for ax, iteration in zip(axes, SHOWN, strict=True):

        def h(marks, iteration=iteration):
            return scaled(marks) @ w[iteration] + b[iteration]

        boundaries.draw(
            ax, h, runs[0]["marks"], runs[0]["y"], ("James dislikes it", "James likes it"),
            limits=points.MARKS,
        )  # fmt: skip
        plots.label_axes(ax, "Alfred's mark", "Bruce's mark", f"After {iteration} updates")
        ax.label_outer()
    plots.legend(fig)
    return fig


@study.figure(
    caption="The mean squared error of all movies. Adding the gradient, as one formula of the "
    "source has it, makes everything wrong; so does not learning from the targets, with its "
    "derivative 2ŷ, for half of the movies.",
    alt="One curve falls to nearly 0, one rises to nearly 1, and one ends near one half.",
)
def squared_error(runs):
    fig, ax = plots.figure()
    iterations = np.arange(ITERATIONS + 1)
    for update, style in STYLES.items():
        curves = np.array([losses(run, update) for run in runs])
        plots.mean_and_band(ax, iterations, curves, update, style=style)
    plots.label_axes(ax, "Updates", "Mean squared error")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.__main__ import run_one

    run_one(study.name)
