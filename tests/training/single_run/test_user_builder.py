import dataclasses
import textwrap

import numpy as np
import pytest

from training import ConfigError, RunConfig
from training.single_run import engines, train, user_builder
from training.sweep import worker_pool

GOOD = """
    import keras

    def build(hp, input_shape, classes):
        return compiled(hp, [keras.Input(input_shape), keras.layers.Flatten()], classes)

    def of_hp_alone(hp):
        return compiled(hp, [keras.Input((28, 28)), keras.layers.Flatten()], 10)

    def of_anything(hp, **offered):
        return compiled(hp, [keras.Input(offered["input_shape"]), keras.layers.Flatten()], 10)

    LOSS = "sparse_categorical_crossentropy"

    def compiled(hp, layers, classes, loss=LOSS, metrics=("accuracy",)):
        model = keras.Sequential([*layers, keras.layers.Rescaling(1 / 255)])
        for number in range(hp.Int("layers", 0, 2)):
            model.add(keras.layers.Dense(hp.Int(f"units {number}", 4, 8), "relu"))
        if hp.Choice("kind", ["plain", "dropped"]) == "dropped":
            with hp.conditional_scope("kind", ["dropped"]):
                model.add(keras.layers.Dropout(hp.Float("share", 0.1, 0.5)))
        model.add(keras.layers.Dense(classes, "softmax"))
        model.compile("adam", loss, metrics=list(metrics))
        return model

    number = 3

    def failing(hp):
        raise RuntimeError("no such layer\\nat all")

    def failing_when_wide(hp):
        if hp.Int("units", 1, 100) > 50:
            raise RuntimeError("too wide")
        return of_hp_alone(hp)

    def nothing(hp):
        return None

    def not_compiled(hp):
        return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])

    def of_three_classes(hp):
        return compiled(hp, [keras.Input((28, 28)), keras.layers.Flatten()], 3,
                        loss="mse")

    def of_other_images(hp):
        return compiled(hp, [keras.Input((5, 5)), keras.layers.Flatten()], 10)

    def of_other_labels(hp):
        return compiled(hp, [keras.Input((28, 28)), keras.layers.Flatten()], 10,
                        loss="categorical_crossentropy")

    def without_accuracy(hp):
        return compiled(hp, [keras.Input((28, 28)), keras.layers.Flatten()], 10, metrics=())
"""


@pytest.fixture(scope="module", autouse=True)
def modules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modules")
    for name, text in (("user_networks", GOOD), ("user_broken", "import no_such_library")):
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield folder


def config(function="build", **fields):
    builder = f"user_networks:{function}"
    return RunConfig(
        data="stand-in",
        train_size=20,
        validation_size=10,
        batch_size=5,
        epochs=2,
        model="builder",
        builder=builder,
        builder_hash=user_builder.source_hash(builder),
        **fields,
    )


def names(space):
    return {one["config"]["name"]: one["config"] for one in space["space"]}


@pytest.mark.parametrize("function", ["build", "of_hp_alone", "of_anything"])
def test_the_space_holds_what_is_asked_for_at_some_settings_alone(function):
    space = names(user_builder.declare(f"user_networks:{function}", "fashion_mnist"))
    assert set(space) == {"layers", "units 0", "units 1", "kind", "share"}
    assert (space["units 1"]["min_value"], space["units 1"]["max_value"]) == (4, 8)
    (condition,) = space["share"]["conditions"]
    assert condition["config"] == {"name": "kind", "values": ["dropped"]}


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        ("user_networks", "must be package.module:function, not 'user_networks'"),
        (":build", "must be package.module:function"),
        ("no_such_module:build", "there is no module no_such_module; run the command in"),
        ("no.such.module:build", "there is no module no.such.module"),
        ("sys:exit", "there is no module sys"),
    ],
)
def test_a_module_that_is_not_there(builder, message):
    with pytest.raises(ConfigError, match=message):
        user_builder.source_hash(builder)


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        ("user_networks:nope", "user_networks has no function 'nope'"),
        ("user_networks:number", "number in user_networks is not a function"),
        ("user_broken:build", "cannot be imported: ModuleNotFoundError: .*no_such_library"),
        ("user_networks:failing", "failing failed: RuntimeError: no such layer at all$"),
        ("user_networks:failing_when_wide", "failed at units 100, .*: RuntimeError: too wide"),
        ("user_networks:nothing", "must return a Keras model, not None"),
        ("user_networks:not_compiled", "not compiled; compile it"),
        ("user_networks:of_three_classes", r"for 2 of them it gives \(2, 3\), not \(2, 10\)"),
        ("user_networks:of_other_images", r"does not fit images of shape \(28, 28\)"),
        ("user_networks:of_other_labels", "and labels 0 to 9: ValueError"),
        ("user_networks:without_accuracy", 'compile it with metrics=\\["accuracy"\\]'),
    ],
)
def test_a_builder_that_gives_no_such_model_gets_one_line(builder, message):
    with pytest.raises(ConfigError, match=message) as caught:
        user_builder.declare(builder, "fashion_mnist")
    assert len(str(caught.value).splitlines()) == 1


def test_the_model_has_the_settings_of_the_config():
    model = engines.build(config(hyperparameters=(("layers", 1), ("units 0", 7))))
    assert [layer.units for layer in model.layers if hasattr(layer, "units")] == [7, 10]


def test_a_run_for_which_the_function_fails_concerns_no_other():
    wide, narrow = (
        config("failing_when_wide", hyperparameters=(("units", units),)) for units in (60, 10)
    )
    match = "user_networks:failing_when_wide failed at units 60.*: RuntimeError: too wide"
    with pytest.raises(user_builder.BuilderError, match=match) as caught:
        engines.build(wide)
    assert not isinstance(caught.value, worker_pool.USER_ERRORS)
    assert engines.build(narrow).compiled


def test_the_seed_decides_the_initial_weights():
    one, same, other = (engines.build(config(seed=seed)).get_weights() for seed in (0, 0, 1))
    assert one[0].tobytes() == same[0].tobytes()
    assert one[0].tobytes() != other[0].tobytes()


def test_an_edited_builder_is_another_run_and_no_old_one_is_trained(modules):
    asked = config()
    path = modules / "user_networks.py"
    kept = path.read_bytes()
    try:
        path.write_bytes(kept + b"\n# edited\n")
        assert config().key != asked.key
        with pytest.raises(ConfigError, match="has been edited since these runs were requested"):
            user_builder.build(asked)
    finally:
        path.write_bytes(kept)
    assert config().key == asked.key


def test_a_run_of_a_builder_has_every_loss_and_keeps_its_weights(small_sets, monkeypatch):
    monkeypatch.setenv("DESCENT_CACHE_DIR", str(small_sets))
    asked = config(hyperparameters=(("kind", "dropped"), ("share", 0.5)), keep=("weights",))
    record, again = train.train(asked), train.train(asked)
    other = train.train(asked.replace(seed=1))
    assert record.iteration_loss.shape == (8,)
    assert record.epochs["val_accuracy"].shape == (2,)
    assert record.iteration_loss.tobytes() == again.iteration_loss.tobytes()
    assert record.iteration_loss.tobytes() != other.iteration_loss.tobytes()
    model = train.trained(record)
    np.testing.assert_array_equal(model.get_weights()[0], record.weights["00"])


def test_a_config_of_a_builder_goes_through_json():
    asked = config(hyperparameters=[["layers", 1], ["kind", "plain"]])
    assert RunConfig.from_json(dataclasses.asdict(asked)) == asked
    assert hash(asked) == hash(asked.replace())
