"""Every backend and way side by side: `python -m benchmarks.backends [--readme README.md]`.

Each way trains in a process of its own, the ways in turn; `python -m benchmarks.backends BACKEND
WAY WORKLOAD` times one.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.contenders import WORKLOADS, measure
from benchmarks.machine import machine
from training.provenance import ROOT

ROUNDS = 3
TITLES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
WAYS = {"fit_with_iteration_loss": "`model.fit`", "training_fit": "`training.fit`"}
"""Function of `benchmarks.contenders` → what the table calls it."""

NETWORKS = ("dense-128", "cnn")
BEGIN, END = "<!-- backends -->", "<!-- end of backends -->"


def measure_all(rounds):
    """(backend, way) → network → iterations per second of all rounds.

    A round measures each once, each in a process of its own, so that a change in the machine's
    speed meets them all.
    """
    measured = {(b, way): {name: [] for name in NETWORKS} for b in TITLES for way in WAYS}
    turns = [(*row, name) for _ in range(rounds) for name in NETWORKS for row in measured]
    for backend, way, name in track(turns, "Backends", console=Console(stderr=True)):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.backends", backend, way, name],
            cwd=ROOT, env=os.environ | {"KERAS_BACKEND": backend},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        measured[backend, way][name].append(json.loads(done.stdout.splitlines()[-1])["rate"])
    return measured


def table(measured):
    """The lines of the table: medians over the rounds, and the smallest and largest."""
    titles = [WORKLOADS[name].title for name in NETWORKS]
    yield f"| Backend | Way | {' | '.join(titles)} |"
    yield "|---|---|" + "---:|" * len(NETWORKS)
    for (backend, way), of_networks in measured.items():
        cells = " | ".join(map(_spread, of_networks.values()))
        yield f"| {TITLES[backend]} | {WAYS[way]} | {cells} |"


def _spread(rates):
    """Median and, of several rounds, the smallest and largest."""
    between = f" ({min(rates):,.0f} to {max(rates):,.0f})" * (len(rates) > 1)
    return f"{statistics.median(rates):,.0f}{between}"


def between_marks(text, lines):
    """The text, with the lines in place of what stood between the marks.

    Raises:
        ValueError: when it has not both marks.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"there is no place between {BEGIN} and {END}")
    return "\n".join([f"{before}{begin}", "", *lines, "", f"{end}{after}"])


def main():
    """Measure, print, and write `backends.md` beside this file and the table of the README."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backends")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--readme", type=Path, help="also written, between two marks")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("backends.md"))
    given = parser.parse_args()
    lines = list(table(measure_all(given.rounds)))
    text = [
        "# Backends",
        "",
        "Written by `python -m benchmarks.backends`. Iterations per second with batches of 150, "
        "every loss recorded: `model.fit` with `IterationLoss` and, but on PyTorch, where Keras "
        "has none, a whole epoch in an execution; and `training.fit`. Medians of "
        f"{given.rounds} round{'s' * (given.rounds > 1)}, in which the ways take turns, each in "
        "its own process; of several, in brackets, the smallest and the largest.",
        "",
        machine("tensorflow", "jax", "torch"),
        "",
        *lines,
        "",
    ]
    given.out.write_text("\n".join(text))
    if given.readme:
        given.readme.write_text(between_marks(given.readme.read_text(), lines))
    print("\n".join(text))


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] in TITLES:
        print(json.dumps(measure(sys.argv[2], WORKLOADS[sys.argv[3]])))
    else:
        main()
