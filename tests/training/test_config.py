import dataclasses
import inspect
import json
import math
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import datasets
from training import OPTIMIZERS, ConfigError, RunConfig
from training.config import AUGMENTATIONS, INITIALIZERS, KEEPS, MODELS, OPTIONS, SCALINGS
from training.optimizers import SCHEDULES
from training.provenance import ROOT

HEXADECIMAL = set(string.hexdigits.lower())


def config(**fields):
    return RunConfig(**{"epochs": 3, **fields})


def sizes(least=1):
    return st.integers(least, 10**6)


def names(allowed):
    return st.lists(st.sampled_from(allowed), unique=True).map(tuple)


layers = st.none() | st.lists(st.integers(1, 512), max_size=3).map(tuple)
configs = st.sampled_from(["dense", "cnn"]).flatmap(
    lambda model: st.builds(
        RunConfig,
        dataset=st.sampled_from(datasets.NAMES),
        data=st.sampled_from(["real", "stand-in"]),
        train_size=sizes(),
        validation_size=sizes(least=0),
        test_size=st.none() | sizes(),
        scaling=st.sampled_from(list(SCALINGS)),
        model=st.just(model),
        hidden=layers,
        filters=layers if model == "cnn" else st.none(),
        augmentation=names(AUGMENTATIONS) if model == "cnn" else st.none(),
        batch_normalisation=st.none() | st.booleans() if model == "cnn" else st.none(),
        initializer=st.sampled_from([None, *INITIALIZERS]) if model == "dense" else st.none(),
        l1=st.none() | st.floats(0, 1) if model == "dense" else st.none(),
        schedule=st.sampled_from(list(SCHEDULES)),
        keep=names([kept for kept in KEEPS if kept != "own statistics"]),
        dropout=st.none() | st.floats(0, 0.99),
        activation=st.none() | st.sampled_from(["relu", "tanh"]),
        optimizer=st.sampled_from(list(OPTIMIZERS)),
        learning_rate=st.floats(1e-8, 1e3),
        batch_size=sizes(),
        epochs=sizes(),
        seed=sizes(least=0),
    )
)


@settings(deadline=None, max_examples=60)
@given(configs)
def test_json_round_trip(one):
    other = RunConfig.from_json(json.loads(json.dumps(one.to_json())))
    assert other == one
    assert hash(other) == hash(one)
    assert other.key == one.key


@settings(deadline=None, max_examples=60)
@given(configs)
def test_key_has_sixteen_hexadecimal_digits(one):
    assert len(one.key) == 16
    assert set(one.key) <= HEXADECIMAL


@settings(deadline=None, max_examples=60)
@given(configs, configs)
def test_keys_are_equal_exactly_where_configs_are(one, other):
    assert (one == other) == (one.key == other.key)
    assert one.replace() == one


def test_every_field_counts():
    changes = {
        "dataset": "mnist",
        "data": "stand-in",
        "train_size": 10,
        "validation_size": 10,
        "test_size": 10,
        "scaling": "none",
        "model": "cnn",
        "engine": "numpy",
        "backend": "jax",
        "hidden": (),
        "dropout": 0.5,
        "activation": "tanh",
        "initializer": "zeros",
        "l1": 0.1,
        "l2": 0.1,
        "optimizer": "adam",
        "learning_rate": 0.1,
        "schedule": "cosine",
        "batch_size": 10,
        "epochs": 4,
        "keep": ("weights",),
        "seed": 1,
    }
    of_cnn = {
        "filters": (8,),
        "padding": "same",
        "batch_normalisation": True,
        "block_dropout": 0.5,
        "augmentation": ("flip",),
        "kernel_size": 5,
    }
    of_builder = {
        "builder": "m:g",
        "builder_hash": "1",
        "hyperparameters": (("units", 8),),
    }
    built = {"model": "builder", "builder": "m:f", "builder_hash": "0"}
    keys = {config(**{field: value}).key for field, value in changes.items()}
    keys |= {config(model="cnn", **{field: value}).key for field, value in of_cnn.items()}
    keys |= {config(**{**built, field: value}).key for field, value in of_builder.items()}
    keys |= {config(**built).key, config(validation_size=10, patience=2).key}
    keys |= {config().key, RunConfig(iterations=3).key}
    assert len(keys) == len(changes) + len(of_cnn) + len(of_builder) + 4
    assert {*changes, *of_cnn, *of_builder, "iterations", "patience"} == {
        field.name for field in dataclasses.fields(RunConfig)
    }


