"""Runs that fail: what is told of them, and that they cost nothing else."""

import json
import pickle
import signal

import pytest

import datasets
import training.single_run.train
from training import BackendError, ConfigError, FailedRunsError, run_all
from training.store.failures import Failure, RunError, kept_failures
from training.store.run_cache import RunCache


@pytest.fixture
def failing(in_process, make_record, monkeypatch):
    """A dict of seeds to the exceptions that their runs raise."""
    errors = {}

    def train(config, data_dir):
        if config.seed in errors:
            raise errors[config.seed]
        return make_record(config)

    monkeypatch.setattr(training.single_run.train, "train", train)
    return errors


def test_run_that_fails_costs_only_itself(failing, configs, tmp_path):
    failing[1] = ValueError("wrong\nshape")
    with pytest.raises(FailedRunsError) as caught:
        run_all(configs, runs_dir=tmp_path)
    cache = RunCache(tmp_path)
    assert [cache.load(config) is not None for config in configs] == [True, False, True, True]
    message = str(caught.value)
    details = tmp_path / "failed" / f"{configs[1].key}.txt"
    assert "\n" not in message
    assert message.startswith("1 of 4 runs failed: dense sgd rate 0.01 batch 16 seed 1: ValueError")
    assert f"Details: {details}; the others are stored" in message
    assert [failure.config for failure in caught.value.failures] == [configs[1]]
    told = details.read_text()
    assert told.startswith("dense sgd rate 0.01 batch 16 seed 1: ValueError: wrong\n")
    assert json.dumps(configs[1].to_json()) in told
    assert told.rstrip().endswith("ValueError: wrong\nshape")
    assert "Traceback" in told


def test_run_that_failed_is_tried_again(failing, configs, tmp_path):
    failing[1] = ValueError("wrong")
    with pytest.raises(FailedRunsError):
        run_all(configs, runs_dir=tmp_path)
    assert kept_failures(RunCache(tmp_path)).keys() == {configs[1].key}
    failing.clear()
    assert len(run_all(configs, runs_dir=tmp_path)) == 4
    assert kept_failures(RunCache(tmp_path)) == {}


def test_several_failures_are_one_line(failing, configs, tmp_path):
    failing.update({1: ValueError("one"), 2: MemoryError("two")})
    with pytest.raises(FailedRunsError, match=r"^2 of 4 runs failed, first: dense") as caught:
        run_all(configs, runs_dir=tmp_path)
    assert len(list((tmp_path / "failed").iterdir())) == len(caught.value.failures) == 2


def test_only_run_failed(failing, configs, tmp_path):
    failing[0] = ValueError("one")
    with pytest.raises(FailedRunsError) as caught:
        run_all(configs[:1], runs_dir=tmp_path)
    assert "the others are stored" not in str(caught.value)


@pytest.mark.parametrize("kind", [datasets.DataError, BackendError, ConfigError])
def test_what_the_user_can_put_right_ends_the_sweep(failing, configs, tmp_path, kind):
    failing[0] = kind("do that")
    with pytest.raises(kind, match=r"^do that$"):
        run_all(configs, runs_dir=tmp_path)
    assert kept_failures(RunCache(tmp_path)) == {}


def test_failures_of_two_sweeps_are_one_line(configs, tmp_path):
    one, other = (
        FailedRunsError([Failure(config, "a reason", tmp_path / "file")], total)
        for config, total in zip(configs, (3, 5), strict=False)
    )
    assert str(one + other).startswith("2 of 8 runs failed, first: dense")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("wrong"), "ValueError: wrong"),
        (ValueError("wrong\nshape"), "ValueError: wrong"),
        (ValueError(), "ValueError"),
        (MemoryError(), "out of memory (MemoryError)"),
        (RuntimeError("RESOURCE_EXHAUSTED: 3 TB"), "out of memory (RuntimeError)"),
        (type("ResourceExhaustedError", (Exception,), {})("OOM"), "out of memory (Resource"),
    ],
)
def test_reason_of_an_exception(error, reason):
    given = RunError.of_exception(error, "Traceback")
    assert given.reason.startswith(reason)
    assert ("smaller batch size" in given.reason) == ("memory" in reason)
    assert given.details == "Traceback"


@pytest.mark.parametrize(
    ("code", "said", "reason"),
    [
        (-signal.SIGKILL, "", "its process was killed (SIGKILL), as the system does when memory"),
        (-signal.SIGABRT, "what():  std::bad_alloc", "out of memory (SIGABRT)"),
        (-signal.SIGSEGV, "", "its process ended with SIGSEGV"),
        (3, "", "its process ended with exit code 3"),
    ],
)
def test_reason_of_an_exit(code, said, reason):
    given = RunError.of_exit(code, said)
    assert given.reason.startswith(reason)
    assert ("fewer --jobs" in given.reason) == ("memory" in reason)
    assert given.details == said


def test_error_of_a_run_goes_through_a_pipe():
    error = pickle.loads(pickle.dumps(RunError("a reason", "details")))
    assert (error.reason, error.details) == ("a reason", "details")
