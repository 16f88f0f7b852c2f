import math

import numpy as np
import pytest

from reporting.study.lab import TUNING_SEEDS, Lab, MissingRunsError
from training import RunConfig


@pytest.fixture
def obtain(make_record):
    """Runs whose final loss is |log10(rate) - log10(best)| plus a little for each seed."""
    best = {150: 0.1, 50: 30.0, 1: 0.0003}
    asked = []

    def obtain(configs):
        asked.extend(configs)
        return [
            make_record(
                config,
                final=math.inf
                if config.learning_rate > 100
                else abs(math.log10(config.learning_rate / best[config.batch_size]))
                + config.seed / 1e6,
            )
            for config in configs
        ]

    obtain.asked = asked
    return obtain


@pytest.fixture
def lab(obtain):
    return Lab("quick", 3, {"fashion_mnist": "stand-in"}, obtain)


def test_train_gives_each_method_its_seeds_in_order(lab):
    methods = {"a": lab.config(iterations=4), "b": lab.config(iterations=4, batch_size=50)}
    runs = lab.train(methods)
    assert {label: [r.config.seed for r in records] for label, records in runs.items()} == {
        "a": [0, 1, 2],
        "b": [0, 1, 2],
    }
    assert all(record.config.batch_size == 50 for record in runs["b"])
    assert len(lab.records) == 6


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_runs_are_of_the_backend_of_the_lab(obtain, backend, monkeypatch):
    monkeypatch.setattr("reporting.study.lab.running_backend", lambda: backend)
    lab = Lab("quick", 1, {"fashion_mnist": "stand-in"}, obtain)
    assert lab.config(iterations=4).backend == backend
    monkeypatch.setattr("reporting.study.lab.running_backend", lambda: "jax")
    assert Lab.of_archive(lab.about, {}).config(iterations=4).backend == backend


def test_an_archive_that_says_no_backend_is_of_tensorflow(monkeypatch):
    monkeypatch.setattr("reporting.study.lab.running_backend", lambda: "jax")
    about = {"preset": "quick", "seeds": 1, "data": {"fashion_mnist": "real"}}
    assert Lab.of_archive(about, {}).config(iterations=4).backend == "tensorflow"


def test_tuning_finds_the_best_rate_inside_the_grid(lab):
    tuned = lab.tune({"a": lab.config(iterations=4)}, (0.03, 0.1, 0.3))
    assert tuned["a"].learning_rate == 0.1
    assert lab.tunings["a"].scores.shape == (len(lab.tuning_seeds), 3)


def test_tuning_extends_the_grid_until_the_best_rate_is_inside(lab):
    methods = {
        "above": lab.config(iterations=4, batch_size=50),
        "below": lab.config(iterations=4, batch_size=1),
    }
    tuned = lab.tune(methods, (0.03, 0.1, 0.3))
    assert tuned["above"].learning_rate == 30
    assert tuned["below"].learning_rate == 0.0003
    assert lab.tunings["above"].rates.tolist() == [0.03, 0.1, 0.3, 1, 3, 10, 30, 100]
    assert lab.tunings["below"].rates[0] == 0.0001


def test_tuning_begins_with_rates_of_each_method(lab):
    methods = {"a": lab.config(iterations=4), "b": lab.config(iterations=4, optimizer="adam")}
    lab.tune(methods, {"b": (0.01, 0.1, 1), "a": (0.03, 0.1, 0.3)})
    assert lab.tunings["a"].rates.tolist() == [0.03, 0.1, 0.3]
    assert lab.tunings["b"].rates.tolist() == [0.01, 0.1, 1]


def test_tuning_uses_seeds_that_no_comparison_uses(lab, obtain):
    lab.tune({"a": lab.config(iterations=4)}, (0.03, 0.1, 0.3))
    assert {config.seed for config in obtain.asked} == set(lab.tuning_seeds)
    assert min(TUNING_SEEDS) > 999


def test_a_rate_at_which_a_loss_is_not_finite_is_out(make_record):
    def obtain(configs):
        return [
            make_record(c, final=math.nan if c.learning_rate >= 0.1 else 1 / c.learning_rate)
            for c in configs
        ]

    lab = Lab("quick", 1, {"fashion_mnist": "stand-in"}, obtain)
    tuned = lab.tune({"a": lab.config(iterations=4)}, (0.01, 0.03, 0.1))
    assert tuned["a"].learning_rate == 0.03


