import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import subprocess
import sys

import keras
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras import layers

from models.arithmetic import (
    Layer,
    convolution_parameters,
    dense_parameters,
    describe,
    output_size,
    padding_amounts,
)
from training.provenance import ROOT

few = settings(max_examples=25, deadline=None)
side = st.integers(1, 5)


@st.composite
def windows(draw, paddings=("valid", "same", 0, 1, 2)):
    """Kernel, stride, padding, dilation; Keras takes a stride or a dilation above 1, not both."""
    stride, dilation = draw(st.sampled_from([(1, 1), (2, 1), (3, 1), (4, 1), (1, 2), (1, 3)]))
    return draw(side), stride, draw(st.sampled_from(paddings)), dilation


def built(window, filters=1, **options):
    """The Keras layers of a window, as one model for images of any size."""
    kernel, stride, padding, dilation = window
    pads = isinstance(padding, int)
    return keras.Sequential(
        [
            *([layers.ZeroPadding2D(padding)] if pads else []),
            layers.Conv2D(
                filters,
                kernel,
                strides=stride,
                padding="valid" if pads else padding,
                dilation_rate=dilation,
                kernel_initializer="ones",
                **options,
            ),
        ]
    )


def layer_of(window, **options):
    kernel, stride, padding, dilation = window
    return Layer(kernel, stride, padding, dilation, **options)


@few
@given(size=st.integers(1, 12), window=windows())
def test_output_size_is_that_of_the_built_layer(size, window):
    model = built(window)
    try:
        expected = output_size(size, *window)
    except ValueError:
        with pytest.raises(ValueError, match="output size would be zero or negative"):
            model(np.ones((1, size, size, 1)))
        return
    assert model.compute_output_shape((None, size, size, 1)) == (None, expected, expected, 1)
    assert model(np.ones((1, size, size, 1))).shape == (1, expected, expected, 1)


@few
@given(size=st.integers(1, 12), window=windows(paddings=["same"]))
def test_padding_amounts_are_the_zeros_of_same(size, window):
    kernel, stride, _, dilation = window
    amounts = padding_amounts(size, *window)
    picture = np.random.default_rng([size, *amounts]).integers(10, size=(1, size, size, 1))
    by_hand = np.pad(picture, [(0, 0), amounts, amounts, (0, 0)])
    valid = built((kernel, stride, "valid", dilation))
    np.testing.assert_array_equal(valid(by_hand), built(window)(picture))


@pytest.mark.parametrize(
    ("window", "amounts"),
    [
        ((28, 3, 1, "valid"), (0, 0)),
        ((28, 3, 1, "same"), (1, 1)),
        ((28, 5, 1, "same"), (2, 2)),
        ((28, 4, 1, "same"), (1, 2)),  # an even kernel has no middle: the odd zero comes after
        ((28, 3, 2, "same"), (0, 1)),
        ((28, 2, 3, "same"), (0, 1)),
        ((27, 2, 3, "same"), (0, 0)),
        ((28, 1, 5, "same"), (0, 0)),  # never below none
        ((28, 3, 1, 4), (4, 4)),
        ((28, 3, 1, "same", 2), (2, 2)),
    ],
)
def test_padding_by_hand(window, amounts):
    assert padding_amounts(*window) == amounts


@few
@given(size=side, window=windows(), channels=side, filters=side, bias=st.booleans())
def test_convolution_parameters_are_counted(size, window, channels, filters, bias):
    model = built(window, filters, use_bias=bias)
    model.build((None, size + 20, size + 20, channels))
    assert convolution_parameters(window[0], channels, filters, bias) == model.count_params()


@few
@given(inputs=st.integers(1, 40), neurons=st.integers(1, 20), bias=st.booleans())
def test_dense_parameters_are_counted(inputs, neurons, bias):
    layer = layers.Dense(neurons, use_bias=bias)
    layer.build((None, inputs))
    assert dense_parameters(inputs, neurons, bias) == layer.count_params()


