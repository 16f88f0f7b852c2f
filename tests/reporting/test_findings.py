import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.findings import FILE_NAME, Chart, Figure, Findings, FindingsError, Table
from reporting.verdicts.claims import direction, identity
from reporting.verdicts.measures import Measure

cells = st.none() | st.floats() | st.integers() | st.booleans()


def findings(**changes):
    facts = {
        "study": "momentum",
        "title": "Momentum",
        "question": "Does momentum lower the loss?",
        "says": "Markedly.",
        "sources": ["A 3.5"],
        "preset": "quick",
        "seeds": 2,
        "data": [{"name": "MNIST", "source": "stand-in", "fingerprint": "00ff"}],
        "claims": [
            direction(
                source="A 3.5",
                statement="s",
                measure=Measure("loss", better="lower"),
                lower=("Momentum", [1, 2]),
                higher=("SGD", [2, 3.5]),
            ),
            identity(
                source="A 6.3",
                statement="s",
                quantity="parameters",
                says=13_932,
                holds=19_392,
            ),
        ],
        "tables": [Table("Losses", ["method", "loss"], [["SGD", 0.25], ["Adam", None]], "note")],
        "figures": [Figure("loss", "The loss – per iteration.", "Two curves.")],
        "provenance": {"Python": "3.11.9", "seconds": 1.5},
        "command": "python -m experiments run momentum",
        "charts": [Chart("explorer", "Every loss", "Each batch's loss.")],
    }
    return Findings(**(facts | changes))


def test_round_trip(tmp_path):
    before = findings()
    before.save(tmp_path / "new" / "momentum")
    assert Findings.load(tmp_path / "new" / "momentum") == before


def test_saving_again_gives_the_same_bytes_and_leaves_nothing_else(tmp_path):
    first = findings().save(tmp_path).read_bytes()
    assert findings().save(tmp_path).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_one_changed_cell_changes_one_line(tmp_path):
    before = findings().save(tmp_path).read_text().splitlines()
    changed = [Table("Losses", ["method", "loss"], [["SGD", 0.5], ["Adam", None]], "note")]
    after = findings(tables=changed).save(tmp_path).read_text().splitlines()
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_numbers_that_are_not_finite_survive_as_standard_json(tmp_path):
    rows = [[math.nan, math.inf, -math.inf]]
    path = findings(tables=[Table("t", ["a", "b", "c"], rows)]).save(tmp_path)

    def reject(name):
        raise AssertionError(f"{name} is not standard JSON")

    json.loads(path.read_text(), parse_constant=reject)
    (row,) = Findings.load(tmp_path).tables[0].rows
    assert math.isnan(row[0])
    assert row[1:] == [math.inf, -math.inf]


def test_numpy_numbers_become_plain(tmp_path):
    rows = [[np.float32(0.5), np.int64(3), np.bool_(True)]]
    findings(tables=[Table("t", ["a", "b", "c"], rows)]).save(tmp_path)
    (row,) = Findings.load(tmp_path).tables[0].rows
    assert row == [0.5, 3, True]
    assert [type(cell) for cell in row] == [float, int, bool]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=4))
def test_any_cells_survive(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("findings")
    findings(tables=[Table("t", ["a", "b"], rows)]).save(folder)
    assert repr(Findings.load(folder).tables[0].rows) == repr(rows)


def test_a_failed_save_keeps_the_old_file(tmp_path, monkeypatch):
    findings().save(tmp_path)

    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        findings(title="New").save(tmp_path)
    assert Findings.load(tmp_path).title == "Momentum"
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_findings_without_charts_are_read(tmp_path):
    path = findings(charts=[]).save(tmp_path)
    path.write_text(path.read_text().replace(',\n "charts": []', ""))
    assert "charts" not in path.read_text()
    assert Findings.load(tmp_path) == findings(charts=[])


def test_missing_file(tmp_path):
    with pytest.raises(FindingsError, match=r"findings\.json does not exist: run the study first"):
        Findings.load(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace('"title"', '"titel"', 1),
        lambda text: text.replace('"erratum"', '"wrong"'),
        lambda text: text.replace('"claims"', '"claim"'),
        lambda text: text.replace('"Losses"', '"Losses", "extra": 1'),
        lambda text: text.replace('"Adam",', ""),
    ],
)
def test_damaged_file(tmp_path, damage):
    path = findings().save(tmp_path)
    damaged = damage(path.read_text())
    assert damaged != path.read_text()
    path.write_text(damaged)
    with pytest.raises(FindingsError, match="is damaged") as error:
        Findings.load(tmp_path)
    assert "\n" not in str(error.value)


def test_table_rejects_a_row_of_another_length():
    with pytest.raises(ValueError, match="'Losses' has 2 columns but a row of 3"):
        Table("Losses", ["a", "b"], [[1, 2, 3]])