@pytest.mark.parametrize(
    ("accuracies", "best"),
    [
        ({0.01: 0.5, 0.03: 0.5, 0.1: 0.1}, 0.03),  # the lowest loss is that of a failed run
        ({0.01: 0.1, 0.03: 0.1, 0.1: 0.1}, 0.1),  # where all fail, the lowest loss decides
    ],
)
def test_a_rate_at_which_a_run_failed_is_out_unless_all_are(make_record, accuracies, best):
    losses = {0.01: 2.0, 0.03: 1.5, 0.1: 1.0, 0.3: 2.0, 0.001: 2.0}

    def obtain(configs):
        return [
            make_record(
                c,
                final=losses[c.learning_rate],
                accuracy=accuracies.get(c.learning_rate, 0.1),
            )
            for c in configs
        ]

    lab = Lab("quick", 1, {"fashion_mnist": "stand-in"}, obtain)
    tuned = lab.tune({"a": lab.config(iterations=4)}, (0.01, 0.03, 0.1))
    assert tuned["a"].learning_rate == best
    assert np.isfinite(lab.tunings["a"].scores).any()


def test_tuning_a_method_without_finite_losses_says_so(make_record):
    lab = Lab(
        "quick",
        1,
        {"fashion_mnist": "stand-in"},
        lambda configs: [make_record(config, final=math.nan) for config in configs],
    )
    with pytest.raises(
        ValueError, match="a has losses that are not finite at every learning rate tried"
    ):
        lab.tune({"a": lab.config(iterations=4)}, (0.03, 0.1, 0.3))


def test_of_archive_gives_what_was_stored_and_names_what_was_not(lab):
    lab.train({"a": lab.config(iterations=4)})
    stored = Lab.of_archive(lab.about, lab.records)
    assert stored.about == lab.about
    losses = [r.iteration_loss for r in stored.train({"a": stored.config(iterations=4)})["a"]]
    assert np.shape(losses) == (3, 4)
    with pytest.raises(MissingRunsError, match="3 of the runs"):
        stored.train({"b": stored.config(iterations=5)})


def test_config_is_on_the_labs_data(lab):
    quick, paper = (Lab(preset, 1, lab.data, None) for preset in ("quick", "paper"))
    stated = RunConfig(data="stand-in", iterations=1)
    assert paper.config(iterations=1) == stated
    assert quick.config(iterations=1) == stated.replace(test_size=2000)
    assert quick.config(iterations=1, test_size=None) == stated


def test_choose(lab):
    assert lab.choose(quick=1, paper=2) == 1


def test_what_a_study_computes_is_read_when_it_is_drawn(obtain):
    calls = []

    def squares(n, power=2):
        calls.append(n)
        return {"squares": np.arange(n) ** power}

    lab = Lab("quick", 1, {}, obtain)
    first = lab.compute("squares", squares, 4, power=2)
    drawn = Lab.of_archive(lab.about, {}, lab.computed)
    np.testing.assert_equal(drawn.compute("squares", squares, 4), first)
    assert calls == [4]
    with pytest.raises(MissingRunsError, match="'cubes' is not stored; run the study again"):
        drawn.compute("cubes", squares, 4, power=3)


def test_what_is_computed_is_the_same_before_and_after_it_is_stored(obtain):
    computed = Lab("quick", 1, {}, obtain).compute("pair", lambda: (1, np.float32(2)))
    assert computed == [1, 2.0]
    assert isinstance(computed, list)


def test_methods_are_those_trained_for_comparison(lab):
    config = lab.config(iterations=4, batch_size=150)
    tuned = lab.tune({"a": config}, (0.03, 0.1, 0.3))
    lab.train(tuned)
    lab.train({"b": config})
    assert lab.methods == [("a", tuned["a"]), ("b", config)]


def test_archive_of_configs_that_state_an_option_at_its_default(make_record):
    """Older archives name such a run by another key, which the config no longer has."""
    record = make_record()
    lab = Lab.of_archive({"preset": "paper", "seeds": 1, "data": {}}, {"0123456789abcdef": record})
    (trained,) = lab.train({"a": record.config.replace(activation="relu")})["a"]
    assert trained is record
