"""Measure all contenders in turn and write the table: `python -m benchmarks`."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.contenders import CONTENDERS, WORKLOADS
from benchmarks.machine import machine
from training.provenance import ROOT

ROUNDS = 3
BASELINE = "fit_with_loss_history"
COLUMNS = ("Contender", "Iterations per second", "Ratio to LossHistory", "Start-up (s)")


def measure_all(workload):
    """Contender → its measurements in all rounds; those not installed are omitted.

    A round measures every contender once, each in its own process, so that a change in the
    machine's speed affects them all.
    """
    measured = {name: [] for name in CONTENDERS}
    rounds = [name for _ in range(ROUNDS) for name in CONTENDERS]
    for name in track(rounds, WORKLOADS[workload].title, console=Console(stderr=True)):
        result = in_own_process(name, workload)
        if "missing" not in result:
            measured[name].append(result)
    return {name: results for name, results in measured.items() if results}


def in_own_process(*arguments):
    """The output of `python -m benchmarks.contenders` for these arguments."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.contenders", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def table(measured):
    """Rows of the table: medians over the rounds, ratios taken round by round."""
    for name, results in measured.items():
        pairs = zip(results, measured[BASELINE], strict=True)
        ratios = [result["rate"] / baseline["rate"] for result, baseline in pairs]
        rate, startup = (statistics.median(r[key] for r in results) for key in ("rate", "startup"))
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        yield (
            CONTENDERS[name],
            f"{rate:,.0f}",
            f"{statistics.median(ratios):.2f} ({spread})",
            f"{startup:.1f}",
        )


def main():
    """Measure, print, and write `results.md` beside this file."""
    lines = [
        "# Speed",
        "",
        "Written by `make bench`. Batches of 150, every loss recorded. "
        f"Medians of {ROUNDS} rounds, in which the contenders take turns, each in its own process; "
        "the smallest and the largest ratio of a round in brackets. Start-up: time of the first "
        "call beyond its iterations, including compilation.",
        "",
        machine(),
    ]
    for name, workload in WORKLOADS.items():
        lines += ["", f"## {workload.title}", "", "| " + " | ".join(COLUMNS) + " |"]
        lines += ["|---|" + "---:|" * (len(COLUMNS) - 1)]
        lines += ["| " + " | ".join(row) + " |" for row in table(measure_all(name))]
    lines += ["", "## The cost of recording in `model.fit`", ""]
    for steps in (1, 400):
        ratios = in_own_process("recording_cost", str(steps))
        lines.append(
            f"- 784-128-10, `steps_per_execution={steps}`: an epoch with `IterationLoss` takes "
            f"{statistics.median(ratios):.3f} times as long as without it ({min(ratios):.3f} to "
            f"{max(ratios):.3f}; {len(ratios)} pairs)"
        )
    text = "\n".join(lines) + "\n"
    Path(__file__).with_name("results.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
