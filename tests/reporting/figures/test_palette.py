import pytest

from reporting.figures import palette
from training.optimizers import OPTIMIZERS


@pytest.mark.parametrize("family", palette.FAMILIES.values(), ids=palette.FAMILIES)
def test_methods_of_a_family_differ_with_and_without_colour(family):
    styles = list(family.values())
    assert len({(s.color, s.linestyle) for s in styles}) == len(styles)
    assert len({s.marker for s in styles}) == len(styles)


def test_a_label_means_one_style_everywhere():
    labels = [label for family in palette.FAMILIES.values() for label in family]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_every_optimizer_has_a_style(optimizer):
    assert optimizer.label in palette.STYLES, f"no style in palette.FAMILIES: {optimizer.label}"


def test_a_label_without_a_style_gets_one_that_is_no_methods():
    style = palette.method_style("Lion")
    assert style == palette.method_style("Lion")
    assert style.color not in {other.color for other in palette.STYLES.values()}


def test_labels_without_a_style_differ_as_a_rule():
    styles = {palette.method_style(f"method {k}") for k in range(100)}
    assert len(styles) > 60


def test_ordered_styles_differ_and_get_lighter():
    styles = palette.ordered_styles(6)
    lightness = [sum(int(s.color[i : i + 2], 16) for i in (1, 3, 5)) for s in styles]
    assert len({s.color for s in styles}) == 6
    assert lightness[0] < lightness[-1]


def test_tint_lies_between_white_and_the_colour():
    assert palette.tint("#000000", 0.5) in ("#7f7f7f", "#808080")
    assert palette.tint(palette.BLUE, 0) == "#ffffff"
    assert palette.tint(palette.BLUE, 1) == palette.BLUE.lower()
