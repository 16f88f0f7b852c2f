import numpy as np
import pytest

import experiments.universal_approximation as study
from experiments.analyses.universal_approximation.approximation import (
    SOLVED,
    TRAINED,
    WRITTEN,
    Approximations,
)
from reporting import Lab

WIDTHS = 1, 4, 16, 64


def made_up(error):
    """Runs of 3 seeds whose errors are error(method, width), and a little more for each seed."""

    def errors(method):
        seeds = [1.0] if method == WRITTEN else [1.0, 1.01, 1.03]
        return np.array([[error(method, n) * more for n in WIDTHS] for more in seeds])

    def approximations(m):
        methods = (TRAINED, SOLVED, WRITTEN) if m == 1 else (TRAINED, SOLVED)
        found = {method: errors(method) for method in methods}
        return Approximations([[6, 0.1]] * len(WIDTHS), largest=found, rms=found, shown={})

    return study.Runs(WIDTHS, {(m, neurons): approximations(m) for m, neurons in study.CASES})


def verdicts(runs, words):
    return [c.verdict for c in study.claims(runs) if words in c.statement]


def test_claims_follow_from_the_errors():
    small = {SOLVED: 0.001, WRITTEN: 0.0001, TRAINED: 1}
    runs = made_up(lambda method, n: small[method] / n)
    assert verdicts(runs, "bring the error down") == 4 * ["reproduced"]
    assert verdicts(runs, "misses weights") == 5 * ["reproduced"]
    assert verdicts(runs, "exist whose error is at most") == 2 * ["reproduced"]


def test_claims_fail_where_errors_are_the_other_way_round():
    large = {SOLVED: 100, WRITTEN: 100, TRAINED: 1}
    runs = made_up(lambda method, n: large[method] * n)
    assert verdicts(runs, "bring the error down") == 4 * ["not reproduced"]
    assert verdicts(runs, "misses weights") == 5 * ["not reproduced"]
    assert verdicts(runs, "exist whose error is at most") == 2 * ["erratum"]


def test_the_table_gives_the_spread_of_starts():
    table = study.widest(made_up(lambda method, n: 1 / n))
    assert len(table.rows) == 10
    assert table.title == "With 64 neurons"
    assert table.rows[0][4] == pytest.approx(1.03)
    assert table.rows[0][5] == "6, 0.1"
    assert table.rows[1][4:] == ["—", "—"]


def test_what_is_computed_is_drawn(monkeypatch):
    monkeypatch.setattr(study, "UPDATES", {"quick": 4})
    runs = study.runs(Lab("quick", 2, {}, obtain=None))
    assert list(runs.cases) == study.CASES
    for (m, _), case in runs.cases.items():
        assert {method: errors.shape for method, errors in case.largest.items()} == (
            {TRAINED: (2, 4), SOLVED: (2, 4)} | ({WRITTEN: (1, 4)} if m == 1 else {})
        )
        assert list(case.shown) == ["4", "16", "64"]
    for m, neurons in study.CASES:
        widest = runs.cases[m, neurons].largest[TRAINED][0, -1]
        shown = np.abs(study.trained_errors(runs, m, neurons, 64)).max()
        assert shown == pytest.approx(widest, rel=1e-6)
