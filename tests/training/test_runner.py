"""The cache in front of training, with real worker processes where they matter."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest

import datasets
import training.train
from training import RunConfig, RunsInterrupted, run, run_all, runner
from training.provenance import ROOT
from training.runner import _progress_line
from training.store import RunCache


def small(**fields):
    return RunConfig(
        **{
            "data": "stand-in",
            "train_size": 40,
            "hidden": (4,),
            "batch_size": 16,
            "epochs": 2,
            **fields,
        }
    )


CONFIGS = [small(seed=seed) for seed in range(4)]


@pytest.fixture(autouse=True)
def own_folders(small_sets, monkeypatch):
    monkeypatch.setenv("DESCENT_CACHE_DIR", str(small_sets))
    monkeypatch.delenv("DESCENT_DATA_DIR", raising=False)
    monkeypatch.delenv("DESCENT_RUNS_DIR", raising=False)
    training.train._images.cache_clear()
    yield
    training.train._images.cache_clear()


@pytest.fixture
def in_process():
    """Train in this process, where a test can replace what is called."""
    with joblib.parallel_config(backend="sequential"):
        yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.fixture
def trained(in_process, make_record, monkeypatch):
    """The configs for which training was called; it gives made-up records."""
    called = []

    def train(config, data_dir):
        called.append(config)
        return make_record(config, parameters=config.seed)

    monkeypatch.setattr(training.train, "train", train)
    return called


# --- what is trained ------------------------------------------------------------------------


def test_trains_only_what_is_missing(trained, tmp_path, assert_same):
    first = run_all(CONFIGS[:2], runs_dir=tmp_path)
    assert sorted(c.seed for c in trained) == [0, 1]
    second = run_all(CONFIGS, runs_dir=tmp_path)
    assert sorted(c.seed for c in trained) == [0, 1, 2, 3]
    for one, other in zip(first, second, strict=False):
        assert_same(one, other)
    assert [record.config for record in second] == CONFIGS
    run_all(CONFIGS, runs_dir=tmp_path)
    assert len(trained) == 4


def test_records_come_in_the_order_of_the_configs(trained, tmp_path):
    # The longest trains first.
    configs = [small(epochs=epochs, seed=epochs) for epochs in (1, 3, 2)]
    records = run_all([*configs, configs[0]], runs_dir=tmp_path)
    assert [c.epochs for c in trained] == [3, 2, 1]
    assert [record.config.epochs for record in records] == [1, 3, 2, 1]
    assert [record.parameters for record in records] == [1, 3, 2, 1]


def test_longest_run_is_the_one_with_most_gradients(trained, tmp_path):
    long = small(epochs=None, iterations=100)  # of 16 examples
    full = small(epochs=None, iterations=30, batch_size=1000)  # of 40, as there are no more
    short = small(epochs=20)
    run_all([short, full, long], runs_dir=tmp_path)
    assert trained == [long, full, short]


def test_equal_configs_train_once(trained, tmp_path):
    records = run_all([CONFIGS[0], small(seed=0), CONFIGS[0]], runs_dir=tmp_path)
    assert len(trained) == 1
    assert records[0] is records[1] is records[2]


def test_no_configs(trained, tmp_path):
    assert run_all([], runs_dir=tmp_path) == []
    assert trained == []


def test_run_is_run_all_of_one(trained, tmp_path, assert_same):
    record = run(CONFIGS[1], runs_dir=tmp_path)
    assert record.config == CONFIGS[1]
    assert_same(record, run_all(CONFIGS[1:2], runs_dir=tmp_path)[0])
    assert len(trained) == 1


def test_stored_records_are_those_returned(trained, tmp_path, assert_same):
    for record in run_all(CONFIGS, runs_dir=tmp_path):
        assert_same(RunCache(tmp_path).load(record.config), record)


def test_runs_folder(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("DESCENT_RUNS_DIR", str(tmp_path / "variable"))
    run(CONFIGS[0])
    run(CONFIGS[0], runs_dir=tmp_path / "argument")
    assert len(trained) == 2
    for name in ("variable", "argument"):
        assert (tmp_path / name / f"{CONFIGS[0].key}.json").exists()


def test_config_whose_default_has_changed_is_trained_again(trained, tmp_path):
    run(CONFIGS[0], runs_dir=tmp_path)
    path = tmp_path / f"{CONFIGS[0].key}.json"
    facts = json.loads(path.read_bytes())
    facts["config"]["learning_rate"] = 0.5
    path.write_text(json.dumps(facts))
    assert run(CONFIGS[0], runs_dir=tmp_path).config == CONFIGS[0]
    assert len(trained) == 2


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_damaged_record_is_set_aside_and_trained_again(trained, tmp_path, suffix):
    run_all(CONFIGS, runs_dir=tmp_path)
    path = tmp_path / f"{CONFIGS[2].key}{suffix}"
    path.write_bytes(b"damage")
    with pytest.warns(UserWarning, match="is set aside in") as caught:
        records = run_all(CONFIGS, runs_dir=tmp_path)
    (warning,) = caught
    assert f"{CONFIGS[2].key}.json is damaged" in str(warning.message)
    assert str(tmp_path / "damaged") in str(warning.message)
    assert [c.seed for c in trained[4:]] == [2]
    assert records[2].config == CONFIGS[2]
    assert (tmp_path / "damaged" / path.name).read_bytes() == b"damage"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_all(CONFIGS, runs_dir=tmp_path)


def test_error_in_a_run_leaves_the_others(in_process, make_record, monkeypatch, tmp_path):
    def train(config, data_dir):
        if config.seed == 2:
            raise datasets.DataError("no images")
        return make_record(config)

    monkeypatch.setattr(training.train, "train", train)
    with pytest.raises(datasets.DataError, match="no images"):
        run_all(CONFIGS, runs_dir=tmp_path, jobs=1)
    cache = RunCache(tmp_path)
    assert [cache.load(config) is not None for config in CONFIGS[:3]] == [True, True, False]


def test_interrupt_tells_what_is_stored(in_process, make_record, monkeypatch, tmp_path):
    def train(config, data_dir):
        if config.seed == 2:
            raise KeyboardInterrupt
        return make_record(config)

    monkeypatch.setattr(training.train, "train", train)
    run_all(CONFIGS[3:], runs_dir=tmp_path)
    with pytest.raises(RunsInterrupted, match=r"^3 of 4 runs are stored$") as caught:
        run_all(CONFIGS, runs_dir=tmp_path, jobs=1)
    assert (caught.value.stored, caught.value.total) == (3, 4)
    assert sum(RunCache(tmp_path).load(config) is not None for config in CONFIGS) == 3


def test_workers_are_replaced_after_so_many_runs(trained, tmp_path, monkeypatch):
    stopped = []
    monkeypatch.setattr(runner, "WORKER_RUNS", 2)
    monkeypatch.setattr(runner, "_runs_of_workers", 0)
    monkeypatch.setattr(runner, "_stop_workers", lambda: stopped.append(len(trained)))
    run_all(CONFIGS[:1], runs_dir=tmp_path, jobs=1)
    assert stopped == []
    run_all(CONFIGS[1:2], runs_dir=tmp_path, jobs=1)
    assert stopped == [2]
    run_all([c.replace(seed=c.seed + 100) for c in CONFIGS[:4]], runs_dir=tmp_path, jobs=1)
    assert stopped == [2, 4, 6]


# --- progress -------------------------------------------------------------------------------


def test_progress(trained, tmp_path, capsys):
    run_all(CONFIGS[:2], runs_dir=tmp_path / "quiet")
    assert capsys.readouterr() == ("", "")
    run_all(CONFIGS[:2], runs_dir=tmp_path / "shown", progress="small")
    out, error = capsys.readouterr()
    assert out == ""
    assert "small" in error
    assert "2/2" in error
    run_all(CONFIGS[:2], runs_dir=tmp_path / "shown", progress="small")
    assert capsys.readouterr() == ("", "")


def test_progress_names_the_last_run(make_record, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    one = small(optimizer="adam", learning_rate=0.001)
    with _progress_line([one, one, one], "a study") as advance:
        advance(make_record(one, status="diverged"))
    error = capsys.readouterr().err
    assert "a study" in error
    assert "1/3" in error
    assert "last: dense adam rate 0.001 batch 16 seed 0 diverged" in error


# --- real training --------------------------------------------------------------------------


def test_record_of_a_run(in_process, tmp_path):
    config = small(validation_size=20, train_size=50, seed=3)
    record = run(config, runs_dir=tmp_path)
    assert record.status == "finished"
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


def test_final_metrics_are_those_of_the_trained_model(in_process, tmp_path):
    config = small(train_size=50, dropout=0.5, seed=3)
    record = run(config, runs_dir=tmp_path)
    data = datasets.load("fashion_mnist", source="stand-in")
    rows = datasets.split(data.y_train, 50, 0).train
    model = training.train.build(config)
    training.fit(model, data.x_train[rows], data.y_train[rows], batch_size=16, epochs=2, seed=3)
    for prefix, x, y in (
        ("", data.x_train[rows], data.y_train[rows]),
        ("test_", data.x_test, data.y_test),
    ):
        for name, value in model.evaluate(x, y, verbose=0, return_dict=True).items():
            assert record.final[f"{prefix}{name}"] == pytest.approx(value, rel=1e-5)


def test_runs_of_a_seed_share_their_start_and_their_first_batch(in_process, tmp_path):
    names = ("sgd", "momentum", "adam")
    records = run_all([small(optimizer=name) for name in names], runs_dir=tmp_path)
    first = [record.iteration_loss[0] for record in records]
    np.testing.assert_allclose(first, first[0], rtol=1e-6)
    assert len({record.iteration_loss[-1] for record in records}) == 3


def test_diverged_run_is_a_result(in_process, tmp_path, monkeypatch):
    config = small(learning_rate=1e30)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = run(config, runs_dir=tmp_path)
    assert record.status == "diverged"
    assert np.isfinite(record.iteration_loss[0])
    assert not np.isfinite(record.iteration_loss).all()
    assert record.iteration_loss.shape == (6,)
    monkeypatch.setattr(training.train, "train", None)
    assert run(config, runs_dir=tmp_path).status == "diverged"


def test_run_whose_last_update_diverged(in_process, tmp_path):
    record = run(small(learning_rate=1e38, epochs=None, iterations=1), runs_dir=tmp_path)
    assert np.isfinite(record.iteration_loss).all()
    assert record.status == "diverged"


def test_too_few_images(in_process, tmp_path):
    with pytest.raises(datasets.DataError, match="cannot split 120 images"):
        run(small(train_size=121), runs_dir=tmp_path)


# --- worker processes -----------------------------------------------------------------------

SCRIPT = """
import json, signal, sys
from training import RunConfig, RunsInterrupted, run_all

