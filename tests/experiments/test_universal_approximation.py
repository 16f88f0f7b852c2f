import numpy as np
import pytest

import experiments.universal_approximation as study
from experiments.analyses.universal_approximation.approximation import (
    SOLVED,
    TEST,
    TRAINED,
    WRITTEN,
    Approximation,
)

WIDTHS = 1, 4, 16, 64


def made_up(way_errors):
    """Runs of 3 seeds whose errors are way_errors(way, width), and a little more for each seed."""
    ways = {1: (TRAINED, SOLVED, WRITTEN), 2: (TRAINED, SOLVED)}
    grow = np.array([[1.0], [1.01], [1.03]])

    def errors(way, m, n):
        return way_errors(way, n) * (grow if way != WRITTEN else grow[:1]) * np.ones(len(TEST[m]))

    return {
        (m, neurons): {n: Approximation(6, 0.1, {w: errors(w, m, n) for w in ways[m]})
                       for n in WIDTHS}
        for m, neurons in study.CASES
    }  # fmt: skip


def verdicts(runs, words):
    return [c.verdict for c in study.claims(runs) if words in c.statement]


def test_claims_follow_from_the_errors():
    small = {SOLVED: 0.001, WRITTEN: 0.0001, TRAINED: 1}
    runs = made_up(lambda way, n: small[way] / n)
    assert verdicts(runs, "bring the error down") == 4 * ["reproduced"]
    assert verdicts(runs, "misses weights") == 5 * ["reproduced"]
    assert verdicts(runs, "exist whose error is at most") == 2 * ["reproduced"]


def test_claims_fail_where_errors_are_the_other_way_round():
    large = {SOLVED: 100, WRITTEN: 100, TRAINED: 1}
    runs = made_up(lambda way, n: large[way] * n)
    assert verdicts(runs, "bring the error down") == 4 * ["not reproduced"]
    assert verdicts(runs, "misses weights") == 5 * ["not reproduced"]
    assert verdicts(runs, "exist whose error is at most") == 2 * ["erratum"]


def test_the_table_gives_the_spread_of_starts():
    table = study.widest(made_up(lambda way, n: 1 / n))
    assert len(table.rows) == 10
    assert table.title == "With 64 neurons"
    assert table.rows[0][4] == pytest.approx(1.03)
    assert table.rows[0][5] == "6, 0.1"
    assert table.rows[1][4:] == ["—", "—"]
