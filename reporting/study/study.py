"""`Study`: a question, its runs, and what is computed and drawn from their records."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets.loading import PUBLISHED
from reporting.figures import animations, charts, curves, plots
from reporting.findings import Chart, Figure, Findings, Network, Table, discard
from reporting.study.lab import PRESETS, Lab
from reporting.study.networks import networks_of
from reporting.verdicts.claims import Claim
from training.backend import BACKENDS
from training.provenance import provenance
from training.record import FAILED, RunRecord
from training.store.archive import load_archive, save_archive, stored_hash
from training.store.computed import load_computed, save_computed

COMPUTED = "Computed, without image data."

Register = Callable[[Callable[[Any], Any]], Callable[[Any], Any]]
"""A decorator that registers a function and returns it unchanged."""


class Study:
    """One study; its file registers the parts with decorators, in the order of a paper.

    Example:
        >>> study = Study(name="width", title="Width", question="Does width help?",
        ...               sources=["A 5.2"], says="It does.", datasets=["fashion_mnist"])
        >>> @study.runs
        ... def runs(lab):
        ...     return lab.train({"narrow": lab.config(hidden=(8,), epochs=1)})

    Args:
        name: Name of the study, which is also its module's.
        title: Title for the reader.
        question: What the study asks, in one sentence.
        sources: Courses and sections, such as ["A 3.2-3.4"].
        says: What the sources say.
        datasets: Names of the image sets that the runs use; [] for a study that trains on none.
        seeds: Preset → number of seeds, unless the user gives another. Defaults to `PRESETS`.
    """

    def __init__(
        self,
        name: str,
        title: str,
        question: str,
        sources: list[str],
        says: str,
        datasets: list[str],
        seeds: Mapping[str, int] = PRESETS,
    ) -> None:
        self.name = name
        self.title = title
        self.question = question
        self.sources = sources
        self.says = says
        self.datasets = datasets
        self.seeds = seeds
        self._tables: list[Callable[[Any], Table]] = []
        self._figures: list[tuple[Callable[[Any], list[Any]], Figure, str]] = []
        self._charts: list[tuple[Callable[[Any], Any], Chart]] = []
        self._networks: Callable[[], list[Network]] = lambda: []

    def runs(self, function: Callable[[Lab], Any]) -> Callable[[Lab], Any]:
        """Register the function of a `Lab` that returns the runs everything else is made from.

        It is called twice, first with a lab that trains and computes, then with one that reads
        what was stored, and must ask for the same both times. What it returns is the only argument
        of all other functions that are registered; let it be a small frozen dataclass.
        """
        self._runs = function
        return function

    def networks(self, function: Callable[[], list[Network]]) -> Callable[[], list[Network]]:
        """Register a function without arguments that returns the `Network`s trained by hand.

        Networks that a `RunConfig` states are described without it.
        """
        self._networks = function
        return function

    def claims(self, function: Callable[[Any], list[Claim]]) -> Callable[[Any], list[Claim]]:
        """Register the function of the runs that returns the claims."""
        self._claims = function
        return function

    def table(self, function: Callable[[Any], Table]) -> Callable[[Any], Table]:
        """Register a function of the runs that returns a `Table`."""
        self._tables.append(function)
        return function

    def figure(self, caption: str, alt: str, of: str = "all seeds") -> Register:
        """Register a function of the runs that draws a figure, named like the function.

        Args:
            caption: What the figure shows, in a sentence or two.
            alt: The same for readers who do not see it.
            of: "all seeds", "tuning seeds", "seed 0", or "no data" for what no seed changes, such
                as a formula. Defaults to "all seeds".
        """

        def register(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
            figure = Figure(function.__name__, caption, alt)
            self._figures.append((lambda runs: [function(runs)], figure, of))
            return function

        return register

    def animation(self, caption: str, alt: str, of: str = "all seeds") -> Register:
        """Register a function of the runs that yields the frames of a moving figure.

        Frames are figures of one size. Readers who want no motion, and printers, get the last one,
        so it should say the most.

        Args:
            caption: As for `figure`.
            alt: As for `figure`.
            of: As for `figure`.
        """

        def register(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
            figure = Figure(function.__name__, caption, alt, animated=True)
            self._figures.append((lambda runs: list(function(runs)), figure, of))
            return function

        return register

    def chart(self, title: str, caption: str) -> Register:
        """Register a function of the runs that chooses curves to zoom into on the page.

        It returns setting → {label → records}; the reader switches between settings.

        Args:
            title: Heading of the chart.
            caption: What it shows, in a sentence or two.
        """

        def register(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
            self._charts.append((function, Chart(function.__name__, title, caption)))
            return function

        return register

    def store(self, lab: Lab, folder: str | Path) -> None:
        """Train and compute what the study needs, and store it for `draw`.

        Args:
            lab: Lab that trains and computes.
            folder: Folder of the study; it is made if it does not exist.

        Raises:
            FailedRunsError: If runs failed; the others are stored in the cache.
        """
        self._runs(lab)
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        save_archive(folder, lab.about, lab.records.values())
        save_computed(folder, lab.computed, provenance())

    def draw(self, folder: str | Path) -> None:
        """Write findings and figures from what is stored in a folder.

        Args:
            folder: Folder that `store` was given.

        Raises:
            FileNotFoundError: If nothing is stored there.
            DamagedRecordError, MissingRunsError: If what is stored cannot be read, or is not what
                the study asks for.
        """
        drawn_from = stored_hash(folder)  # before reading, so that a later change is noticed
        computed, computed_where = load_computed(folder)
        lab = Lab.of_archive(*load_archive(folder), computed)
        self._write(self._runs(lab), lab, Path(folder), computed_where, drawn_from)

    def _write(self, runs, lab, folder, computed_where, drawn_from):
        real = all(lab.data[name] == "real" for name in self.datasets)
        records = list(lab.records.values())
        seeded = records or any(of != "no data" for *_, of in self._figures)
        seeds = lab.seeds if seeded else 0
        with plots.style():
            drawn = [(figure, draw(runs), of) for draw, figure, of in self._figures]
        if lab.tunings:
            tuning = curves.draw_tuning(lab.tunings)
            drawn.append((curves.TUNING_FIGURE, [tuning], "tuning seeds"))
        explored = [(chart, charts.settings_data(choose(runs))) for choose, chart in self._charts]
        claims = [
            dataclasses.replace(claim, about_source_data=real and claim.about_source_data)
            if claim.kind == "value"
            else claim
            for claim in self._claims(runs)
        ]
        findings = Findings(
            study=self.name,
            title=self.title,
            question=self.question,
            says=self.says,
            sources=self.sources,
            preset=lab.preset,
            seeds=seeds,
            data=datasets_of(records),
            claims=claims,
            tables=[table(runs) for table in self._tables],
            figures=[figure for figure, *_ in drawn],
            provenance=provenance_of(records, computed_where),
            command=_command(self.name, lab, seeds),
            charts=[self._captioned(chart, data, lab) for chart, data in explored],
            networks=[*networks_of(lab.methods), *self._networks()],
            drawn_from=drawn_from,
        )
        discard(folder)
        for figure, frames, of in drawn:
            for frame in frames:
                plots.data_note(frame, self._note(lab, of, plots.has_bands(frame)))
            plots.save(frames[-1], folder, figure.name)
            if figure.animated:
                animations.save(frames, folder, figure.name)
        for chart, data in explored:
            charts.save(data, folder, chart.name)
        findings.save(folder)

    def _captioned(self, chart, data, lab):
        """The chart with a caption that also says which data it shows, and whether all of them."""
        parts = [chart.caption, self._note(lab, "all seeds", bands=True)]
        if charts.thinned(data):
            parts.append(charts.THINNED)
        return dataclasses.replace(chart, caption=" ".join(parts))

    def _note(self, lab, of, bands):
        """The line under a figure that says which data it shows, and what its bands are."""
        names = [f"{PUBLISHED[name].title} ({lab.data[name]})" for name in self.datasets]
        data = f"Data: {', '.join(names)}." if names else COMPUTED
        if lab.backend != BACKENDS[0]:
            data += f" Keras on {lab.backend}."
        if of == "no data":
            return COMPUTED
        if of == "seed 0":
            return f"{data} One run, seed 0."
        count, seeds = {
            "all seeds": (lab.seeds, "seed"),
            "tuning seeds": (len(lab.tuning_seeds), "tuning seed"),
        }[of]
        note = f"{data} {count} {seeds if count == 1 else seeds + 's'}"
        return f"{note}; {plots.BAND}." if bands else f"{note}."


def datasets_of(records: Sequence[RunRecord]) -> list[dict[str, str]]:
    """Name, source ("real" or "stand-in") and fingerprint of each data set that runs used."""
    used = {
        (record.config.dataset, *(record.provenance["data"][k] for k in ("source", "fingerprint")))
        for record in records
    }
    return [
        dict(zip(("name", "source", "fingerprint"), facts, strict=True)) for facts in sorted(used)
    ]


def provenance_of(
    records: Sequence[RunRecord], computed_where: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the report says of where the results come from: each fact with all its values.

    Args:
        records: The runs; may be empty.
        computed_where: Provenance of what the study computed itself; None if nothing. Defaults to
            None.
    """
    sources = [record.provenance for record in records] or [computed_where or provenance()]

    def values(fact):
        return ", ".join(sorted({str(fact(source)) for source in sources}))

    libraries = dict.fromkeys(name for source in sources for name in source["versions"])
    facts = {
        **{name: values(lambda p, name=name: p["versions"].get(name)) for name in libraries},
        "processor": values(lambda p: p["processor"]),
        "commit": values(lambda p: p["commit"] or "not in a checkout"),
        "trained" if records else "computed": values(lambda p: p["date"].split()[0]),
    }
    if not records:
        return facts
    failed = sum(record.failed for record in records)
    return {
        **facts,
        "runs": len(records),
        "failed": f"{failed} ({FAILED})" if failed else 0,
        "training seconds": round(sum(record.seconds for record in records), 1),
    }


def _command(name, lab, seeds):
    command = f"python -m experiments run {name} --preset {lab.preset}"
    if seeds:
        command += f" --seeds {seeds}"
    return command if lab.backend == BACKENDS[0] else f"KERAS_BACKEND={lab.backend} {command}"
