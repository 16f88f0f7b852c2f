"""The cache in front of training, which here goes on in this process."""

import json
import warnings

import numpy as np
import pytest

import datasets
import training.single_run.train
from training import RunsInterrupted, run, run_all
from training.store.run_cache import RunCache

# --- what is trained ------------------------------------------------------------------------


def test_trains_only_what_is_missing(trained, tmp_path, assert_same, configs):
    first = run_all(configs[:2], runs_dir=tmp_path)
    assert sorted(c.seed for c in trained) == [0, 1]
    second = run_all(configs, runs_dir=tmp_path)
    assert sorted(c.seed for c in trained) == [0, 1, 2, 3]
    for one, other in zip(first, second, strict=False):
        assert_same(one, other)
    assert [record.config for record in second] == configs
    run_all(configs, runs_dir=tmp_path)
    assert len(trained) == 4


def test_records_come_in_the_order_of_the_configs(trained, tmp_path, small):
    # The longest trains first.
    configs = [small(epochs=epochs, seed=epochs) for epochs in (1, 3, 2)]
    records = run_all([*configs, configs[0]], runs_dir=tmp_path)
    assert [c.epochs for c in trained] == [3, 2, 1]
    assert [record.config.epochs for record in records] == [1, 3, 2, 1]
    assert [record.parameters for record in records] == [1, 3, 2, 1]


def test_longest_run_is_the_one_with_most_gradients(trained, tmp_path, small):
    long = small(epochs=None, iterations=100)  # of 16 examples
    full = small(epochs=None, iterations=30, batch_size=1000)  # of 40, as there are no more
    short = small(epochs=20, hidden=(5,))
    run_all([short, full, long], runs_dir=tmp_path)
    assert trained == [long, full, short]


def test_runs_of_one_program_are_trained_one_after_another(trained, tmp_path, small):
    one, other = (small(hidden=hidden) for hidden in ((4,), (5,)))
    run_all([one, other, one.replace(seed=1), other.replace(seed=1)], runs_dir=tmp_path)
    assert [config.hidden for config in trained] == [(4,), (4,), (5,), (5,)]


def test_equal_configs_train_once(trained, tmp_path, small, configs):
    records = run_all([configs[0], small(seed=0), configs[0]], runs_dir=tmp_path)
    assert len(trained) == 1
    assert records[0] is records[1] is records[2]


def test_no_configs(trained, tmp_path):
    assert run_all([], runs_dir=tmp_path) == []
    assert trained == []


def test_run_is_run_all_of_one(trained, tmp_path, assert_same, configs):
    record = run(configs[1], runs_dir=tmp_path)
    assert record.config == configs[1]
    assert_same(record, run_all(configs[1:2], runs_dir=tmp_path)[0])
    assert len(trained) == 1


def test_stored_records_are_those_returned(trained, tmp_path, assert_same, configs):
    for record in run_all(configs, runs_dir=tmp_path):
        assert_same(RunCache(tmp_path).load(record.config), record)


def test_runs_folder(trained, tmp_path, monkeypatch, configs):
    monkeypatch.setenv("DESCENT_RUNS_DIR", str(tmp_path / "variable"))
    run(configs[0])
    run(configs[0], runs_dir=tmp_path / "argument")
    assert len(trained) == 2
    for name in ("variable", "argument"):
        assert (tmp_path / name / f"{configs[0].key}.json").exists()


def test_config_whose_default_has_changed_is_trained_again(trained, tmp_path, configs):
    run(configs[0], runs_dir=tmp_path)
    path = tmp_path / f"{configs[0].key}.json"
    facts = json.loads(path.read_bytes())
    facts["config"]["learning_rate"] = 0.5
    del facts["sha256"]
    path.write_text(json.dumps(facts))
    assert run(configs[0], runs_dir=tmp_path).config == configs[0]
    assert len(trained) == 2


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_damaged_record_is_set_aside_and_trained_again(trained, tmp_path, suffix, configs):
    run_all(configs, runs_dir=tmp_path)
    path = tmp_path / f"{configs[2].key}{suffix}"
    path.write_bytes(b"damage")
    with pytest.warns(UserWarning, match="is set aside in") as caught:
        records = run_all(configs, runs_dir=tmp_path)
    (warning,) = caught
    assert f"{configs[2].key}.json is damaged" in str(warning.message)
    assert str(tmp_path / "damaged") in str(warning.message)
    assert [c.seed for c in trained[4:]] == [2]
    assert records[2].config == configs[2]
    assert (tmp_path / "damaged" / path.name).read_bytes() == b"damage"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_all(configs, runs_dir=tmp_path)