def test_defaults_stated_explicitly_leave_the_key():
    defaults = {field.name: field.default for field in dataclasses.fields(RunConfig)}
    assert RunConfig(**{**defaults, "epochs": 3}).key == config().key


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"epochs": 3}, "543da7abb83f0bf9"),
        (
            {
                "dataset": "cifar10",
                "train_size": 2000,
                "model": "cnn",
                "filters": (8, 16),
                "hidden": (32,),
                "dropout": 0.5,
                "optimizer": "nesterov",
                "learning_rate": 0.05,
                "batch_size": 100,
                "iterations": 50,
                "seed": 2,
            },
            "f134256b4dd598cd",
        ),
    ],
)
def test_golden_keys(fields, key):
    # Stored runs are found by key: one that changes loses every record.
    assert RunConfig(**fields).key == key


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "reports" / "paper").glob("*/records.json")),
    ids=lambda path: path.parent.name,
)
def test_keys_of_committed_records(path):
    for key, facts in json.loads(path.read_text())["records"].items():
        one = RunConfig.from_json(facts["config"])
        # Options stated at their defaults counted when some of these were stored.
        stated = {name for name in OPTIONS if facts["config"].get(name) is not None}
        at_default = {name for name in stated if getattr(one, name) is None}
        assert (one.key == key) == (not at_default)


def test_key_follows_the_code_that_draws_stand_ins(monkeypatch):
    keys = []
    for code in ("old", "new"):
        monkeypatch.setattr(datasets.stand_in, "source_hash", lambda code=code: code)
        keys.append((config().key, config(data="stand-in").key))
    (real, drawn), (same, other) = keys
    assert real == same
    assert drawn != other


def test_seeds():
    zero, one = config(seed=0), config(seed=1)
    assert zero.seed == 0
    assert zero != one
    assert zero.key != one.key
    assert config(seed=2**63).seed == 2**63


@pytest.mark.parametrize(
    ("integer", "number"),
    [
        ({"learning_rate": 1}, {"learning_rate": 1.0}),
        ({"dropout": 0}, {"dropout": 0.0}),
    ],
)
def test_whole_numbers_among_the_floats_leave_the_key(integer, number):
    assert config(**integer) == config(**number)
    assert config(**integer).key == config(**number).key


def test_lists_become_tuples():
    one = config(model="cnn", hidden=[64, 32], filters=[8], augmentation=["flip"], keep=["weights"])
    assert one.hidden == (64, 32)
    assert one.filters == (8,)
    assert one == config(
        model="cnn", hidden=(64, 32), filters=(8,), augmentation=("flip",), keep=("weights",)
    )
    assert hash(one) == hash(one.replace())


def test_options_are_complete():
    defaults = {name: of["dense"] for name, of in OPTIONS.items() if "dense" in of}
    assert defaults["dropout"] == 0.0
    stated = {"hidden": (), "l1": 0.5}
    assert config(**stated).options == defaults | stated
    assert config(model="tanh_network").options == {"hidden": (100,)}
    assert config(model="numpy_cnn").options == {}
    built = config(model="builder", builder="m:f", builder_hash="0")
    assert built.options == {"builder": "m:f", "builder_hash": "0", "hyperparameters": ()}


@pytest.mark.parametrize(
    ("model", "name"),
    [(model, name) for name, defaults in OPTIONS.items() for model in defaults],
)
def test_default_of_an_option_is_the_builders(model, name):
    import models

    if model != "builder":
        builder = getattr(models, MODELS[model])
        assert inspect.signature(builder).parameters[name].default == OPTIONS[name][model]


@pytest.mark.parametrize("model", [model for model, builder in MODELS.items() if builder])
def test_arguments_of_builders_are_options(model):
    import models

    arguments = inspect.signature(getattr(models, MODELS[model])).parameters
    others = {"input_shape", "classes", "scaling", "seed", "pool_size"}
    assert set(arguments) - others == set(config(model=model).options)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("dense", {"hidden": [128], "activation": "relu", "dropout": 0, "l1": -0.0, "l2": 0.0}),
        ("dense", {"initializer": "glorot_uniform"}),
        ("cnn", {"filters": (32, 64), "kernel_size": 3, "padding": "valid", "augmentation": []}),
        ("cnn", {"hidden": (128,), "batch_normalisation": False, "block_dropout": 0.0}),
        ("cifar_cnn", {"dropout": 0.0, "batch_normalisation": False, "augmentation": ()}),
        ("tanh_network", {"hidden": (100,)}),
    ],
)
def test_options_at_their_defaults_are_the_same_run(model, fields):
    stated, silent = config(model=model, **fields), config(model=model)
    assert stated == silent
    assert hash(stated) == hash(silent)
    assert stated.key == silent.key
    assert stated.options == silent.options
    assert all(getattr(stated, name) is None for name in fields)


