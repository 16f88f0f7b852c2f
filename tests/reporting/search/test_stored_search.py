import json

import numpy as np
import pytest

from reporting import FindingsError
from reporting.figures import charts, palette
from reporting.findings import Chart, Findings
from reporting.page import report
from reporting.search import figures as drawing
from reporting.search.axes import Axis, axes_of
from reporting.search.stored_search import PREFIX, StoredSearch, best_table, trials_table
from training import DamagedRecordError, RunConfig
from training.search.trials import Trial, best_of

SPACE = [
    {"class_name": "Int", "config": {"name": "units", "sampling": "log", "conditions": []}},
    {"class_name": "Choice", "config": {"name": "optimizer", "values": ["sgd", "adam", "nadam"]}},
    {"class_name": "Float", "config": {"name": "rate", "sampling": "log", "conditions": []}},
    {"class_name": "Boolean", "config": {"name": "dropped", "conditions": []}},
    {"class_name": "Float", "config": {"name": "share", "sampling": "linear", "conditions": []}},
    {"class_name": "Choice", "config": {"name": "never used", "values": [1, 2]}},
]


@pytest.fixture
def make_trial(make_record):
    """A function of a trial's number, the validation accuracies of its seeds, and settings."""

    def make(number, accuracies, epochs=2, failed=False, **settings):
        records = []
        for seed, accuracy in enumerate(accuracies):
            config = RunConfig(
                data="stand-in",
                train_size=20,
                batch_size=10,
                epochs=epochs,
                seed=seed,
                learning_rate=number / 100,
            )
            losses = np.linspace(2, 1, config.updates)
            losses[2:] *= np.nan if failed else 1
            record = make_record(
                config,
                losses,
                np.nan if failed else 0.5,
                epochs={"val_accuracy": np.linspace(0.1, accuracy, epochs)},
            )
            records.append(record)
        given = {"units": 8 * 2**number, "optimizer": "adam", "rate": 10.0**-number}
        return Trial(number, {**given, "dropped": False, **settings}, records)

    return make


@pytest.fixture
def trials(make_trial):
    return [
        make_trial(1, [0.6, 0.5]),
        make_trial(2, [0.8, 0.9], optimizer="sgd", dropped=True, share=0.25),
        make_trial(3, [0.9, 0.8], optimizer="nadam"),
        make_trial(4, [0.7, 0.7], failed=True),
    ]


@pytest.fixture
def axes(trials):
    return axes_of(SPACE, trials)


@pytest.fixture
def folder(tmp_path, trials):
    """A report's folder with the outcome of a search."""
    about = {
        "name": "mine",
        "algorithm": "random",
        "seed": 0,
        "seeds": 2,
        "space": SPACE,
        "command": "python -m experiments search mine",
        "failed": 0,
        "trials": [
            {"number": t.number, "settings": t.settings, "runs": [r.config.key for r in t.records]}
            for t in trials
        ],
    }
    records = [record for trial in trials for record in trial.records]
    about = {"preset": "quick", "search": about}
    StoredSearch(f"{PREFIX}mine").store(about, records, tmp_path / f"{PREFIX}mine")
    return tmp_path


def drawn(axis, trials):
    return [axis.place(trial) for trial in trials]


def test_the_best_is_the_first_with_the_highest_mean(trials):
    assert [trial.score for trial in trials] == [0.55, 0.85, 0.85, 0]
    assert best_of(trials) is trials[1]