def test_error_in_a_run_leaves_the_others(in_process, make_record, monkeypatch, tmp_path, configs):
    def train(config, data_dir):
        if config.seed == 2:
            raise datasets.DataError("no images")
        return make_record(config)

    monkeypatch.setattr(training.single_run.train, "train", train)
    with pytest.raises(datasets.DataError, match="no images"):
        run_all(configs, runs_dir=tmp_path, jobs=1)
    cache = RunCache(tmp_path)
    assert [cache.load(config) is not None for config in configs[:3]] == [True, True, False]


def test_interrupt_tells_what_is_stored(in_process, make_record, monkeypatch, tmp_path, configs):
    def train(config, data_dir):
        if config.seed == 2:
            raise KeyboardInterrupt
        return make_record(config)

    monkeypatch.setattr(training.single_run.train, "train", train)
    run_all(configs[3:], runs_dir=tmp_path)
    with pytest.raises(RunsInterrupted, match=r"^3 of 4 runs are stored$") as caught:
        run_all(configs, runs_dir=tmp_path, jobs=1)
    assert (caught.value.stored, caught.value.total) == (3, 4)
    assert sum(RunCache(tmp_path).load(config) is not None for config in configs) == 3


def test_cache_keeps_whose_runs_they_are(trained, tmp_path, configs):
    run_all(configs[:1], runs_dir=tmp_path)
    assert RunCache(tmp_path).asked() == {}
    run_all(configs[:2], runs_dir=tmp_path, study="one")
    run_all(configs[1:], runs_dir=tmp_path, study="two")
    of_study = {"one": configs[:2], "two": configs[1:]}
    assert RunCache(tmp_path).asked() == {
        study: {config.key for config in of} for study, of in of_study.items()
    }


# --- real training --------------------------------------------------------------------------


def test_record_of_a_run(in_process, tmp_path, small):
    config = small(validation_size=20, train_size=50, seed=3)
    record = run(config, runs_dir=tmp_path)
    assert record.finite
    assert record.parameters == 785 * 4 + 5 * 10
    assert record.iteration_loss.shape == (8,)
    assert {name: curve.shape for name, curve in record.epochs.items()} == dict.fromkeys(
        ["loss", "accuracy", "val_loss", "val_accuracy"], (2,)
    )
    assert record.final.keys() == {"loss", "accuracy", "test_loss", "test_accuracy"}
    data = datasets.load("fashion_mnist", source="stand-in")
    split = datasets.split(data.y_train, 50, 20)
    assert record.provenance["data"] == {
        "source": "stand-in",
        "fingerprint": data.fingerprint,
        "split": split.hash,
    }
    assert {"versions", "processor", "commit", "date"} < record.provenance.keys()


def test_final_metrics_are_those_of_the_trained_model(in_process, tmp_path, small):
    config = small(train_size=50, dropout=0.5, seed=3)
    record = run(config, runs_dir=tmp_path)
    data = datasets.load("fashion_mnist", source="stand-in")
    rows = datasets.split(data.y_train, 50, 0).train
    model = training.single_run.train.build(config)
    training.fit(model, data.x_train[rows], data.y_train[rows], batch_size=16, epochs=2, seed=3)
    for prefix, x, y in (
        ("", data.x_train[rows], data.y_train[rows]),
        ("test_", data.x_test, data.y_test),
    ):
        for name, value in model.evaluate(x, y, verbose=0, return_dict=True).items():
            assert record.final[f"{prefix}{name}"] == pytest.approx(value, rel=1e-5)


def test_runs_of_a_seed_share_their_start_and_their_first_batch(in_process, tmp_path, small):
    names = ("sgd", "momentum", "adam")
    records = run_all([small(optimizer=name) for name in names], runs_dir=tmp_path)
    first = [record.iteration_loss[0] for record in records]
    np.testing.assert_allclose(first, first[0], rtol=1e-6)
    assert len({record.iteration_loss[-1] for record in records}) == 3


def test_failed_run_is_a_result(in_process, tmp_path, monkeypatch, small):
    config = small(learning_rate=1e30)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = run(config, runs_dir=tmp_path)
    assert record.failed
    assert np.isfinite(record.iteration_loss[0])
    assert not np.isfinite(record.iteration_loss).all()
    assert record.iteration_loss.shape == (6,)
    monkeypatch.setattr(training.single_run.train, "train", None)
    assert run(config, runs_dir=tmp_path).failed


def test_run_whose_last_update_diverged(in_process, tmp_path, small):
    record = run(small(learning_rate=1e38, epochs=None, iterations=1), runs_dir=tmp_path)
    assert np.isfinite(record.iteration_loss).all()
    assert record.failed


def test_too_few_images(in_process, tmp_path, small):
    with pytest.raises(datasets.DataError, match="cannot split 120 images"):
        run(small(train_size=121), runs_dir=tmp_path)
