"""Records made up for tests of what is computed from records."""

import numpy as np
import pytest

from training import RunConfig, RunRecord


@pytest.fixture
def make_record():
    """A function that gives a record of a config and its losses."""

    def make(
        config=None,
        losses=(2.0, 1.5, 1.2, 1.1),
        final=1.0,
        seconds=2.0,
        epochs=None,
        kept=None,
        **fields,
    ):
        config = config or RunConfig(data="stand-in", iterations=len(losses), **fields)
        return RunRecord(
            config=config,
            status="finished" if np.isfinite(final) else "diverged",
            parameters=10,
            iteration_loss=np.float32(losses),
            epochs={name: np.float32(values) for name, values in (epochs or {"loss": [1]}).items()},
            final={"loss": final, "accuracy": 0.5, "test_loss": 1.0, "test_accuracy": 0.5},
            seconds=seconds,
            compile_seconds=1.0,
            provenance={
                "versions": {"python": "3", "tensorflow": "2", "keras": "3", "numpy": "2"},
                "processor": "P",
                "commit": "abc",
                "date": "2026-01-02 03:04 UTC",
                "data": {"source": config.data, "fingerprint": "f" * 64, "split": "s" * 64},
            },
            kept=kept or {},
        )

    return make
