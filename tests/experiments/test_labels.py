"""Every label that a study draws has a style, and no style decides what a study trains."""

import importlib.util

import pytest

from experiments.commands.studies import find_study, study_names
from reporting import Lab
from reporting.figures import animations, palette, plots
from training.optimizers import OPTIMIZERS, Optimizer
from training.provenance import ROOT
from training.store.computed import load_computed


@pytest.fixture
def made_up_lab(made_up_record):
    """A function of a study that gives a lab whose runs are made up.

    What a study computes itself is read from the committed report, as it takes long.
    """

    def made_up_lab(study):
        computed, _ = load_computed(ROOT / "reports" / "paper" / study.name)
        return Lab(
            "paper",
            study.seeds["paper"],
            dict.fromkeys(study.datasets, "stand-in"),
            obtain=lambda configs: [made_up_record(config) for config in configs],
            stored=computed or None,
        )

    return made_up_lab


@pytest.fixture
def unstyled(monkeypatch):
    """The labels that are drawn without a style of their own; figures are not written."""
    labels = set()

    def spare_style(label):
        labels.add(label)
        return palette.STYLES["SGD"]

    monkeypatch.setattr(palette, "spare_style", spare_style)
    monkeypatch.setattr(plots, "save", lambda *_: None)
    monkeypatch.setattr(animations, "save", lambda *_: None)
    return labels


@pytest.mark.parametrize("name", study_names())
def test_every_label_has_a_style(made_up_lab, unstyled, tmp_path, name):
    study = find_study(name)
    study.store(made_up_lab(study), tmp_path)
    study.draw(tmp_path)
    assert not unstyled, f"{name}: add styles of these labels to palette.FAMILIES: {unstyled}"


def test_a_label_without_a_style_is_named(made_up_lab, unstyled, monkeypatch, tmp_path):
    monkeypatch.delitem(palette.STYLES, "Adam")
    study = find_study("optimizers")
    study.store(made_up_lab(study), tmp_path)
    study.draw(tmp_path)
    assert unstyled == {"Adam"}


@pytest.mark.parametrize("path", [*(ROOT / "experiments").rglob("*.py")], ids=lambda p: p.stem)
def test_no_study_takes_its_labels_from_the_table_of_styles(path):
    text = path.read_text(encoding="utf-8")
    assert "palette.FAMILIES" not in text
    assert "palette.STYLES" not in text


@pytest.fixture
def optimizers_study(monkeypatch):
    """The study of optimizers, as imported where the table has one optimizer more."""
    monkeypatch.setitem(OPTIMIZERS, "adamax", Optimizer("AdaMax", "Adamax"))
    spec = importlib.util.find_spec("experiments.optimizers")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_optimizer_added_to_the_table_is_drawn(optimizers_study, made_up_lab):
    runs = optimizers_study.runs(made_up_lab(optimizers_study.study))
    (ax,) = optimizers_study.loss_at_each_iteration(runs).axes
    drawn = {line.get_label() for line in ax.get_lines()}
    assert drawn == {optimizer.label for optimizer in OPTIMIZERS.values()}
    assert "AdaMax" in drawn
