"""Runs that fail: what is said about them, and that they cost nothing else."""

import json
import pickle
import signal

import pytest

import datasets
import training.single_run.train
from training import BackendError, ConfigError, FailedRunsError, run_all
from training.store.failures import Failure, RunError, failure_of, keep_failure, kept_failures
from training.store.run_cache import RunCache
from training.sweep import worker_pool
from training.sweep.worker_pool import CancelledError


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
def test_error_that_the_user_can_fix_ends_the_sweep(failing, configs, tmp_path, kind):
    failing[0] = kind("do that")
    with pytest.raises(kind, match=r"^do that$"):
        run_all(configs, runs_dir=tmp_path)
    assert kept_failures(RunCache(tmp_path)) == {}


class Strange(BaseException):
    """Neither an error of the training nor one that the user can fix."""


@pytest.fixture
def breaking(trained, monkeypatch):
    """A dict of seeds to what is raised in the place of their training, in the sweep's process."""
    errors, train = {}, worker_pool.train_in_process

    def train_or_raise(config, *arguments):
        if config.seed in errors:
            raise errors[config.seed]
        return train(config, *arguments)

    monkeypatch.setattr(worker_pool, "train_in_process", train_or_raise)
    return errors


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(24, "Too many open files"), "OSError: [Errno 24] Too many open files"),
        (ValueError("list modified during sort"), "ValueError: list modified during sort"),
        (Strange("what?"), "Strange: what?"),
        (SystemExit(1), "SystemExit: 1"),
        (CancelledError(), "CancelledError"),
    ],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_unforeseen_error_costs_only_its_run(breaking, configs, tmp_path, error, reason, jobs):
    breaking[1] = error
    with pytest.raises(FailedRunsError, match=r"^1 of 4 runs failed: ") as caught:
        run_all(configs, jobs=jobs, runs_dir=tmp_path)
    (failure,) = caught.value.failures
    assert (failure.config, failure.reason) == (configs[1], reason)
    assert "Traceback" in failure.path.read_text()
    cache = RunCache(tmp_path)
    assert [cache.load(config) is not None for config in configs] == [True, False, True, True]


def test_failure_that_cannot_be_written_costs_only_its_run(failing, configs, tmp_path):
    """The same holds for one that an earlier failure has left there."""
    (tmp_path / "failed").touch()  # so it can be no folder
    failing[1] = ValueError("wrong")
    with pytest.raises(FailedRunsError) as caught:
        run_all(configs, runs_dir=tmp_path)
    assert str(caught.value) == (
        f"1 of 4 runs failed: {configs[1].description}: ValueError: wrong. The details could not "
        "be written; the others are stored. The same command tries again what failed"
    )
    cache = RunCache(tmp_path)
    assert [cache.load(config) is not None for config in configs] == [True, False, True, True]
    assert failure_of(cache, configs[1]) is None
    assert kept_failures(cache) == {}


def test_details_of_any_text_are_written(configs, tmp_path):
    failure = keep_failure(RunCache(tmp_path), configs[0], RunError("a reason", "name \udcff"))
    assert failure.path.read_text().endswith("name \\udcff\n")


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