handler = signal.getsignal(signal.SIGINT)
print("ready", flush=True)
for sweep in json.loads(sys.argv[1]):
    configs = [RunConfig.from_json(fields) for fields in sweep.pop("configs")]
    try:
        run_all(configs, **sweep)
    except RunsInterrupted as interrupted:
        print("interrupted", interrupted.stored, interrupted.total)
assert signal.getsignal(signal.SIGINT) is handler
assert "tensorflow" not in sys.modules
"""


@contextlib.contextmanager
def sweep(configs, *options):
    """A process, leader of its group, that runs configs once for each of the options."""
    sweeps = [{"configs": [config.to_json() for config in configs], **o} for o in options]
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, json.dumps(sweeps)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for_records(folder, count, process):
    while len(list(folder.glob("*.json"))) < count:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)


def test_same_config_gives_the_same_bits(tmp_path, assert_same):
    configs = [small(dropout=0.5), small(model="cnn", filters=(3,), train_size=20, epochs=1)]
    folders = {jobs: tmp_path / str(jobs) for jobs in (1, 2)}
    options = [{"jobs": jobs, "runs_dir": str(folder)} for jobs, folder in folders.items()]
    with sweep(configs, *options) as process:
        out, error = process.communicate()
    assert (process.returncode, out, error) == (0, "ready\n", "")
    for config in configs:
        one, other = (RunCache(folder).load(config) for folder in folders.values())
        assert_same(one, other, timed=False)
        assert one.status == "finished"


LONG = [
    small(train_size=100, batch_size=5, hidden=(100,), epochs=500, seed=seed) for seed in range(6)
]


@pytest.mark.slow
def test_killed_sweep_goes_on_from_what_is_stored(tmp_path, assert_same):
    options = {"jobs": 2, "runs_dir": str(tmp_path / "killed")}
    cache, whole = RunCache(tmp_path / "killed"), RunCache(tmp_path / "whole")
    with sweep(LONG, options) as process:
        wait_for_records(cache.folder, 2, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    stored = {path: path.stat().st_mtime_ns for path in cache.folder.glob("*.json")}
    assert 2 <= len(stored) < len(LONG)
    with sweep(LONG, options, {**options, "runs_dir": str(whole.folder)}) as process:
        _, error = process.communicate()
    assert (process.returncode, error) == (0, "")
    for path, written in stored.items():
        assert path.stat().st_mtime_ns == written
    for config in LONG:
        assert_same(cache.load(config), whole.load(config), timed=False)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("stored", [0, 2])
def test_interrupted_sweep(tmp_path, jobs, stored):
    with sweep(LONG, {"jobs": jobs, "runs_dir": str(tmp_path)}) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)  # the workers are starting
        wait_for_records(tmp_path, stored, process)
        os.killpg(process.pid, signal.SIGINT)  # as the terminal does on Ctrl-C
        out, error = process.communicate(timeout=60)
    kept = sum(RunCache(tmp_path).load(config) is not None for config in LONG)
    assert process.returncode == 0
    assert error == ""
    verdict, told, total = out.split()
    assert (verdict, int(total)) == ("interrupted", len(LONG))
    assert stored <= int(told) == kept < len(LONG)


@pytest.mark.slow
@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_the_process_that_started_them(tmp_path, signal_number):
    with sweep(LONG, {"jobs": 2, "runs_dir": str(tmp_path)}) as process:
        wait_for_records(tmp_path, 1, process)
        workers = children_of(process.pid)
        assert len(workers) >= 2
        process.send_signal(signal_number)  # to it alone, not to its group
        process.wait()
        deadline = time.monotonic() + 20
        while workers and time.monotonic() < deadline:
            time.sleep(0.2)
            workers = {pid for pid in workers if running(pid)}
    assert workers == set()


def children_of(parent):
    """The processes that it started, from Linux's table of processes."""
    stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat")]
    fields = [(int(stat.split()[0]), stat.rpartition(")")[2].split()) for stat in stats]
    return {pid for pid, rest in fields if int(rest[1]) == parent}


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
