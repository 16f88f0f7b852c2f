import math

import pytest

from reporting.verdicts.formatting import format_interval, format_number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "—"),
        (0, "0"),
        (-3, "−3"),
        (60_000, "60,000"),
        (12_345_678, "12,345,678"),
        (0.31789, "0.3179"),
        (3e-4, "0.0003"),
        (-0.0312, "−0.0312"),
        (2.0, "2"),
        (9.99999, "10"),
        (1234.56, "1,235"),
        (1e-7, "1×10⁻⁷"),
        (1.5e9, "1.5×10⁹"),
        (math.nan, "NaN"),
        (-math.inf, "−∞"),
    ],
)
def test_format_number(number, text):
    assert format_number(number) == text


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        ((0.3181, 0.3102, 0.3263), "0.3181 [0.3102, 0.3263]"),
        ((0.12, 0.05, 0.19), "0.120 [0.050, 0.190]"),
        ((12_345, 12_000, 12_690), "12,340 [12,000, 12,690]"),
        ((0.3, 0.3, 0.3), "0.3 [0.3, 0.3]"),
        ((0.5, None, None), "0.5"),
        ((None, None, None), "—"),
        ((1e-7, 5e-8, 1.5e-7), "1.00×10⁻⁷ [5.00×10⁻⁸, 1.50×10⁻⁷]"),
    ],
)
def test_format_interval(interval, text):
    assert format_interval(*interval) == text


def test_an_end_is_never_rounded_onto_what_decides():
    assert format_interval(0.1, 0.0004, 0.2) == "0.1000 [0.0004, 0.2000]"
    assert format_interval(1.1, 1.0004, 1.2) == "1.1000 [1.0004, 1.2000]"
