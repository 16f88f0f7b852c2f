"""Findings, figures and curves made up for the reports that are written of them."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from reporting.figures import animations, charts, plots
from reporting.findings import Chart, Figure, Findings, Network, Table
from reporting.page import report
from reporting.verdicts.claims import direction, identity, value
from reporting.verdicts.measures import TEST_ACCURACY, Measure

LOSS = Measure("loss", better="lower")

REAL = [{"name": "MNIST", "source": "real", "fingerprint": "00ff" * 16}]


NETWORK = Network(
    methods="SGD | Adam",
    line="28×28 → dense 128, ReLU → dense 10",
    training="cross-entropy · SGD <plain> · batch size 150",
    parameters=101_770,
    layers=[
        ["flatten", "Flatten", "784", 0],
        ["hidden_1", "Dense", "128", 100_480],
        ["logits", "Dense", "10", 1290],
    ],
)


def made_up(study="momentum", **changes):
    facts = {
        "study": study,
        "title": "Momentum & “friends” <b>",
        "question": "Does momentum lower the loss?",
        "says": "Momentum lowers the loss markedly | a lot.",
        "sources": ["A 3.5", "E"],
        "preset": "quick",
        "seeds": 3,
        "data": REAL,
        "claims": [
            direction(
                source="A 3.5",
                statement="Lower.",
                measure=LOSS,
                lower=("Momentum 0.9", [1, 2, 3]),
                higher=("SGD", [2, 3, 4.1]),
            ),
            direction(
                source="E",
                statement="Nearer.",
                measure=LOSS,
                lower=("SGD", [1, 2, 3]),
                higher=("Adam", [3, 2, 1.5]),
            ),
            value(
                source="A 7",
                statement="Accuracy.",
                measure=TEST_ACCURACY,
                says=0.95,
                values=[0.8, 0.81, 0.82],
            ),
            identity(
                source="A 6.3",
                statement="Parameters.",
                quantity="parameters",
                says=13_932,
                holds=19_392,
            ),
        ],
        "tables": [
            Table(
                "Final <losses>",
                ["method", "loss", "a|b", *(f"further column {k}" for k in range(12))],
                [["SGD", 0.25, None, *range(12)], ["Adam", 1e-7, "x|y", *range(12)]],
                "Note.",
            )
        ],
        "figures": [Figure("loss", "Loss per iteration.", "Two falling curves.")],
        "provenance": {"Python": "3.11.9", "seconds": 1.5},
        "command": f"python -m experiments run {study}",
        "charts": [Chart("explorer", "Every <loss>", "Each batch's loss.")],
        "networks": [NETWORK],
    }
    return Findings(**(facts | changes))


@pytest.fixture
def findings():
    """A function of a study's name, and of those of its findings that differ."""
    return made_up


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    fig, ax = plots.figure()
    for label in ("SGD", "Adam"):
        plots.mean_and_band(ax, np.arange(9), np.ones((2, 9)), label)
    plots.save(fig, folder, "loss")
    return folder


@pytest.fixture
def curves(make_record):
    """What a chart draws: two settings, and in the first of them a method of which a run failed."""
    losses = 2 - np.arange(101) / 100
    ended = np.where(np.arange(101) < 60, losses, np.nan)
    sgd = [make_record(losses=losses + k, batch_size=100, train_size=1000) for k in (0, 1)]
    adam = [make_record(losses=values) for values in (losses, ended)]
    return charts.settings_data({"</script> all": {"SGD": sgd, "Adam": adam}, "one": {"SGD": sgd}})


@pytest.fixture
def folder(tmp_path, drawn, curves):
    """Two studies, the second on stand-in data."""
    first = made_up()
    stand_in = [REAL[0] | {"source": "stand-in"}]
    claims = [replace(claim, about_source_data=claim.kind != "value") for claim in first.claims]
    second = made_up("circles", title="Circles", data=stand_in, claims=claims)
    for found in (first, second):
        found.save(tmp_path / found.study)
        charts.save(curves, tmp_path / found.study, "explorer")
        for suffix in ("svg", "png"):
            shutil.copy(drawn / f"loss.{suffix}", tmp_path / found.study)
    return tmp_path


@pytest.fixture
def animated(folder):
    """The folder, with a study whose figure moves."""
    figures = [Figure("loss", "Loss per iteration.", "Two falling curves.", animated=True)]
    made_up("momentum", figures=figures, charts=[]).save(folder / "momentum")
    frames = [plots.figure(width=2, height=2)[0] for _ in range(2)]
    frames[1].text(0, 0, "second")
    animations.save(frames, folder / "momentum", "loss")
    return folder


@pytest.fixture
def page(folder):
    return report.write(folder).read_text(encoding="utf-8")
