import json

import numpy as np
import pytest
from PIL import Image

from reporting import Findings, Lab, Study, Table, identity, summary, value
from reporting.figures import charts, plots
from reporting.findings import is_drawn
from reporting.verdicts.measures import TRAINING_LOSS, Measure, over_seeds
from training import DamagedRecordError
from training.provenance import provenance


@pytest.fixture
def study():
    study = Study(
        name="small",
        title="A small study",
        question="Is it small?",
        sources=["A 1"],
        says="It is.",
        datasets=["fashion_mnist"],
    )

    @study.runs
    def runs(lab):
        tuned = lab.tune({"SGD": lab.config(iterations=4)}, (0.03, 0.1, 0.3))
        return lab.train(tuned)

    @study.claims
    def claims(runs):
        losses = over_seeds(runs["SGD"], TRAINING_LOSS)
        return [
            value(
                source="A 1",
                statement="The loss is 1",
                measure=Measure("loss"),
                says=1.0,
                values=losses,
            )
        ]

    @study.table
    def table(runs):
        return Table("Loss", ["loss"], [[summary(over_seeds(runs["SGD"], TRAINING_LOSS))]])

    @study.figure(caption="The loss.", alt="A line.")
    def loss(runs):
        fig, ax = plots.figure()
        curves = np.array([record.iteration_loss for record in runs["SGD"]])
        plots.mean_and_band(ax, np.arange(curves.shape[1]), curves, "SGD")
        return fig

    @study.chart("Every loss", "Each batch's loss.")
    def explorer(runs):
        return {"tuned": runs}

    return study


@pytest.fixture
def lab(make_record):
    def obtain(configs):
        return [
            make_record(c, final=abs(np.log10(c.learning_rate / 0.1)) + 1 + c.seed / 100)
            for c in configs
        ]

    return Lab("quick", 3, {"fashion_mnist": "stand-in"}, obtain)


def test_store_and_draw_write_records_findings_and_figures(study, lab, tmp_path):
    study.store(lab, tmp_path / "small")
    study.draw(tmp_path / "small")
    written = {path.name for path in (tmp_path / "small").iterdir()}
    assert written == {
        "records.json",
        "records.npz",
        "findings.json",
        "loss.svg",
        "loss.png",
        "learning_rates.svg",
        "learning_rates.png",
        "explorer.chart.json",
    }
    findings = Findings.load(tmp_path / "small")
    assert [figure.name for figure in findings.figures] == ["loss", "learning_rates"]
    assert findings.claims[0].mean == pytest.approx(1.01)
    assert findings.provenance["runs"] == 6  # three rates with one seed, one with three
    assert findings.command.endswith("run small --preset quick --seeds 3")
    assert findings.data == [
        {"name": "fashion_mnist", "source": "stand-in", "fingerprint": "f" * 64}
    ]


def test_a_chart_shows_its_records_and_says_which_data_they_are(study, lab, tmp_path):
    study.store(lab, tmp_path)
    study.draw(tmp_path)
    (chart,) = Findings.load(tmp_path).charts
    assert (chart.name, chart.title) == ("explorer", "Every loss")
    assert chart.caption.startswith("Each batch's loss. Data: Fashion-MNIST (stand-in). 3 seeds;")
    assert charts.THINNED not in chart.caption
    (setting,) = charts.load(tmp_path, chart)
    assert setting["title"] == "tuned"
    assert setting["methods"][0]["mean"] == [2.0, 1.5, 1.2, 1.1]


def test_the_caption_of_a_thinned_chart_says_so(study, make_record, tmp_path):
    def obtain(configs):
        return [make_record(config, np.ones(3000)) for config in configs]

    study.store(Lab("quick", 1, {"fashion_mnist": "stand-in"}, obtain), tmp_path)

    study.draw(tmp_path)
    assert Findings.load(tmp_path).charts[0].caption.endswith(charts.THINNED)


def test_a_value_measured_on_a_stand_in_is_not_about_the_sources_data(study, lab, tmp_path):
    study.store(lab, tmp_path)
    study.draw(tmp_path)
    assert not Findings.load(tmp_path).claims[0].about_source_data
    lab.data = {"fashion_mnist": "real"}
    study.store(lab, tmp_path)
    study.draw(tmp_path)
    assert Findings.load(tmp_path).claims[0].about_source_data


