import json

import numpy as np
import pytest

from reporting import Findings, Lab, Study, Table, charts, identity, plots, summary, value
from reporting.measures import final_loss, over_seeds
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
        losses = over_seeds(runs["SGD"], final_loss)
        return [value("A 1", "The loss is 1", "loss", 1.0, losses)]

    @study.table
    def table(runs):
        return Table("Loss", ["loss"], [[summary(over_seeds(runs["SGD"], final_loss))]])

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


def test_run_writes_records_findings_and_figures(study, lab, tmp_path):
    study.run(lab, tmp_path / "small")
    written = {path.name for path in (tmp_path / "small").iterdir()}
    assert written == {
        "records.json", "records.npz", "findings.json",
        "loss.svg", "loss.png", "learning_rates.svg", "learning_rates.png", "explorer.chart.json",
    }  # fmt: skip
    findings = Findings.load(tmp_path / "small")
    assert [figure.name for figure in findings.figures] == ["loss", "learning_rates"]
    assert findings.claims[0].mean == pytest.approx(1.01)
    assert findings.provenance["runs"] == 9  # three rates with two seeds, one with three
    assert findings.command.endswith("run small --preset quick --seeds 3")
    assert findings.data == [
        {"name": "fashion_mnist", "source": "stand-in", "fingerprint": "f" * 64}
    ]


def test_a_chart_shows_its_records_and_says_which_data_they_are(study, lab, tmp_path):
    study.run(lab, tmp_path)
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

    study.run(Lab("quick", 1, {"fashion_mnist": "stand-in"}, obtain), tmp_path)
    assert Findings.load(tmp_path).charts[0].caption.endswith(charts.THINNED)


def test_a_value_measured_on_a_stand_in_is_not_about_the_sources_data(study, lab, tmp_path):
    study.run(lab, tmp_path)
    assert not Findings.load(tmp_path).claims[0].about_source_data
    lab.data = {"fashion_mnist": "real"}
    study.run(lab, tmp_path)
    assert Findings.load(tmp_path).claims[0].about_source_data


def test_redraw_from_records_alone_gives_the_same_files(study, lab, tmp_path):
    study.run(lab, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for path in tmp_path.iterdir():
        if not path.name.startswith("records"):
            path.unlink()
    study.redraw(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_redraw_of_damaged_records_says_which(study, lab, tmp_path):
    study.run(lab, tmp_path)
    (tmp_path / "records.npz").write_bytes(b"no archive")
    with pytest.raises(DamagedRecordError, match=r"records\.json"):
        study.redraw(tmp_path)


def test_findings_are_computed_from_the_records(study, lab, tmp_path):
    study.run(lab, tmp_path)
    path = tmp_path / "records.json"
    stored = json.loads(path.read_text())
    for facts in stored["records"].values():
        facts["final"]["loss"] += 1
    path.write_text(json.dumps(stored))
    study.redraw(tmp_path)
    assert Findings.load(tmp_path).claims[0].mean == pytest.approx(2.01)


def test_a_study_without_runs_says_where_and_when_it_was_computed(tmp_path):
    study = Study("sums", "Sums", "Is 1 + 1 two?", ["A 1"], "It is.", datasets=[])
    study.runs(lambda lab: 1 + 1)
    study.claims(lambda total: [identity("A 1", "1 + 1 is 2", "sum", 2, total)])
    study.run(Lab("paper", 5, {}, obtain=None), tmp_path)
    findings = Findings.load(tmp_path)
    (tmp_path / "findings.json").unlink()
    study.redraw(tmp_path)
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
