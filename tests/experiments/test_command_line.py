import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest
import typer
from markupsafe import escape

from experiments import study_names
from experiments.__main__ import app
from experiments.commands import running
from experiments.commands.studies import find_study
from reporting import Findings
from reporting.study import study
from reporting.verdicts.claims import SOURCES
from training import FailedRunsError, RunsInterrupted
from training.provenance import ROOT
from training.store.archive import load_archive
from training.store.failures import Failure


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.delenv("DESCENT_DATA_DIR", raising=False)
    monkeypatch.setenv("DESCENT_RUNS_DIR", str(tmp_path / "runs"))


@pytest.fixture
def made_up_runs(made_up_record, monkeypatch):
    """The options of each call of `run_all`, which trains nothing."""
    calls = []

    def run_all(configs, **options):
        calls.append(options)
        return [made_up_record(config) for config in configs]

    monkeypatch.setattr(running, "run_all", run_all)
    return calls


def test_list_names_every_study(exit_of):
    code, out, _ = exit_of("list")
    assert code == 0
    assert set(study_names()) <= set(out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nope"], ["study 'nope'", "full_vs_minibatch", "momentum_nesterov"]),
        (["run"], ["--all", "momentum_nesterov"]),
        (["run", "momentum_nesterov", "--all"], ["--all"]),
        (["run", "--all", "--preset", "big"], ["--preset 'big'", "quick, paper"]),
        (["run", "--all", "--data", "fake"], ["--data 'fake'", "auto, real, stand-in"]),
        (["run", "--all", "--seeds", "0"], ["--seeds", "at least 1", "not 0"]),
        (["run", "--all", "--jobs", "0"], ["--jobs", "at least 1", "not 0"]),
        (
            ["run", "--all", "--data", "real", "--data-dir", "."],
            ["cifar10.npz", "--data-dir"],
        ),
        (["report", "--preset", "big"], ["--preset 'big'", "quick, paper"]),
        (["report", "--out", "empty"], ["empty", "no records", "run --all"]),
        (["export", "--preset", "big"], ["--preset 'big'", "quick, paper"]),
        (["export", "--format", "xls"], ["--format 'xls'", "csv, parquet"]),
        (["export", "table.xls"], ["--format 'xls'", "csv, parquet"]),
        (["export", "--out", "empty"], ["empty", "no records", "run --all"]),
        (["rum"], ["no such command 'rum'", "experiments --help"]),
        (["run", "--seeds", "many"], ["'--seeds'", "valid integer", "experiments run --help"]),
        (["run", "--seeds"], ["'--seeds' requires an argument", "--help"]),
        (["run", "--sedes", "3"], ["no such option: --sedes", "--seeds", "run --help"]),
        (["list", "all"], ["unexpected extra argument", "list --help"]),
        (["clean", "nope"], ["study 'nope'", "momentum_nesterov"]),
        (["clean", "--older-than", "3x"], ["--older-than", "30d", "not '3x'"]),
        (
            ["run", "--all", "--data", "stand-in", "--cluster", "here"],
            ["address of a cluster", "tcp://HOST:PORT", "not 'here'"],
        ),
    ],
)
def test_a_mistake_gets_one_clear_line(exit_of, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, _, err = exit_of(*arguments)
    assert code == 2
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err


@pytest.mark.parametrize("arguments", [[], ["--help"], ["run", "--help"]])
def test_help(exit_of, arguments):
    code, out, err = exit_of(*arguments)
    assert (code, err) == (0, "")
    assert "Usage: python -m experiments" in out
    assert "--seeds" in out if "run" in arguments else "list" in out


COMMANDS = typer.main.get_command(app).commands


@pytest.mark.parametrize("name", COMMANDS)
def test_help_explains_everything_in_sentences(name):
    command = COMMANDS[name]
    for told in (command.help, *(option.help for option in command.params)):
        assert re.fullmatch(r"[A-Z].{20,}\.", told, re.DOTALL), told
    for option in command.params:
        assert option.default is not None or option.required or "efault" in option.help, option.name


def test_an_unwritable_output_folder_is_found_before_training(exit_of, tmp_path, made_up_runs):
    (tmp_path / "file").touch()
    arguments = ["run", "--all", "--data", "stand-in", "--out", str(tmp_path / "file" / "out")]
    code, _, err = exit_of(*arguments)
    assert code == 2
    assert "cannot write" in err
    assert "--out" in err
    assert not made_up_runs


def test_an_unwritable_tensorboard_folder_is_found_before_training(exit_of, tmp_path, made_up_runs):
    (tmp_path / "file").touch()
    arguments = ["run", "--all", "--data", "stand-in", "--out", str(tmp_path / "out")]
    code, _, err = exit_of(*arguments, "--tensorboard", str(tmp_path / "file" / "events"))
    assert code == 2
    assert "cannot write" in err
    assert "--tensorboard" in err
    assert len(err.splitlines()) == 1
    assert not made_up_runs


def test_tensorboard_gets_every_run_of_the_study(exit_of, tmp_path, made_up_runs):
    out, events = tmp_path / "out", tmp_path / "events"
    arguments = ["run", "momentum_nesterov", "--data", "stand-in", "--out", str(out)]
    code, _, _ = exit_of(*arguments, "--tensorboard", str(events))
    assert code == 0
    _, records = load_archive(out / "momentum_nesterov")
    written = {path.parent.name for path in (events / "momentum_nesterov").glob("*/*tfevents*")}
    assert {name.rpartition("_")[2] for name in written} == set(records)


def test_a_damaged_data_file_is_named(exit_of, tmp_path):
    (tmp_path / "fashion_mnist.npz").write_bytes(b"no archive")
    arguments = ["run", "momentum_nesterov", "--data-dir", str(tmp_path), "--jobs", "1"]
    code, _, err = exit_of(*arguments, "--out", str(tmp_path / "out"))
    assert code == 2
    assert "fashion_mnist.npz" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("name", study_names())
def test_every_study_goes_from_runs_to_report(exit_of, tmp_path, made_up_runs, name):
    out = tmp_path / "out"
    code, printed, _ = exit_of("run", name, "--data", "stand-in", "--seeds", "2", "--out", str(out))
    assert code == 0
    assert str(out / "index.html") in printed
    study = find_study(name)
    assert study.name == name
    assert escape(study.title) in (out / "index.html").read_text()
    suffixes = {path.suffix for path in (out / name).iterdir()} - {".webp"}  # of animations
    assert suffixes == {".json", ".npz", ".svg", ".png"}
    found = Findings.load(out / name)
    assert found.claims
    assert found.figures
    assert {source[0] for source in study.sources} <= SOURCES.keys()
    assert len({claim.statement for claim in found.claims}) == len(found.claims)
    assert all(figure.caption.endswith(".") for figure in found.figures)


def test_run_and_report_end_with_the_answers_and_where_the_report_is(
    exit_of, tmp_path, made_up_runs
):
    out = tmp_path / "out"
    _, printed, _ = exit_of("run", "numpy_cnn", "--data", "stand-in", "--out", str(out))
    found = Findings.load(out / "numpy_cnn")
    assert all(claim.measured in printed for claim in found.claims if claim.mean is not None)
    assert set(found.claims[0].statement.split()) <= set(printed.split())
    assert max(map(len, printed.splitlines()[:-1])) <= 120
    assert printed.splitlines()[-1] == f"The report is {out / 'index.html'}"
    assert exit_of("report", "--out", str(out))[1] == printed


def test_run_shows_the_answers_of_the_studies_that_it_ran(exit_of, tmp_path, made_up_runs):
    arguments = ["--data", "stand-in", "--out", str(tmp_path / "out")]
    exit_of("run", "mnist_mlp", *arguments)
    _, printed, _ = exit_of("run", "numpy_cnn", *arguments)
    first = Findings.load(tmp_path / "out" / "mnist_mlp").claims[0].statement
    assert first not in printed


def test_report_draws_again_without_training(exit_of, tmp_path, made_up_runs):
    out = tmp_path / "out"
    exit_of("run", "momentum_nesterov", "--data", "stand-in", "--out", str(out))
    made_up_runs.clear()
    page = (out / "index.html").read_text()
    (out / "index.html").unlink()
    code, _, _ = exit_of("report", "--out", str(out))
    assert code == 0
    assert (out / "index.html").read_text() == page
    assert not made_up_runs


def test_report_of_several_studies_is_drawn_side_by_side(exit_of, tmp_path, made_up_runs):
    out = tmp_path / "out"
    names = ("momentum_nesterov", "validation_split")
    exit_of("run", *names, "--data", "stand-in", "--out", str(out))
    page = (out / "index.html").read_text()
    for figure in out.glob("*/*.svg"):
        figure.unlink()
    code, _, _ = exit_of("report", "--out", str(out), "--jobs", "2")
    assert code == 0
    assert (out / "index.html").read_text() == page
    (out / "validation_split" / "records.json").write_text("{")
    code, _, err = exit_of("report", "--out", str(out), "--jobs", "2")
    assert code == 2
    assert "records.json is damaged" in err
    assert "Traceback" not in err


def killed(folder):
    raise KeyboardInterrupt


@pytest.fixture
def undrawn(exit_of, tmp_path, made_up_runs, monkeypatch):
    """A report's folder in which mnist_mlp is stored, but Ctrl-C came before it was drawn."""
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(find_study("mnist_mlp"), "draw", killed)
        code, _, _ = exit_of("run", "mnist_mlp", "--data", "stand-in", "--out", str(out))
    assert code == 130
    assert {path.suffix for path in (out / "mnist_mlp").iterdir()} == {".json", ".npz"}
    return out


def test_run_catches_up_on_a_drawing_that_was_interrupted(exit_of, undrawn):
    code, _, _ = exit_of("run", "numpy_cnn", "--data", "stand-in", "--out", str(undrawn))
    assert code == 0
    page = (undrawn / "index.html").read_text()
    assert all(escape(find_study(name).title) in page for name in ("mnist_mlp", "numpy_cnn"))


def test_run_draws_findings_again_that_are_older_than_their_records(exit_of, undrawn, monkeypatch):
    options = ["--data", "stand-in", "--out", str(undrawn)]
    exit_of("report", "--out", str(undrawn))
    assert Findings.load(undrawn / "mnist_mlp").seeds == 3
    with monkeypatch.context() as patch:
        patch.setattr(find_study("mnist_mlp"), "draw", killed)
        exit_of("run", "mnist_mlp", "--seeds", "4", *options)
    assert Findings.load(undrawn / "mnist_mlp").seeds == 3
    exit_of("run", "numpy_cnn", *options)
    assert Findings.load(undrawn / "mnist_mlp").seeds == 4
    monkeypatch.setattr(find_study("mnist_mlp"), "draw", killed)
    assert exit_of("run", "numpy_cnn", *options)[0] == 0  # and does not draw it a third time


def test_a_script_names_what_else_is_not_drawn(undrawn, monkeypatch, capsys):
    arguments = ["--data", "stand-in", "--out", str(undrawn)]
    monkeypatch.setattr(sys, "argv", ["numpy_cnn", *arguments])
    with pytest.raises(SystemExit) as stopped:
        running.run_study(find_study("numpy_cnn"))
    assert stopped.value.code == 0
    err = capsys.readouterr().err
    assert "mnist_mlp has not been drawn yet" in err
    assert f"`python -m experiments report --out {undrawn}`" in err


def test_another_study_that_cannot_be_drawn_is_a_warning(exit_of, undrawn):
    (undrawn / "mnist_mlp" / "records.json").write_text("{")
    code, printed, err = exit_of("run", "numpy_cnn", "--data", "stand-in", "--out", str(undrawn))
    assert code == 0
    assert str(undrawn / "index.html") in printed
    assert "warning: cannot draw mnist_mlp: " in err
    assert "records.json is damaged" in err


def test_report_changes_nothing_that_is_drawn_already(exit_of, tmp_path, made_up_runs, monkeypatch):
    """Not even on another day and at another commit; circles computes what it shows."""

    def content():
        return {path.relative_to(out): path.read_bytes() for path in out.rglob("*.*")}

    out = tmp_path / "out"
    names = ("momentum_nesterov", "circles")
    exit_of("run", *names, "--data", "stand-in", "--seeds", "2", "--out", str(out))
    first = content()
    assert {path.suffix for path in first} >= {".html", ".json", ".npz", ".png", ".svg", ".webp"}
    monkeypatch.setattr(study, "provenance", elsewhere)
    exit_of("report", "--out", str(out), "--jobs", "1")
    assert content() == first


def elsewhere():
    return {"versions": {"python": "4"}, "processor": "Q", "commit": "def", "date": "2099-01-01"}


def test_report_names_a_damaged_record(exit_of, tmp_path, made_up_runs):
    out = tmp_path / "out"
    exit_of("run", "momentum_nesterov", "--data", "stand-in", "--out", str(out))
    (out / "momentum_nesterov" / "records.json").write_text("{")
    code, _, err = exit_of("report", "--out", str(out))
    assert code == 2
    assert "records.json is damaged" in err


@pytest.mark.parametrize("arguments", [["t.parquet"], ["t.txt", "--format", "parquet"]])
def test_export_writes_every_run_of_the_report(
    exit_of, tmp_path, monkeypatch, made_up_runs, arguments
):
    monkeypatch.chdir(tmp_path)
    exit_of("run", "momentum_nesterov", "--data", "stand-in", "--out", "out")
    code, printed, _ = exit_of("export", "--out", "out", *arguments)
    assert code == 0
    assert arguments[0] in printed
    table = pyarrow.parquet.read_table(arguments[0])
    _, records = load_archive(tmp_path / "out" / "momentum_nesterov")
    assert set(table["key"].to_pylist()) == set(records)
    assert set(table["study"].to_pylist()) == {"momentum_nesterov"}


def test_export_is_csv_in_this_folder_unless_told(exit_of, tmp_path, monkeypatch, made_up_runs):
    monkeypatch.chdir(tmp_path)
    exit_of("run", "momentum_nesterov", "--data", "stand-in", "--out", "out")
    assert exit_of("export", "--out", "out")[0] == 0
    assert (tmp_path / "records.csv").read_text().startswith('"study","key","dataset"')


def test_export_to_a_file_that_cannot_be_written(exit_of, tmp_path, made_up_runs):
    out = tmp_path / "out"
    exit_of("run", "momentum_nesterov", "--data", "stand-in", "--out", str(out))
    code, _, err = exit_of("export", "--out", str(out), str(tmp_path / "no" / "t.csv"))
    assert code == 2
    assert err.startswith("error: cannot write")
    assert "No such file" in err
    assert len(err.splitlines()) == 1


def test_a_second_study_joins_the_report_of_the_first(exit_of, tmp_path, made_up_runs):
    out, names = tmp_path / "out", ("mnist_mlp", "numpy_cnn")
    for name in names:
        exit_of("run", name, "--data", "stand-in", "--out", str(out))
    page = (out / "index.html").read_text()
    assert all(escape(find_study(name).title) in page for name in names)


def test_ctrl_c_says_how_to_go_on(exit_of, tmp_path, monkeypatch):
    def interrupted(configs, **options):
        raise RunsInterrupted(3, 8)

    monkeypatch.setattr(running, "run_all", interrupted)
    arguments = ["run", "--all", "--data", "stand-in", "--out", str(tmp_path / "out")]
    code, _, err = exit_of(*arguments)
    assert code == 130
    assert "3 of 8 runs are stored" in err
    assert "same command again to continue" in err


@pytest.fixture
def failing_studies(made_up_runs, made_up_record, monkeypatch):
    """The names of studies whose first run fails."""
    failing = set()

    def run_all(configs, study, **options):
        if study in failing:
            failure = Failure(configs[0], f"reason in {study}", Path("KEY.txt"))
            raise FailedRunsError([failure], len(configs))
        return [made_up_record(config) for config in configs]

    monkeypatch.setattr(running, "run_all", run_all)
    return failing


def test_a_failed_run_costs_only_its_study(exit_of, tmp_path, failing_studies):
    out = tmp_path / "out"
    failing_studies.add("momentum_nesterov")
    arguments = ["momentum_nesterov", "mnist_mlp", "--data", "stand-in", "--out", str(out)]
    code, printed, err = exit_of("run", *arguments)
    assert code == 2
    assert str(out / "index.html") in printed
    assert escape(find_study("mnist_mlp").title) in (out / "index.html").read_text()
    (line,) = (line for line in err.splitlines() if line.startswith("error: "))
    assert "1 of 12 runs failed" in line
    assert "reason in momentum_nesterov. Details: KEY.txt" in line
    assert "Traceback" not in err


def test_failures_of_all_studies_are_one_line(exit_of, tmp_path, failing_studies):
    names = ["momentum_nesterov", "mnist_mlp"]
    failing_studies.update(names)
    arguments = ["run", *names, "--data", "stand-in", "--out", str(tmp_path / "out")]
    code, printed, err = exit_of(*arguments)
    assert (code, printed) == (2, "")
    (line,) = (line for line in err.splitlines() if not line.startswith("warning: "))
    assert line.startswith("error: 2 of ")


def test_options_reach_the_runs(exit_of, tmp_path, made_up_runs):
    arguments = ["run", "momentum_nesterov", "--data", "stand-in", "--jobs", "1", "--out"]
    exit_of(*arguments, str(tmp_path / "out"))
    assert made_up_runs[0]["jobs"] == 1
    assert made_up_runs[0]["runs_dir"] == tmp_path / "runs"
    assert made_up_runs[0]["study"] == "momentum_nesterov"
    assert made_up_runs[0]["cluster"] is None


@pytest.mark.parametrize("name", study_names())
def test_every_study_is_a_script(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--seeds", "0"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(ROOT / "experiments" / f"{name}.py"), run_name="__main__")
    assert stopped.value.code == 2
    err = capsys.readouterr().err
    assert err == "error: --seeds must be a whole number of at least 1, not 0\n"


def test_a_script_has_the_options_of_run_but_all(exit_of, monkeypatch, capsys):
    def options(printed):
        return set(re.findall(r"--[a-z-]+", printed))

    _, of_run, _ = exit_of("run", "--help")
    monkeypatch.setattr(sys, "argv", ["circles", "--help"])
    with pytest.raises(SystemExit):
        running.run_study(find_study("circles"))
    assert options(of_run) - options(capsys.readouterr().out) == {"--all"}


def test_a_script_stores_and_reports_its_study(tmp_path, monkeypatch, capsys, made_up_runs):
    out = tmp_path / "out"
    arguments = ["--data", "stand-in", "--seeds", "2", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["momentum_nesterov", *arguments])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(ROOT / "experiments" / "momentum_nesterov.py"), run_name="__main__")
    assert stopped.value.code == 0
    assert str(out / "index.html") in capsys.readouterr().out
    assert Findings.load(out / "momentum_nesterov").seeds == 2


def test_a_study_imports_nothing_that_imports_studies():
    """Neither when it is imported nor when it begins to run as a script."""
    code = (
        "import runpy, sys\n"
        "try: runpy.run_module('experiments.errata', run_name='__main__')\n"
        "except SystemExit: print(*sorted(name for name in sys.modules if 'experiments' in name))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--seeds", "0"], cwd=ROOT, capture_output=True, text=True
    )
    imported = set(done.stdout.split())
    assert "experiments.commands.running" in imported
    assert imported.isdisjoint({"experiments.__main__", "experiments.commands.studies"})
    assert imported.isdisjoint(f"experiments.{name}" for name in study_names())


@pytest.mark.parametrize(
    "module", ["experiments", "experiments.movie_rating", "experiments.circles"]
)
def test_python_m(module):
    """What no test in this process shows: that the module is found and runs as a program."""
    arguments = ["run", "circles"] if module == "experiments" else []
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments, "--seeds", "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == "error: --seeds must be a whole number of at least 1, not 0\n"


def test_a_terminal_without_unicode_is_no_reason_to_fail():
    done = subprocess.run(
        [sys.executable, "-m", "experiments", "list"],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "full_vs_minibatch" in done.stdout


@pytest.mark.parametrize("command", ["list", "status", "clean"])
def test_what_trains_nothing_needs_none_of_the_heavy_libraries(command):
    heavy = "{'tensorflow', 'keras', 'matplotlib', 'scipy', 'joblib', 'pyarrow', 'distributed'}"
    code = (
        "import sys, contextlib, experiments.__main__ as c\n"
        f"with contextlib.suppress(SystemExit): c.main(['{command}'])\n"
        f"print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "set()"