def test_default_of_another_model_counts():
    assert config(model="tanh_network", hidden=(128,)).hidden == (128,)
    assert config(hidden=(100,)).hidden == (100,)
    # None stands for the default of the model, whichever it becomes.
    assert config(hidden=(128,)).replace(model="tanh_network").options == {"hidden": (100,)}


def test_every_field_is_documented():
    for field in dataclasses.fields(RunConfig):
        assert f"\n    {field.name}: " in RunConfig.__doc__
    assert max(map(len, RunConfig.__doc__.splitlines())) <= 100
    words = " ".join(RunConfig.__doc__.split())
    assert "Defaults to (128,) for dense, cnn; (100,) for tanh_network." in words


@pytest.mark.parametrize(("n", "m", "iterations"), [(10, 4, 3), (12, 4, 3), (3, 100, 1)])
def test_updates(n, m, iterations):
    one = config(train_size=n, batch_size=m, epochs=3)
    assert one.iterations_per_epoch == iterations
    assert one.updates == 3 * iterations
    assert RunConfig(train_size=n, batch_size=m, iterations=7).updates == 7


@pytest.mark.parametrize(
    ("train_size", "batch_size", "length", "total"),
    [
        (10, 4, {"epochs": 3}, 30),
        (10, 4, {"iterations": 9}, 30),
        (10, 4, {"iterations": 5}, 18),  # 4 + 4 + 2 + 4 + 4
        (3, 100, {"iterations": 5}, 15),
    ],
)
def test_total_sample_gradients(make_record, train_size, batch_size, length, total):
    one = RunConfig(train_size=train_size, batch_size=batch_size, **length)
    assert one.total_sample_gradients == total
    record = make_record(one, losses=np.ones(one.updates))
    assert record.sample_gradients[-1] == total


def test_description():
    one = config(optimizer="adam", learning_rate=0.001, batch_size=16, seed=3)
    assert one.description == "dense adam rate 0.001 batch 16 seed 3"


def test_builders_know_the_augmentations():
    from models import augmentation

    assert tuple(augmentation.AUGMENTATIONS) == AUGMENTATIONS


def test_builders_know_the_initializers():
    from models import classifiers

    assert tuple(classifiers.INITIALIZERS) == INITIALIZERS


