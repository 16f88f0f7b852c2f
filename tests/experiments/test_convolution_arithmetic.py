import dataclasses

import pytest

import experiments.convolution_arithmetic as arithmetic
from experiments.__main__ import main
from experiments.analyses.convolution_arithmetic.measurements import B_WEIGHTS
from reporting import Findings, Lab


@pytest.fixture(scope="module")
def runs():
    return arithmetic.runs(Lab("quick", 1, {}, obtain=None))


def test_a_claim_follows_the_numbers(runs):
    def erratum(runs):
        (claim,) = (c for c in arithmetic.claims(runs) if "Pooling leaves" in c.statement)
        return claim.verdict == "erratum"

    assert not erratum(runs)
    measured = dataclasses.replace(runs.measured, b_sizes=[32, 16, 16, 8, 8, 5])
    assert erratum(dataclasses.replace(runs, measured=measured))


def test_the_table_adds_up(runs):
    *rows, total = arithmetic.network(runs).rows
    assert [row[2] for row in rows] == B_WEIGHTS
    assert [row[4:] for row in rows] == [[6, 2], [16, 4], [36, 8], [60, 8], [60, 8]]
    assert (total[2], total[3]) == (1_190_160, 1_191_170)


def test_from_the_command_line_to_a_report_that_can_be_drawn_again(tmp_path, capsys):
    def succeed(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main([*arguments, "--out", str(tmp_path)])
        assert stopped.value.code == 0

    succeed("run", "convolution_arithmetic", "--data", "real")  # needs none
    page, readme = ((tmp_path / name).read_text() for name in ("index.html", "README.md"))
    assert "without runs" in page
    assert "without runs" in readme
    assert "**1,191,170**" in readme  # to the last digit, for it differs from B's in the fourth
    found = Findings.load(tmp_path / "convolution_arithmetic")
    assert (found.seeds, found.data) == (0, [])
    assert {"keras", "processor", "commit", "computed"} <= set(found.provenance)
    assert found.command == "python -m experiments run convolution_arithmetic --preset quick"
    assert len(found.figures) == 5
    for path in (tmp_path / "convolution_arithmetic").glob("*.png"):
        path.unlink()
    succeed("report")
    assert (tmp_path / "index.html").read_text() == page
    with pytest.raises(SystemExit) as stopped:
        main(["export", "--out", str(tmp_path)])
    assert stopped.value.code == 2
    assert "no runs to export" in capsys.readouterr().err
