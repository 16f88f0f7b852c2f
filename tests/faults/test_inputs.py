"""Configs and command lines that nobody should write, but somebody will."""

import dataclasses
import math
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.commands import reports, running
from training import ConfigError, RunConfig, RunsInterrupted
from training.config import (
    AUGMENTATIONS,
    ENGINES,
    INITIALIZERS,
    KEEPS,
    MODELS,
    OPTIMIZERS,
    SCALINGS,
    SCHEDULES,
)
from training.store.run_cache import RunCache

FIELDS = sorted(field.name for field in dataclasses.fields(RunConfig))
NAMES = [
    *AUGMENTATIONS,
    *ENGINES,
    *INITIALIZERS,
    *KEEPS,
    *MODELS,
    *OPTIMIZERS,
    *SCALINGS,
    *SCHEDULES,
    "mnist",
    "cifar10",
    "real",
    "stand-in",
    "relu",
    "same",
    "valid",
]
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(NAMES)
    | st.integers(0, 4)
    | st.sampled_from([1e308, 1e-320, 2**63, -0.0]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
malformed = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), anything, max_size=6)


@settings(deadline=None, max_examples=1500, suppress_health_check=[HealthCheck.too_slow])
@given(malformed)
def test_a_config_is_rejected_with_a_clear_line_or_is_whole(survived, fields):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            config = RunConfig.from_json(fields)
        except ConfigError as error:
            assert str(error).strip()
            assert len(str(error).splitlines()) == 1
        else:
            assert RunConfig.from_json(config.to_json()) == config
            assert len(config.key) == 16
            assert config.updates >= 1
    survived["configs of any content rejected or read"] += 1


small_configs = st.fixed_dictionaries(
    {
        "dataset": st.just("mnist"),
        "data": st.just("stand-in"),
        "train_size": st.integers(1, 30),
        "test_size": st.integers(1, 20),
        "batch_size": st.integers(1, 40),
        "epochs": st.just(1),
        "learning_rate": st.sampled_from([1e-30, 0.01, 1.0, 1e30]),
        "seed": st.sampled_from([0, 1, 2**31, 2**70]),
    },
    optional={
        "validation_size": st.integers(0, 20),
        "scaling": st.sampled_from(SCALINGS),
        "hidden": st.lists(st.integers(1, 4), max_size=2),
        "dropout": st.sampled_from([0, 0.5, 0.999]),
        "activation": st.sampled_from(["relu", "tanh", "no such activation", "None", ""]),
        "optimizer": st.sampled_from(sorted(OPTIMIZERS)),
        "schedule": st.sampled_from(sorted(SCHEDULES)),
        "patience": st.integers(0, 2),
        "l1": st.sampled_from([0, 1e30]),
        "keep": st.lists(st.sampled_from(KEEPS), max_size=2, unique=True),
    },
)


@pytest.mark.slow
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(small_configs)
def test_a_config_that_is_accepted_runs(small_sets, monkeypatch, survived, fields):
    from training.single_run.train import train

    monkeypatch.setenv("DESCENT_CACHE_DIR", str(small_sets))
    try:
        config = RunConfig.from_json(fields)
    except ConfigError as error:
        assert len(str(error).splitlines()) == 1
    else:
        record = train(config)
        assert record.failed in (True, False)
        assert len(record.iteration_loss) >= 1
    survived["small configs rejected or trained"] += 1


@pytest.mark.parametrize("rate", [math.nan, math.inf, -math.inf, 0.0, -1.0])
def test_a_learning_rate_that_is_no_rate(rate):
    with pytest.raises(ConfigError, match="learning_rate must be a number greater than 0, not"):
        RunConfig(epochs=1, learning_rate=rate)


def test_a_rate_that_gives_nan_is_a_result(small, small_sets, monkeypatch, survived):
    from training.single_run.train import train

    monkeypatch.setenv("DESCENT_CACHE_DIR", str(small_sets))
    record = train(small(learning_rate=1e30, hidden=(8, 8)))
    assert record.failed
    assert len(record.iteration_loss) == 20
    assert np.isnan(record.iteration_loss[-1])
    survived["runs whose loss became NaN"] += 1


@pytest.mark.slow
def test_a_batch_that_no_memory_holds_costs_its_own_run(tmp_path, small, sweep, survived):
    """The network's weights take 10 TB; the run beside it is trained and stored."""
    huge, other = small(hidden=(1_600_000, 1_600_000)), small(seed=1)
    with sweep([huge, other], tmp_path) as process:
        error = process.stderr.read()
        assert process.wait() == 1  # as `sys.exit` with a message
    assert error.startswith("error: ")
    assert len(error.strip().splitlines()) == 1
    assert RunCache(tmp_path).load(other).finite
    assert RunCache(tmp_path).load(huge) is None
    survived["runs larger than the memory"] += 1


words = st.one_of(
    st.sampled_from(
        [
            "run",
            "report",
            "export",
            "list",
            "search",
            "status",
            "clean",
            "--all",
            "--preset",
            "quick",
            "--seeds",
            "--jobs",
            "--out",
            "--data",
            "--help",
            "-1",
            "0",
            "momentum_nesterov",
            "--",
            "--seeds=",
            "nan",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6),
)


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(arguments=st.lists(words, max_size=5))
def test_any_command_line_gets_an_answer(exit_of, tmp_path, monkeypatch, survived, arguments):
    """Nothing is trained: what would begin to is stopped at the first run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DESCENT_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setattr(reports, "ROOT", tmp_path)
    monkeypatch.setattr(running, "run_all", _stop)
    code, _, error = exit_of(*arguments)
    assert code in (0, 2, 130)
    assert "Traceback" not in error
    if code == 2 and arguments:
        assert len(error.strip().splitlines()) == 1
        assert error.startswith("error: ")
    survived["command lines answered"] += 1


def _stop(configs, **options):
    raise RunsInterrupted(0, len(configs))