def test_replace_checks_again():
    assert config().replace(seed=4) == config(seed=4)
    with pytest.raises(ConfigError, match="batch_size"):
        config().replace(batch_size=0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"dataset": "emnist"},
            "unknown dataset 'emnist'; choose from fashion_mnist, mnist, cifar10",
        ),
        ({"data": "auto"}, "unknown data 'auto'; choose from real, stand-in"),
        ({"scaling": "max"}, f"unknown scaling 'max'; choose from {', '.join(SCALINGS)}"),
        (
            {"initializer": "ones"},
            f"unknown initializer 'ones'; choose from {', '.join(INITIALIZERS)}",
        ),
        ({"l1": -0.1}, "l1 must be a number of at least 0, not -0.1"),
        ({"l2": math.inf}, "l2 must be a number of at least 0, not inf"),
        ({"dropout": 1.0}, "dropout must be a number in [0, 1), not 1.0"),
        (
            {"model": "cnn", "batch_normalisation": 1},
            "batch_normalisation must be true or false, not 1",
        ),
        (
            {"keep": ("own statistics",)},
            "keep 'own statistics' needs scaling standard, pca or zca, not 'unit'",
        ),
        ({"model": "rnn"}, f"unknown model 'rnn'; choose from {', '.join(MODELS)}"),
        ({"optimizer": "SGD"}, f"unknown optimizer 'SGD'; choose from {', '.join(OPTIMIZERS)}"),
        ({"train_size": 0}, "train_size must be a whole number of at least 1, not 0"),
        ({"train_size": 10.0}, "train_size must be a whole number of at least 1, not 10.0"),
        ({"batch_size": True}, "batch_size must be a whole number of at least 1, not True"),
        ({"batch_size": "all"}, "batch_size must be a whole number of at least 1, not 'all'"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, not 0"),
        (
            {"epochs": None, "iterations": -1},
            "iterations must be a whole number of at least 1, not -1",
        ),
        ({"validation_size": -1}, "validation_size must be a whole number of at least 0, not -1"),
        ({"test_size": 0}, "test_size must be a whole number of at least 1, not 0"),
        ({"seed": -1}, "seed must be a whole number of at least 0, not -1"),
        ({"seed": 0.5}, "seed must be a whole number of at least 0, not 0.5"),
        ({"learning_rate": 0.0}, "learning_rate must be a number greater than 0, not 0.0"),
        ({"learning_rate": -1}, "learning_rate must be a number greater than 0, not -1.0"),
        ({"learning_rate": math.inf}, "learning_rate must be a number greater than 0, not inf"),
        ({"learning_rate": math.nan}, "learning_rate must be a number greater than 0, not nan"),
        (
            {"schedule": "linear"},
            f"unknown schedule 'linear'; choose from {', '.join(SCHEDULES)}",
        ),
        ({"padding": "full"}, "unknown padding 'full'; choose from valid, same"),
        ({"keep": ("losses",)}, f"unknown keep 'losses'; choose from {', '.join(KEEPS)}"),
        ({"keep": ("weights", "weights")}, "keep names one twice: weights, weights"),
        (
            {"model": "cnn", "augmentation": ("zoom",)},
            f"unknown augmentation 'zoom'; choose from {', '.join(AUGMENTATIONS)}",
        ),
        ({"patience": 2}, "patience needs validation images; give a validation_size"),
        (
            {"patience": -1, "validation_size": 5},
            "patience must be a whole number of at least 0, not -1",
        ),
        ({"iterations": 5}, "give either epochs or iterations"),
        ({"epochs": None}, "give either epochs or iterations"),
        (
            {"model": "tanh_network", "filters": (8,)},
            "filters is no option of model 'tanh_network'; it takes hidden",
        ),
        (
            {"model": "tanh_network", "builder": "m:f"},
            "builder is no option of model 'tanh_network'; it takes hidden",
        ),
        (
            {"activation": 3},
            "unknown activation 3; choose from celu, elu, exponential, gelu, hard_sigmoid, "
            "leaky_relu, linear, mish, relu, relu6, selu, sigmoid, silu, softplus, softsign, tanh",
        ),
        (
            {"model": "builder", "builder": "m:f"},
            "model 'builder' needs a builder_hash, a text",
        ),
        (
            {"model": "builder", "builder": "m:f", "builder_hash": "0", "engine": "numpy"},
            "model 'builder' needs engine 'keras', not 'numpy'",
        ),
        (
            {
                "model": "builder",
                "builder": "m:f",
                "builder_hash": "0",
                "hyperparameters": (("units", None),),
            },
            "hyperparameters must be pairs of a name and a text, truth value or number, "
            "not ('units', None)",
        ),
    ],
)
def test_value_that_is_not_allowed(fields, message):
    with pytest.raises(ConfigError) as error:
        config(**fields)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"learning_rate": "0.1"}, "learning_rate"),
        ({"learning_rate": None}, "learning_rate"),
        ({"learning_rate": True}, "learning_rate"),
        ({"hidden": 128}, "hidden"),
        ({"hidden": (0,)}, "hidden"),
        ({"hidden": (2.5,)}, "hidden"),
        ({"hidden": "128"}, "hidden"),
        ({"model": "cnn", "filters": (8, -8)}, "filters"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": -0.1}, "dropout"),
        ({"dropout": "half"}, "dropout"),
        ({"model": "cnn", "block_dropout": 1.0}, "block_dropout"),
        ({"keep": "weights"}, "keep"),
        ({"model": "cnn", "augmentation": "flip"}, "augmentation"),
        ({"seed": None}, "seed"),
        ({"keep": None}, "keep"),
        ({"l1": 10**400}, "l1"),
        ({"train_size": None}, "train_size"),
        ({"batch_size": None}, "batch_size"),
        ({"validation_size": None}, "validation_size"),
    ],
)
def test_value_that_no_run_can_have(fields, field):
    """What is not found here would fail in a worker, after the others were trained."""
    with pytest.raises(ConfigError, match=f"^{field} must be .*$") as error:
        config(**fields)
    assert "\n" not in str(error.value)


def test_unknown_field():
    with pytest.raises(ConfigError, match="unknown field 'lerning_rate', 'sed' of a run"):
        RunConfig.from_json({"epochs": 1, "sed": 0, "lerning_rate": 0.1})
