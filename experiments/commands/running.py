"""Running given studies, for the command `run` and for each study's own script."""

import contextlib
import operator
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path

from datasets.loading import SOURCES
from experiments.commands import options
from experiments.commands.options import (
    check_at_least_one,
    check_choice,
    check_writable,
    sources_of,
)
from experiments.commands.program import new_app, run_program
from experiments.commands.reports import draw_report, report_folder
from reporting import Lab, Study
from reporting.findings import is_drawn
from reporting.search.stored_search import StoredSearch
from reporting.study.lab import PRESETS
from training import FailedRunsError, RunRecord, run_all
from training.export import tensorboard as events
from training.sweep.cluster import connected
from training.sweep.runner import runs_folder


@dataclass(frozen=True)
class Runner:
    """Runs given studies; its method `run` is a command with the options of all runs.

    Args:
        studies: The studies, in the order to run them.
        stored_in: Function of a report's folder: the studies stored there. Those not drawn since
            they were stored, because an earlier command was interrupted, are drawn too. Defaults
            to none, for a study's script knows no other studies.
    """

    studies: Sequence[Study]
    stored_in: Callable[[Path], Sequence[Study | StoredSearch]] = lambda out: ()

    def run(
        self,
        preset: options.Preset = "quick",
        seeds: options.Seeds = None,
        jobs: options.Jobs = None,
        data: options.Data = "auto",
        data_dir: options.DataDir = None,
        out: options.Out = None,
        runs: options.Runs = None,
        cluster: options.Cluster = None,
        tensorboard: options.TensorBoard = None,
    ) -> None:
        """Train the runs that are not stored yet, then draw the studies and write the report."""
        check_choice("--preset", preset, PRESETS)
        check_choice("--data", data, SOURCES)
        check_at_least_one("--seeds", seeds)
        check_at_least_one("--jobs", jobs)
        out = report_folder(preset, out)
        check_writable(out)
        if tensorboard:
            check_writable(tensorboard, "--tensorboard")
        check_writable(runs_folder(runs), "--runs")
        with connected(cluster) if cluster else contextlib.nullcontext() as client:
            datasets = [name for study in self.studies for name in study.datasets]
            sources = sources_of(datasets, data, data_dir)
            train = partial(run_all, jobs=jobs, data_dir=data_dir, runs_dir=runs, cluster=client)
            failures = {}
            for study, lab in self._labs(preset, seeds, sources, train):
                try:
                    study.store(lab, out / study.name)
                except FailedRunsError as error:  # the other studies do not depend on it
                    failures[study] = error
                    continue
                if tensorboard:
                    events.write(tensorboard / study.name, lab.records.values())
        stored = [study for study in self.studies if study not in failures]
        if stored:
            draw_report(stored, out, jobs, self._others_undrawn(out))
        if failures:
            raise reduce(operator.add, failures.values())

    def _labs(
        self,
        preset: str,
        seeds: int | None,
        sources: Mapping[str, str],
        train: Callable[..., list[RunRecord]],
    ) -> Iterator[tuple[Study, Lab]]:
        """Each study with the lab that trains its runs.

        Args:
            preset: Name of the preset.
            seeds: Number of seeds; None takes each study's own.
            sources: Name of a dataset → "real" or "stand-in".
            train: `run_all` with its options, but for what each study sets itself.
        """
        for place, study in enumerate(self.studies, start=1):
            progress = f"[{place} of {len(self.studies)}] {study.name}"
            obtain = partial(train, study=study.name, progress=progress)
            own_sources = {name: sources[name] for name in study.datasets}
            yield study, Lab(preset, seeds or study.seeds[preset], own_sources, obtain)

    def _others_undrawn(self, out: Path) -> list[Study | StoredSearch]:
        names = {study.name for study in self.studies}
        others = [study for study in self.stored_in(out) if study.name not in names]
        return [study for study in others if not is_drawn(out / study.name)]


def run_study(study: Study) -> None:
    """Run one study with the options of `run`; its file calls this when run as a script."""
    app = new_app()
    app.command(help=f"{study.title}. {study.question}")(Runner([study]).run)
    run_program(app, sys.argv[1:], f"python -m experiments.{study.name}")
