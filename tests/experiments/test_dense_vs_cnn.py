import dataclasses

import numpy as np
import pytest

from experiments import dense_vs_cnn as study
from experiments.dense_vs_cnn import CNN, DENSE, DROPOUT_CNN
from reporting import Lab

BEST = "1000 neurons"


@pytest.fixture
def lab(made_up_record):
    """A lab in which the candidates `BEST` and the CNN without regularisation validate best."""

    def made_up(config):
        record = made_up_record(config)
        best = config.hidden == (1000,) or (config.model == "cnn" and config.dropout is None)
        accuracy = np.float32([0.9 if best else 0.7] * len(record.epochs["loss"]))
        epochs = record.epochs | ({"val_accuracy": accuracy} if config.validation_size else {})
        return dataclasses.replace(record, epochs=epochs)

    return Lab("quick", 3, {"fashion_mnist": "stand-in"}, lambda cs: [made_up(c) for c in cs])


@pytest.fixture
def runs(lab):
    return study.runs(lab)


def judged(runs, accuracy, loss, confidence):
    """Statement → verdict, for numbers of each network, which grow a little with the seed.

    Args:
        accuracy: Label → accuracy on the test images.
        loss: Label → loss on them.
        confidence: Label → the probability that the network gives its wrong answers.
    """

    def changed(label, seed, record):
        final = {"test_accuracy": accuracy[label], "test_loss": loss[label]}
        final = {name: number + seed / 2000 for name, number in final.items()}
        wrong = np.full((200, 10), 0.0, np.float32)
        others = np.log((1 - confidence[label] - seed / 2000) / 9)
        wrong[:] = others
        answer = (record.kept["test_labels"] + 1) % 10  # all of them wrong
        wrong[np.arange(200), answer] = np.log(confidence[label] + seed / 2000)
        kept = record.kept | {"test_logits": wrong}
        return dataclasses.replace(record, final=record.final | final, kept=kept)

    networks = {
        label: [changed(label, seed, record) for seed, record in enumerate(records)]
        for label, records in runs.networks.items()
    }
    claims = study.claims(dataclasses.replace(runs, networks=networks))
    return {claim.statement: claim.verdict for claim in claims}


def numbers(dense, cnn, dropout):
    return {DENSE: dense, CNN: cnn, DROPOUT_CNN: dropout}


def test_the_sources_numbers_and_order_are_reproduced(runs):
    found = judged(
        runs,
        accuracy=numbers(0.8805, 0.9255, 0.94),
        loss=numbers(0.318, 0.3908, 0.2),
        confidence=numbers(0.5, 0.8, 0.6),
    )
    assert set(found.values()) == {"reproduced"}
    assert len(found) == 9


def test_the_opposite_is_not_reproduced(runs):
    found = judged(
        runs,
        accuracy=numbers(0.82, 0.6, 0.5),
        loss=numbers(0.5, 0.45, 0.9),
        confidence=numbers(0.8, 0.5, 0.6),
    )
    assert set(found.values()) == {"not reproduced"}


def test_numbers_that_are_better_than_the_sources_are_reproduced(runs):
    found = judged(
        runs,
        accuracy=numbers(0.95, 0.97, 0.98),
        loss=numbers(0.1, 0.2, 0.05),
        confidence=numbers(0.5, 0.8, 0.6),
    )
    assert found["The dense network has test accuracy 0.8808"] == "reproduced"
    assert found["The CNN network has test loss 0.39102"] == "reproduced"


def test_the_best_candidates_by_validation_are_trained_on_all_images(runs):
    (dense, *_), (cnn, *_), (dropout, *_) = runs.networks.values()
    assert dense.config.hidden == (1000,)
    assert cnn.config.dropout is None
    assert dropout.config.dropout == 0.4
    for record in (dense, cnn, dropout):
        assert (record.config.train_size, record.config.validation_size) == (3_000, 0)
    chosen = [row[:2] for row in study.candidates(runs).rows if row[-1]]
    assert chosen == [[DENSE, BEST], [CNN, study.PLAIN]]


def test_no_candidate_is_chosen_on_a_seed_of_the_comparison(runs):
    compared = {r.config.seed for records in runs.networks.values() for r in records}
    tried = {
        record.config.seed
        for candidates in runs.candidates.values()
        for records in candidates.values()
        for record in records
    }
    assert not compared & tried