def test_draw_from_records_alone_gives_the_same_files(study, lab, tmp_path):
    study.store(lab, tmp_path)
    study.draw(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for path in tmp_path.iterdir():
        if not path.name.startswith("records"):
            path.unlink()
    study.draw(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_draw_of_damaged_records_says_which(study, lab, tmp_path):
    study.store(lab, tmp_path)
    study.draw(tmp_path)
    (tmp_path / "records.npz").write_bytes(b"no archive")
    with pytest.raises(DamagedRecordError, match=r"records\.json"):
        study.draw(tmp_path)


def test_findings_are_computed_from_the_records(study, lab, tmp_path):
    study.store(lab, tmp_path)
    study.draw(tmp_path)
    path = tmp_path / "records.json"
    stored = json.loads(path.read_text())
    del stored["sha256"]
    for facts in stored["records"].values():
        facts["final"]["loss"] += 1
    path.write_text(json.dumps(stored))
    study.draw(tmp_path)
    assert Findings.load(tmp_path).claims[0].mean == pytest.approx(2.01)


@pytest.fixture
def computed():
    """A study without runs, of something that depends on the seed."""
    study = Study("dice", "Dice", "Is the mean 3.5?", ["A 1"], "It is.", datasets=[])
    study.runs(lambda lab: [1.0 + seed for seed in range(lab.seeds)])
    study.claims(
        lambda dice: [
            value(
                source="A 1",
                statement="3.5",
                measure=Measure("mean"),
                says=3.5,
                values=dice,
                about_source_data=False,
            )
        ]
    )
    return study


@pytest.fixture
def notes(monkeypatch):
    """The data notes of all figures."""
    written = []
    monkeypatch.setattr(plots, "data_note", lambda fig, text: written.append(text))
    return written


def test_only_a_figure_with_bands_says_what_they_are(computed, notes, tmp_path):
    def banded(dice):
        fig, ax = plots.figure()
        plots.mean_and_band(ax, [1, 2], [[1, 2], [2, 3]], "SGD")
        return fig

    computed.figure("A.", "A.")(banded)
    computed.figure("B.", "B.")(lambda dice: plots.figure()[0])
    computed.store(Lab("quick", 1, {}, obtain=None), tmp_path)
    computed.draw(tmp_path)
    note = "Computed, without image data. 1 seed"
    assert notes == [f"{note}; {plots.BAND}.", f"{note}."]


@pytest.mark.parametrize(
    ("of", "seeds", "note"),
    [
        ("all seeds", 4, "Computed, without image data. 4 seeds."),
        ("seed 0", 4, "Computed, without image data. One run, seed 0."),
        ("no data", 0, "Computed, without image data."),
    ],
)
def test_a_study_without_runs_says_how_many_seeds_it_shows(
    computed, notes, tmp_path, of, seeds, note
):
    computed.figure("A.", "A.", of=of)(lambda dice: plots.figure()[0])
    computed.store(Lab("quick", 4, {}, obtain=None), tmp_path)
    computed.draw(tmp_path)
    findings = Findings.load(tmp_path)
    assert notes == [note]
    assert findings.seeds == seeds
    assert findings.command.endswith("--seeds 4" if seeds else "quick")
    assert "computed" in findings.provenance


def test_another_backend_is_named(study, lab, notes, tmp_path):
    lab.backend = "jax"
    study.store(lab, tmp_path)
    study.draw(tmp_path)
    assert notes[0].startswith("Data: Fashion-MNIST (stand-in). Keras on jax. 3 seeds;")
    command = Findings.load(tmp_path).command
    assert command == "KERAS_BACKEND=jax python -m experiments run small --preset quick --seeds 3"


def test_a_value_about_other_data_stays_so(computed, tmp_path):
    computed.store(Lab("quick", 2, {}, obtain=None), tmp_path)
    computed.draw(tmp_path)
    assert not Findings.load(tmp_path).claims[0].about_source_data


def test_an_animation_moves_and_leaves_its_last_frame(computed, notes, tmp_path):
    drawn = []

    @computed.animation(caption="Dice roll.", alt="Three dice.", of="seed 0")
    def dice(runs):
        for eyes in runs:
            fig, ax = plots.figure(width=3, height=3)
            ax.set_title(str(eyes))
            drawn.append(fig)
            yield fig

    computed.store(Lab("quick", 3, {}, obtain=None), tmp_path)
    computed.draw(tmp_path)
    (figure,) = Findings.load(tmp_path).figures
    assert figure.animated
    assert notes == ["Computed, without image data. One run, seed 0."] * 3
    with Image.open(tmp_path / "dice.webp") as moving:
        assert moving.n_frames == 3
    still = (tmp_path / "dice.png").read_bytes()
    plots.save(drawn[-1], tmp_path / "last", "dice")
    assert (tmp_path / "last" / "dice.png").read_bytes() == still


def test_a_study_without_runs_says_where_and_when_it_was_computed(tmp_path):
    study = Study("sums", "Sums", "Is 1 + 1 two?", ["A 1"], "It is.", datasets=[])
    study.runs(lambda lab: 1 + 1)
    study.claims(
        lambda total: [
            identity(source="A 1", statement="1 + 1 is 2", quantity="sum", says=2, holds=total)
        ]
    )
    study.store(Lab("paper", 5, {}, obtain=None), tmp_path)
    study.draw(tmp_path)
    findings = Findings.load(tmp_path)
    (tmp_path / "findings.json").unlink()
    study.draw(tmp_path)
    assert Findings.load(tmp_path) == findings
    assert (findings.seeds, findings.data) == (0, [])
    assert findings.claims[0].verdict == "reproduced"
    here = provenance()
    assert findings.provenance == {
        **here["versions"],
        "processor": here["processor"],
        "commit": here["commit"] or "not in a checkout",
        "computed": here["date"].split()[0],
    }
    assert findings.command == "python -m experiments run sums --preset paper"


def test_findings_are_drawn_until_what_is_stored_changes(study, lab, tmp_path):
    assert not is_drawn(tmp_path)
    study.store(lab, tmp_path)
    assert not is_drawn(tmp_path)
    study.draw(tmp_path)
    assert is_drawn(tmp_path)
    study.store(lab, tmp_path)
    assert is_drawn(tmp_path)  # the same results
    lab.compute("more", lambda: 1)
    study.store(lab, tmp_path)
    assert not is_drawn(tmp_path)
    study.draw(tmp_path)
    lab.seeds = 4
    study.store(lab, tmp_path)
    assert not is_drawn(tmp_path)


def test_a_drawing_that_is_interrupted_leaves_no_findings(study, lab, tmp_path, monkeypatch):
    """Else its new figures would stand beside old findings."""
    study.store(lab, tmp_path)
    study.draw(tmp_path)

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(plots, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        study.draw(tmp_path)
    assert not is_drawn(tmp_path)
