import dataclasses

import numpy as np
import pytest

from experiments import full_vs_minibatch as study
from experiments.full_vs_minibatch import FULL, ITERATIONS, MINI, SINGLE
from reporting import Lab


@pytest.fixture
def runs(made_up_record):
    lab = Lab("quick", 3, {"fashion_mnist": "stand-in"}, lambda cs: [*map(made_up_record, cs)])
    return study.runs(lab)


def judged(runs, noise, mini_loss, seconds):
    """Statement → verdict, for runs with these numbers, which grow a little with the seed.

    Args:
        noise: Label → how far the batch loss jumps from iteration to iteration.
        mini_loss: Loss that m = 150 ends with; that of the full batch falls from 2 to 1.
        seconds: Label → training seconds.
    """

    def changed(label, seed, record):
        count = len(record.iteration_loss)
        zigzag = np.resize([1, -1], count) * noise.get(label, 0.1) * (1 + seed / 100)
        return dataclasses.replace(
            record,
            iteration_loss=np.float32(np.linspace(2, 1, count) + zigzag),
            final=record.final | {"loss": mini_loss if label == MINI else 1.0},
            seconds=seconds.get(label, 1.0) * (1 + seed / 100),
        )

    def all_changed(methods):
        return {
            label: [changed(label, seed, record) for seed, record in enumerate(records)]
            for label, records in methods.items()
        }

    new = dataclasses.replace(
        runs, one_rate=all_changed(runs.one_rate), own_rates=all_changed(runs.own_rates)
    )
    return {
        claim.statement: claim.verdict for claim in study.claims(new) if claim.kind == "direction"
    }


def test_a_dear_full_batch_and_noisy_mini_batches_are_reproduced(runs):
    found = judged(
        runs,
        noise={FULL: 0.001, MINI: 0.1, SINGLE: 0.5},
        mini_loss=1.0,
        seconds={FULL: 30, MINI: 1},
    )
    assert len(found) == 5
    assert set(found.values()) == {"reproduced"}


def test_a_cheap_full_batch_and_calm_mini_batches_are_not(runs):
    found = judged(
        runs,
        noise={FULL: 0.5, MINI: 0.1, SINGLE: 0.001},
        mini_loss=3.0,  # where the full batch is after its first update
        seconds={FULL: 30, MINI: 1},
    )
    assert set(found.values()) == {"not reproduced"}


def test_each_cost_is_that_of_the_loss_which_mini_batches_end_with(runs):
    for full, mini in zip(runs.own_rates[FULL], runs.own_rates[MINI], strict=True):
        full.iteration_loss[:] = np.linspace(2, 1.01, ITERATIONS)
        mini.final["loss"] = 1.495  # the full batch is there after 51 updates
    n = runs.own_rates[FULL][0].config.train_size
    full, mini = study.costs_to_one_loss(runs.own_rates, "Sample gradients")
    assert full == [51 * n] * 3
    assert mini == [150 * ITERATIONS] * 3
    full, _ = study.costs_to_one_loss(runs.own_rates, "Seconds")
    assert full == pytest.approx([0.51 * record.seconds for record in runs.own_rates[FULL]])


def counted(runs):
    return [claim.verdict for claim in study.claims(runs) if claim.kind == "identity"]


def test_a_mini_batch_computes_ten_times_the_gradients_that_the_source_prints(runs):
    assert counted(runs) == ["erratum", "reproduced", "reproduced"]
    (printed, *_) = (claim for claim in study.claims(runs) if claim.kind == "identity")
    assert printed.says == "1,500"
    assert printed.mean == 15_000


def test_an_iteration_more_is_found(runs):
    (first, *others) = runs.epochs
    longer = dataclasses.replace(first, iteration_loss=np.append(first.iteration_loss, 1.0))
    changed = dataclasses.replace(runs, epochs=[longer, *others])
    assert counted(changed) == ["erratum", "reproduced", "erratum"]


def test_only_single_images_are_left_out_of_the_zoom(runs):
    for methods in study.every_loss(runs).values():
        assert list(methods) == [FULL, "m = 200", MINI, "m = 50"]


def test_tables_count_what_the_runs_did(runs):
    rows = {row[0]: row[1:] for row in study.accounting(runs).rows}
    assert rows[FULL] == [6_000, 1, 6_000, 600_000]
    assert rows[MINI] == [150, 40, 150, 15_000]
    assert rows[SINGLE] == [1, 6_000, 1, 100]
    iterations = {row[0]: row[1] for row in study.results(runs).rows}
    assert iterations[SINGLE] == 15_000