def changed_pixels(model, size, row, column):
    """Where a brighter pixel changes one output: bool, (size, size)."""
    dark = np.zeros((size, size, 1), "float32")
    one_bright = np.eye(size * size, dtype="float32").reshape(-1, size, size, 1)
    outputs = np.asarray(model(np.concatenate([dark[None], one_bright])))[:, row, column]
    return (outputs[1:] != outputs[0]).any(axis=-1).reshape(size, size)


@settings(max_examples=20, deadline=None)
@given(stack=st.lists(windows(), min_size=1, max_size=3), data=st.data())
def test_an_output_changes_with_the_pixels_of_its_field(stack, data):
    size = 11
    try:
        *_, row = describe([layer_of(window, filters=1) for window in stack], size, 1)
    except ValueError:
        assume(False)
    model = keras.Sequential([built(window) for window in stack])
    output = data.draw(st.integers(0, row.size - 1))
    seen = changed_pixels(model, size, output, output)
    first = row.start + output * row.jump
    last = first + row.field - 1
    rows, columns = np.nonzero(seen)
    assert ((rows >= first) & (rows <= last) & (columns >= first) & (columns <= last)).all()
    if not (first >= 0 and last < size):  # its edge may lie in the padding of any layer
        return
    assert (rows.min(), rows.max()) == (columns.min(), columns.max()) == (first, last)
    if all(stride <= kernel and dilation == 1 for kernel, stride, _, dilation in stack):
        expected = np.zeros((size, size), bool)  # no holes: every pixel in between is seen
        expected[first : last + 1, first : last + 1] = True
        np.testing.assert_array_equal(seen, expected)


def test_stack_by_hand():
    # B's network for CIFAR-10, sizes as in B Q10, fields by B Q7's recursion on paper.
    conv, pool = {"kernel": 5, "padding": "same"}, Layer(2, stride=2)
    stack = [
        Layer(**conv, filters=32),
        pool,
        Layer(**conv, filters=64),
        pool,
        Layer(**conv, filters=64),
        pool,
        Layer(None, filters=1000),
        Layer(None, filters=10),
    ]
    rows = describe(stack, size=32, channels=3)
    assert [row.size for row in rows] == [32, 16, 16, 8, 8, 4, 1, 1]
    assert [row.channels for row in rows] == [32, 32, 64, 64, 64, 64, 1000, 10]
    parameters = [2432, 0, 51_264, 0, 102_464, 0, 1_025_000, 10_010]
    assert [row.parameters for row in rows] == parameters
    assert [row.field for row in rows] == [5, 6, 14, 16, 32, 36, 60, 60]
    assert [row.jump for row in rows] == [1, 2, 2, 4, 4, 8, 8, 8]
    assert [row.start for row in rows] == [-2, -2, -6, -6, -14, -14, -14, -14]


def test_dilation_widens_the_field():
    (row,) = describe([Layer(3, dilation=4, filters=2)], size=20, channels=1)
    assert (row.size, row.field, row.parameters) == (12, 9, 20)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((28, 0), "kernel must be a whole number of at least 1, not 0"),
        ((28, 2.5), "kernel must be a whole number of at least 1, not 2.5"),
        ((0, 3), "size must"),
        ((28, 3, 0), "stride must"),
        ((28, 3, 1, "valid", 0), "dilation must"),
        ((28, 3, 1, "full"), "padding must be 'valid', 'same' or a whole number .* not 'full'"),
        ((28, 3, 1, -1), "padding must be .* not -1"),
        ((28, 3, 1, 0.5), "padding must be .* not 0.5"),
        ((4, 5), "spans 5 pixels does not fit into 4; use a smaller kernel"),
        ((6, 3, 1, 1, 4), "spans 9 pixels does not fit into 8"),
    ],
)
def test_a_mistake_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        output_size(*arguments)


def test_filters_and_channels_are_checked():
    with pytest.raises(ValueError, match="filters must"):
        convolution_parameters(3, 1, 0)
    with pytest.raises(ValueError, match="channels must"):
        convolution_parameters(3, -1, 8)


def test_arithmetic_needs_no_keras():
    script = "import models.arithmetic, sys; print({'keras', 'tensorflow'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_unknown_name():
    import models

    with pytest.raises(AttributeError, match="module 'models' has no attribute 'cnn'"):
        models.cnn  # noqa: B018
