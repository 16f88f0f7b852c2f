import dataclasses

import numpy as np
import pytest

import experiments.small_data_augmentation as study
from reporting import Lab


@pytest.fixture
def runs_of(made_up_record):
    """A function of what augmentation does: the study's runs.

    Its gain in test accuracy falls from `few` to `many` with the logarithm of the number of images.
    """

    def runs_of(few=0.04, many=0.01, gap=-0.1, loss=0.2):
        def obtain(configs):
            return [as_told(made_up_record(config)) for config in configs]

        def as_told(record):
            config = record.config
            augmented = config.augmentation is not None
            noise = (
                1e-3 * np.random.default_rng([config.seed, config.train_size, augmented]).normal()
            )
            gain = np.interp(np.log(config.train_size), np.log([500, 10_000]), [few, many])
            overfits = 0.3 - config.train_size / 100_000 + augmented * gap + noise
            curve = np.float32(1 / np.arange(1, config.epochs + 1) + augmented * loss + noise)
            ones = np.ones(config.epochs, np.float32)
            return dataclasses.replace(
                record,
                epochs={
                    "evaluated_loss": curve,
                    "evaluated_accuracy": 0.9 * ones,
                    "val_accuracy": ones * np.float32(0.9 - overfits),
                },
                final=record.final | {"test_accuracy": 0.8 + augmented * gain + noise},
            )

        return study.runs(Lab("paper", 3, {"fashion_mnist": "real"}, obtain))

    return runs_of


def verdicts(runs):
    return {claim.statement: claim.verdict for claim in study.claims(runs)}


def test_all_networks_do_the_same_number_of_iterations(runs_of):
    for n, methods in runs_of().by_number.items():
        plain, augmented = (methods[k][0].config for k in (study.PLAIN, study.AUGMENTED))
        assert plain.train_size == augmented.train_size == n
        assert plain.updates == augmented.updates == 2_400
        assert plain.validation_size == augmented.validation_size == 1_000
        assert (plain.augmentation, augmented.augmentation) == (None, ("crop", "flip"))


def test_augmentation_as_the_sources_say(runs_of):
    assert set(verdicts(runs_of()).values()) == {"reproduced"}


def test_augmentation_against_what_the_sources_say(runs_of):
    found = verdicts(runs_of(few=-0.04, many=-0.01, gap=0.1, loss=-0.2))
    assert found.pop("Without augmentation fewer images over-fit more") == "reproduced"
    assert set(found.values()) == {"not reproduced"}


def test_a_gain_for_few_images_alone(runs_of):
    found = verdicts(runs_of(few=0.04, many=-0.03))
    raises = [v for s, v in found.items() if s.startswith("Augmentation raises")]
    assert (raises[0], raises[-1]) == ("reproduced", "not reproduced")
    assert found["Augmentation gains more where images are fewer (our own question)"] == (
        "reproduced"
    )


def test_examples_are_drawn_as_a_network_sees_them(runs_of):
    runs = runs_of()
    examples = runs.by_number[runs.fewest][study.AUGMENTED][0].kept["example_images"]
    for name, label in study.DRAWN.items():
        assert runs.draws[name].shape == (1 + study.DRAWS, 28, 28)
        np.testing.assert_array_equal(runs.draws[name][0], examples[label])
        assert len(np.unique(runs.draws[name], axis=0)) > study.DRAWS / 2


def test_gains_are_paired_by_seed(make_record):
    def records(*accuracies):
        return [
            dataclasses.replace(make_record(), final={"test_accuracy": accuracy})
            for accuracy in accuracies
        ]

    methods = {study.PLAIN: records(0.5, 0.75), study.AUGMENTED: records(0.75, 0.5)}
    assert study.gains(methods).tolist() == [0.25, -0.25]


@pytest.mark.parametrize(("epochs", "place"), [(100, 24), (12, 2), (6, 0), (4, 0)])
def test_early_is_after_a_quarter_of_the_epochs(make_record, epochs, place):
    record = make_record(epochs={"evaluated_loss": np.arange(epochs)})
    assert study.quarter_loss(record) == place