def test_hyperparameters_become_axes_in_the_order_of_the_space(axes, trials):
    assert [axis.name for axis in axes] == ["units", "optimizer", "rate", "dropped", "share"]
    units, optimizer, _, dropped, share = axes
    assert [axis.logarithmic for axis in axes] == [True, False, True, False, False]
    assert drawn(units, trials) == [16, 32, 64, 128]
    assert drawn(optimizer, trials) == [1, 0, 1 + 1, 1]
    assert drawn(dropped, trials) == [0, 1, 0, 0]
    np.testing.assert_array_equal(drawn(share, trials), [np.nan, 0.25, np.nan, np.nan])
    assert [units.share(place) for place in (16, 32, 128)] == pytest.approx([0, 1 / 3, 1])
    assert units.ticks == {16: "16", 32: "32", 64: "64", 128: "128"}
    assert optimizer.ticks == {0: "sgd", 1: "adam", 2: "nadam"}
    assert dropped.ticks == {0: "no", 1: "yes"}
    assert share.limits == (-0.25, 0.75)  # one value alone


def test_many_values_of_a_logarithmic_axis_have_ticks_at_powers_of_ten():
    values = [float(value) for value in np.geomspace(2e-4, 0.5, 20)]
    axis = Axis("rate", values, logarithmic=True, categorical=False)
    assert list(axis.ticks.values()) == ["0.001", "0.01", "0.1"]


def test_best_settings_and_all_trials_are_tabulated(axes, trials):
    best = best_table(axes, trials)
    assert best.columns == ["", "trial 2"]
    assert best.rows[:5] == [
        ["units", "32"],
        ["optimizer", "sgd"],
        ["rate", "0.01"],
        ["dropped", "yes"],
        ["share", "0.25"],
    ]
    assert ["validation accuracy", "0.8500 (0.8000, 0.9000)"] in best.rows
    assert ["test accuracy", "0.5000 (0.5000, 0.5000)"] in best.rows
    table = trials_table(axes, trials, failed=2)
    assert table.note.endswith("could not be trained, and are not shown: 2.")
    assert "shown" not in trials_table(axes, trials).note
    assert [row[0] for row in table.rows] == [2, 3, 1, 4]
    assert table.rows[2][5:] == ["—", 2, "0.5500 (0.6000, 0.5000)"]
    assert table.rows[3][-1] == "0.0000 (0.0000, 0.0000)"


def test_parallel_coordinates_have_a_line_for_each_trial_and_the_best_on_top(axes, trials):
    ax = drawing.draw_parallel(axes, trials).axes[0]
    *lines, best = [line for line in ax.lines if len(line.get_xdata()) > 2]
    assert len(lines) == 3
    assert best.get_color() == palette.ORANGE
    heights = best.get_ydata()
    assert heights[:4] == pytest.approx([1 / 3, 0, 2 / 3, 1])
    assert heights[-1] == 1
    texts = {text.get_text().strip() for text in ax.texts}
    assert {"512", "nadam", "yes", "not used"} - texts == {"512"}
    assert [label.get_text() for label in ax.get_xticklabels()][-1] == "validation\naccuracy"


def test_scores_have_bars_over_seeds_stars_for_the_best_and_crosses_for_failed(axes, trials):
    fig = drawing.draw_scores(axes, trials)
    units = fig.axes[0]
    assert units.get_xscale() == "log"
    points = {line.get_marker(): line for line in units.lines}
    assert set(points) == {"o", "*", "x"}
    assert points["*"].get_xdata() == [32]
    assert points["x"].get_xdata() == [128]
    bars = [segment for bar in units.collections for segment in bar.get_segments()]
    heights = np.array([segment[:, 1] for segment in bars])
    np.testing.assert_allclose(heights, [[0.5, 0.6], [0.8, 0.9], [0.8, 0.9]], rtol=1e-6)
    share = fig.axes[4]
    assert len(share.lines) == 1
    assert [ax.get_xlabel() for ax in fig.axes if ax.get_visible()][:2] == ["Units", "Optimizer"]


def test_trials_of_several_epochs_are_drawn_against_them(make_trial):
    trials = [make_trial(1, [0.5], epochs=2), make_trial(2, [0.6], epochs=4)]
    axes = axes_of(SPACE, trials)
    assert drawing.draw_scores(axes, trials).axes[len(axes)].get_xlabel() == "Epochs"
    labels = drawing.draw_parallel(axes, trials).axes[0].get_xticklabels()
    assert [label.get_text() for label in labels][-2:] == ["epochs", "validation\naccuracy"]


