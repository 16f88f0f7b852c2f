"""`model.fit` and `training.fit` on every backend: `python -m benchmarks.backends`.

Each combination trains in its own process, in turn; `python -m benchmarks.backends BACKEND WAY
WORKLOAD` times one of them. With `--readme README.md` the table is written into the README too.
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
"""Function of `benchmarks.contenders` → its title in the table."""

NETWORKS = ("dense-128", "cnn")
BEGIN, END = "<!-- backends -->", "<!-- end of backends -->"


def measure_all(rounds):
    """(backend, way) → network → iterations per second in each round.

    A round measures each combination once, in its own process, so that a change in the machine's
    speed affects them all.
    """
    measured = {(b, way): {name: [] for name in NETWORKS} for b in TITLES for way in WAYS}
    turns = [(*row, name) for _ in range(rounds) for name in NETWORKS for row in measured]
    for backend, way, name in track(turns, "Backends", console=Console(stderr=True)):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.backends", backend, way, name],
            cwd=ROOT,
            env=os.environ | {"KERAS_BACKEND": backend},
            capture_output=True,
            text=True,
            check=True,
        )
        measured[backend, way][name].append(json.loads(done.stdout.splitlines()[-1])["rate"])
    return measured


def table(measured):
    """The lines of the table: medians over the rounds, and the smallest and largest."""
    titles = [WORKLOADS[name].title for name in NETWORKS]
    yield f"| Backend | Way | {' | '.join(titles)} |"
    yield "|---|---|" + "---:|" * len(NETWORKS)
    for (backend, way), rates in measured.items():
        cells = " | ".join(map(_spread, rates.values()))
        yield f"| {TITLES[backend]} | {WAYS[way]} | {cells} |"


def _spread(rates):
    """The median and, for several rounds, the smallest and the largest rate."""
    median = f"{statistics.median(rates):,.0f}"
    if len(rates) == 1:
        return median
    return f"{median} ({min(rates):,.0f} to {max(rates):,.0f})"


def between_marks(text, lines):
    """The text with everything between the marks replaced by the lines.

    Raises:
        ValueError: if a mark is missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the text must contain {BEGIN} and, after it, {END}")
    return "\n".join([f"{before}{begin}", "", *lines, "", f"{end}{after}"])


def main():
    """Measure, print, and write `backends.md` beside this file and the table of the README."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backends")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds to measure")
    parser.add_argument("--readme", type=Path, help="file whose marked table is replaced too")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).with_name("backends.md"),
        help="file to write (default: %(default)s)",
    )
    given = parser.parse_args()
    lines = list(table(measure_all(given.rounds)))
    text = [
        "# Backends",
        "",
        "Written by `python -m benchmarks.backends`. Iterations per second with batches of 150, "
        "every loss recorded: `model.fit` with `IterationLoss` and a whole epoch per execution "
        "(except on PyTorch, where Keras does not support it), and `training.fit`. Medians of "
        f"{given.rounds} {'round' if given.rounds == 1 else 'rounds'}, in which the combinations "
        "take turns, each in its own process; the smallest and the largest in brackets.",
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
