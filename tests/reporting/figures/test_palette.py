import pytest

from reporting.figures import palette


@pytest.mark.parametrize("family", palette.FAMILIES.values(), ids=palette.FAMILIES)
def test_methods_of_a_family_differ_with_and_without_colour(family):
    styles = list(family.values())
    assert len({(s.color, s.linestyle) for s in styles}) == len(styles)
    assert len({s.marker for s in styles}) == len(styles)


def test_a_label_means_one_style_everywhere():
    labels = [label for family in palette.FAMILIES.values() for label in family]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    "label",
    [
        "full batch", "m = 200", "m = 150", "m = 50", "m = 1", "SGD", "Momentum 0.9",
        "Nesterov 0.9", "AdaGrad", "RMSProp", "Adam", "Nadam", "AMSGrad",
        "training, after the epoch", "validation", "test", "dense", "CNN",
        "SGD, ten times the rate",
    ],
)  # fmt: skip
def test_expected_labels(label):
    assert palette.method_style(label).color.startswith("#")


def test_unknown_label_says_what_is_allowed():
    with pytest.raises(ValueError, match="no style for the method 'Sgd': use one of full batch"):
        palette.method_style("Sgd")


def test_ordered_styles_differ_and_get_lighter():
    styles = palette.ordered_styles(6)
    lightness = [sum(int(s.color[i : i + 2], 16) for i in (1, 3, 5)) for s in styles]
    assert len({s.color for s in styles}) == 6
    assert lightness[0] < lightness[-1]