def test_learning_curves_of_all_trials_and_the_best_named(trials):
    fig = drawing.draw_curves(trials)
    losses, accuracies = fig.axes[:2]
    assert [label for _, label in zip(*losses.get_legend_handles_labels(), strict=True)] == [
        "best: trial 2"
    ]
    ends = sorted(line.get_ydata()[-1] for line in accuracies.lines if len(line.get_ydata()))
    assert ends == pytest.approx([0.55, 0.85, 0.85])  # the failed one has none
    assert len([line for line in losses.lines if len(line.get_ydata()) > 1]) == 4


def test_the_chart_shows_the_best_and_all(trials, make_trial):
    settings, styles = drawing.chart_of(trials)
    assert list(settings) == ["all 4"]
    assert next(iter(settings["all 4"])) == "trial 2: 0.8500"
    many = [make_trial(number, [0.1 * number]) for number in range(1, 9)]
    settings, styles = drawing.chart_of(many)
    assert list(settings) == ["best 6", "all 8"]
    assert list(settings["best 6"]) == [f"trial {n}: {0.1 * n:.4f}" for n in (8, 7, 6, 5, 4, 3)]
    assert set(styles) == set(settings["all 8"])
    assert len({styles[label] for label in settings["best 6"]}) == 6


def test_one_trial_of_one_hyperparameter_is_drawn_too(make_trial):
    trials = [make_trial(1, [0.5])]
    axes = axes_of(SPACE[:1], trials)
    for figure in (
        drawing.draw_parallel(axes, trials),
        drawing.draw_scores(axes, trials),
        drawing.draw_curves(trials),
    ):
        figure.canvas.draw()


def test_a_search_in_which_all_failed_is_drawn_too(make_trial):
    trials = [make_trial(number, [0.5], failed=True) for number in (1, 2)]
    axes = axes_of(SPACE, trials)
    for figure in (
        drawing.draw_parallel(axes, trials),
        drawing.draw_scores(axes, trials),
        drawing.draw_curves(trials),
    ):
        figure.canvas.draw()


def test_a_stored_search_becomes_part_of_the_report(folder):
    (stored,) = StoredSearch.all_of(folder)
    assert stored.name == "search_mine"
    stored.draw(folder / stored.name)
    found = Findings.load(folder / stored.name)
    assert found.title == "Search: mine on Fashion-MNIST, random"
    assert [table.title for table in found.tables] == ["Best settings", "Trials"]
    assert found.provenance["runs"] == 8
    page = report.write(folder).read_text()
    assert "Which units, optimizer, rate, dropped, share give the highest" in page
    assert "The source says" not in page
    readme = (folder / "README.md").read_text()
    assert "says:**" not in readme
    assert readme.count(".png)") == 3
    (chart,) = found.charts
    assert charts.load(folder / stored.name, Chart(chart.name, "", ""))[0]["title"] == "all 4"


def test_drawing_again_gives_the_same_bytes(folder):
    (stored,) = StoredSearch.all_of(folder)
    written = []
    for _ in range(2):
        stored.draw(folder / stored.name)
        files = sorted((folder / stored.name).iterdir())
        written.append({path.name: path.read_bytes() for path in files})
    assert written[0] == written[1]


def test_a_damaged_outcome_is_named(folder):
    (stored,) = StoredSearch.all_of(folder)
    path = folder / stored.name / "records.json"
    content = json.loads(path.read_bytes())
    content.pop("sha256", None)
    path.write_text(json.dumps(content | {"search": {}}))
    with pytest.raises(FindingsError, match="does not hold the outcome of a search"):
        stored.draw(folder / stored.name)
    path.write_text("{")
    with pytest.raises(DamagedRecordError, match=r"records.json is damaged"):
        stored.draw(folder / stored.name)
