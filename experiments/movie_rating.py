"""One neuron that learns which movies a person likes from two critics' marks (C, "Neurons")."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets import points
from experiments.analyses import movie_rating as analysis
from experiments.analyses.movie_rating import DESCENT, UPDATES
from models.from_scratch import sigmoid_neuron
from models.from_scratch.layers.activations import sigmoid
from reporting import Measure, Study, direction, identity, network_of, table_of, value
from reporting.figures import decision_boundaries, plots
from reporting.verdicts.measures import ACCURACY_MARGIN, over_seeds

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

# 2-1 with a sigmoid, weights from N(0, 0.3²), plain SGD on the squared error of one movie.
MOVIES, RATE, ITERATIONS = 100, 1.0, 2000
SHOWN = 0, 20, 200, 2000  # iterations after which the boundary is drawn


@study.networks
def networks():
    training = (
        f"squared error · SGD · learning rate {RATE} · batch size 1 · {ITERATIONS:,} iterations · "
        f"{MOVIES} movies · weights and bias from N(0, 0.3²)"
    )
    return [network_of(sigmoid_neuron(), "all ways of updating", training)]


@dataclass(frozen=True)
class Run:
    """What a neuron learned of the movies of one seed.

    Attributes:
        losses: J, the mean squared error of all movies, before the first and after each update,
            to be drawn, float32, shape (ITERATIONS + 1,).
        first_loss: The first of them.
        last_loss: The last.
        accuracy: Share of the movies on the right side of the line after training.
    """

    losses: np.ndarray
    first_loss: float
    last_loss: float
    accuracy: float


@dataclass(frozen=True)
class Runs:
    """What neurons learned.

    Attributes:
        neurons: Way of updating → a run for each seed.
        separable: Whether a line separates the movies, for each seed.
        changes: Sign of the change of J by one step w + ε∇J from the start, for each seed.
        first: Seed 0, after descent: "marks" and "likes" of each movie; "w" and "b" after each of
            `SHOWN`; and after training "h", "guesses" and "derivatives" of each movie.
    """

    neurons: dict[str, list[Run]]
    separable: list[bool]
    changes: np.ndarray
    first: dict[str, Any]


@study.runs
def runs(lab):
    computed = lab.compute("neurons", train_neurons, lab.seeds)
    neurons = {
        update: [Run(**stored) for stored in of_seeds]
        for update, of_seeds in computed["neurons"].items()
    }
    return Runs(**computed | {"neurons": neurons})


def train_neurons(seeds):
    """Train in every way of updating: the attributes of `Runs`, as they are stored."""
    trained = {
        update: [analysis.train(update, seed, MOVIES, RATE, ITERATIONS) for seed in range(seeds)]
        for update in UPDATES
    }
    descents = trained[DESCENT]
    return {
        "neurons": {update: [measured(run) for run in runs] for update, runs in trained.items()},
        "separable": [points.separable(run.marks, run.likes) for run in descents],
        "changes": over_seeds(descents, lambda run: analysis.change_along_gradient(run, RATE)),
        "first": after_descent(descents[0]),
    }


def measured(training):
    """The attributes of a `Run`."""
    losses = training.losses
    return {
        "losses": losses.astype("float32"),
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "accuracy": training.accuracy,
    }


def after_descent(training):
    """What `Runs.first` holds."""
    h = training.h[-1]
    guesses = sigmoid(h)
    return {
        "marks": training.marks,
        "likes": training.likes,
        "w": training.w[list(SHOWN)],
        "b": training.b[list(SHOWN)],
        "h": h,
        "guesses": guesses,
        "derivatives": analysis.derivatives(guesses, training.likes),
    }


ACCURACY = Measure(
    "accuracy on all movies", lambda run: run.accuracy, better="higher", margin=ACCURACY_MARGIN
)
ERROR = Measure("mean squared error", better="lower", margin=0.05)  # of the ratio


@study.claims
def claims(runs):
    descent, first = runs.neurons[DESCENT], runs.first
    h, guesses = first["h"], first["guesses"]
    per_movie = f"for each of {MOVIES} movies, after training"
    return [
        value(
            source=NEURONS,
            statement="The neuron learns what a line separates",
            measure=ACCURACY,
            says=1,
            values=over_seeds(descent, ACCURACY),
        ),
        identity(
            source=NEURONS,
            statement="A line separates the movies (supposed)",
            quantity="whether it does, each seed",
            says=[True] * len(descent),
            holds=runs.separable,
        ),
        direction(
            source=DESCENDING,
            statement="Against the gradient the squared error becomes smaller",
            measure=ERROR,
            lower=("the trained neuron", [run.last_loss for run in descent]),
            higher=("the untrained one", [run.first_loss for run in descent]),
            ratio=True,
        ),
        identity(
            source=DESCENDING,
            statement="J becomes better by adding ε∇J, as J(t+1) = J(t) + ε∇J(t) prints",
            quantity="sign of the change of J by the first such update, each seed",
            says=-np.ones(len(descent)),
            holds=runs.changes,
        ),
        identity(
            source=DERIVATIVES,
            statement="The derivative of (ŷ − y)² is 2ŷ",
            quantity=f"derivative {per_movie}",
            says=2 * guesses,
            holds=first["derivatives"],
            tolerance=1e-6,
        ),
        identity(
            source=NEURONS,
            statement="1 for h ≥ 1 and 0 otherwise tells the sides of the line h = 0 apart",
            quantity=f"side {per_movie}",
            says=h >= 1,
            holds=h >= 0,
        ),
        identity(
            source=NEURONS,
            statement="With the sigmoid h takes the values 0 and 1",
            quantity=f"output {per_movie}",
            says=np.round(guesses),
            holds=guesses,
        ),
    ]


@study.table
def updates(runs):
    measures = [
        Measure("squared error", lambda run: run.last_loss, better="lower"),
        Measure("accuracy", lambda run: run.accuracy, better="higher"),
    ]
    note = f"{MOVIES} movies, {ITERATIONS:,} updates; mean over seeds, 95 % interval."
    return table_of("By the way of updating", "update", runs.neurons, measures, note=note)


@study.figure(
    caption="Movies by their two marks, and where the neuron changes its mind, black, in the "
    "course of training. Shades change where it is sure to 75 % and 90 %.",
    alt="Four maps: the line turns until it separates triangles from dots, then grows sharper.",
    of="seed 0",
)
def boundary(runs):
    first = runs.first
    scores = {
        f"After {iteration} updates": linear(w, b)
        for iteration, w, b in zip(SHOWN, first["w"], first["b"], strict=True)
    }
    return decision_boundaries.draw_panels(
        scores,
        first["marks"],
        first["likes"],
        ("James dislikes it", "James likes it"),
        width=12,
        height=4.3,
        labels=("Alfred's mark", "Bruce's mark"),
        limits=points.MARKS,
    )


def linear(w, b):
    """The function of marks that gives h = w·x + b."""
    return lambda marks: points.scaled_marks(marks) @ w + b


@study.figure(
    caption="The mean squared error of all movies. Adding the gradient, as one formula of the "
    "source has it, makes everything wrong; so does not learning from the targets, with its "
    "derivative 2ŷ, for half of the movies.",
    alt="One curve falls to nearly 0, one rises to nearly 1, and one ends near one half.",
)
def squared_error(runs):
    fig, ax = plots.figure()
    for update, of_seeds in runs.neurons.items():
        curves = [run.losses for run in of_seeds]
        plots.mean_and_band(ax, np.arange(ITERATIONS + 1), curves, update)
    plots.label_axes(ax, "Updates", "Mean squared error")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
