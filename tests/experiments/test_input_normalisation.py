import numpy as np
import pytest

from experiments import input_normalisation as study
from experiments.input_normalisation import CNN, MIN_MAX, NONE, PCA, SHARED, STANDARD, TUNED, ZCA
from reporting import Lab
from training import RunConfig

SEEDS = 3
ACCURACY = {"test_accuracy": 0.4, "own_test_accuracy": 0.4, "own_class_test_accuracy": 0.2}


@pytest.fixture
def make_runs(make_falling):
    """A function of {(setting, label): how fast the loss falls}, and of final metrics."""

    def make(speeds=None, **final):
        speeds = speeds or {}
        labels = {SHARED: study.SCALINGS, TUNED: study.SCALINGS, CNN: (NONE, MIN_MAX, STANDARD)}
        return study.Runs(
            {
                setting: {
                    label: [
                        make_falling(seed, speeds.get((setting, label), 1), final)
                        for seed in range(SEEDS)
                    ]
                    for label in scalings
                }
                for setting, scalings in labels.items()
            }
        )

    return make


@pytest.fixture
def make_falling(made_up_record):
    """A function that gives a record whose loss at update k is about exp(-speed·k/20)."""

    def make(seed, speed, final):
        config = RunConfig(
            dataset="cifar10",
            data="stand-in",
            train_size=20,
            validation_size=10,
            batch_size=10,
            epochs=20,
            seed=seed,
        )
        record = made_up_record(config)
        noise = 1e-3 * np.random.default_rng([seed]).normal(size=2)
        record.iteration_loss[:] = np.exp(-speed * (np.arange(40) + noise[0]) / 20)
        for name, number in (ACCURACY | final).items():
            record.final[name] = number + noise[1]
        return record

    return make


def verdicts(runs):
    return {claim.statement: claim for claim in study.claims(runs)}


def test_faster_is_counted_in_updates(make_runs):
    runs = make_runs({(setting, STANDARD): 4 for setting in (SHARED, TUNED, CNN)})
    found = verdicts(runs)
    for setting in (SHARED, TUNED, CNN):
        claim = found[f"Convergence is faster {STANDARD} than {MIN_MAX} ({setting})"]
        assert claim.verdict == "reproduced"
        # After 40 updates min-max is at exp(-39/20); at four times the speed that takes about 11.
        assert 3 < claim.mean < 4.5


def test_slower_is_not_reproduced(make_runs):
    found = verdicts(make_runs({(TUNED, STANDARD): 0.5, (SHARED, STANDARD): 4}))
    claim = found[f"Convergence is faster {STANDARD} than {MIN_MAX} ({TUNED})"]
    assert claim.verdict == "not reproduced"
    assert 0.45 < claim.mean < 0.6
    claim = found[f"Our own question: Convergence is faster {PCA} than {STANDARD} ({SHARED})"]
    assert claim.verdict == "not reproduced"
    claim = found[f"Convergence is faster {STANDARD} than {MIN_MAX} ({CNN})"]
    assert claim.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        ({}, "erratum"),
        ({"own_test_accuracy": 0.5, "own_class_test_accuracy": 0.5}, "reproduced"),
        ({"own_test_accuracy": 0.404, "own_class_test_accuracy": 0.404}, "erratum"),
        ({"own_test_accuracy": 0.5}, "erratum"),
    ],
)
def test_statistics_of_their_own_must_gain_to_be_right(make_runs, accuracies, verdict):
    found = verdicts(make_runs(**accuracies))
    statement = "Images that were not trained on must be scaled by statistics of their own"
    assert found[statement].verdict == verdict


def test_class_by_class_both_ways(make_runs):
    statement = "Our own question: Scaling each class by its own statistics costs accuracy"
    assert verdicts(make_runs())[statement].verdict == "reproduced"
    assert verdicts(make_runs(own_class_test_accuracy=0.6))[statement].verdict == "not reproduced"


def test_the_runs_that_are_asked_for(made_up_record):
    lab = Lab("paper", 2, {"cifar10": "stand-in"}, lambda cs: [made_up_record(c) for c in cs])
    settings = study.runs(lab).settings
    assert {setting: list(methods) for setting, methods in settings.items()} == {
        SHARED: [NONE, MIN_MAX, STANDARD, PCA, ZCA],
        TUNED: [NONE, MIN_MAX, STANDARD, PCA, ZCA],
        CNN: [NONE, MIN_MAX, STANDARD],
    }
    for setting, methods in settings.items():
        for label, records in methods.items():
            assert [record.config.scaling for record in records] == 2 * [study.SCALINGS[label]]
            assert {record.config.model for record in records} == {
                "cifar_cnn" if setting == CNN else "dense"
            }
    shared = [r for records in settings[SHARED].values() for r in records]
    assert {record.config.learning_rate for record in shared} == {0.01}
    sizes = {r.config.train_size for setting in (SHARED, TUNED) for r in settings[setting][PCA]}
    assert len(sizes) == 1
    trials = [tuning.best.epochs for tuning in lab.tunings.values()]
    assert max(trials) < settings[TUNED][PCA][0].config.epochs
    assert {tuning.criterion for tuning in lab.tunings.values()} == {"validation error"}


@pytest.mark.parametrize(
    ("statement", "setting", "metric", "lower", "higher"),
    [
        (f"Standardisation raises the {images} accuracy", setting, metric, MIN_MAX, STANDARD)
        for images, metric in (("training", "accuracy"), ("test", "test_accuracy"))
        for setting in (TUNED, CNN)
    ]
    + [
        (
            f"{study.OUR_OWN}{name} whitening raises the test accuracy over {other}",
            TUNED,
            "test_accuracy",
            lower,
            higher,
        )
        for name, other, lower, higher in (
            ("PCA", "standardisation", STANDARD, PCA),
            ("ZCA", "PCA whitening", PCA, ZCA),
        )
    ],
)
def test_accuracies_both_ways(make_runs, statement, setting, metric, lower, higher):
    for low, high, verdict in ((0.4, 0.6, "reproduced"), (0.6, 0.4, "not reproduced")):
        runs = make_runs()
        for label, accuracy in ((lower, low), (higher, high)):
            for record in runs.settings[setting][label]:
                record.final[metric] = accuracy + record.config.seed / 1000
        assert verdicts(runs)[f"{statement} ({setting})"].verdict == verdict


@pytest.mark.parametrize(("training", "verdict"), [(0.9, "reproduced"), (0.1, "not reproduced")])
def test_overfitting_both_ways(make_runs, training, verdict):
    runs = make_runs()
    for record in runs.settings[TUNED][STANDARD]:
        record.final["accuracy"] = training
        record.epochs["val_accuracy"][-1] = 0.5 + record.config.seed / 1000
    found = verdicts(runs)[f"Standardised, the network still over-fits ({TUNED})"]
    assert found.verdict == verdict
