import subprocess
import sys

import numpy as np
import pytest
from markupsafe import escape

import experiments.__main__ as command_line
from training import RunsInterrupted
from training.provenance import ROOT


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.delenv("DESCENT_DATA_DIR", raising=False)
    monkeypatch.setenv("DESCENT_RUNS_DIR", str(tmp_path / "runs"))


@pytest.fixture
def made_up_runs(make_record, monkeypatch):
    """No training: losses that fall, noisier for small batches, lower for momentum."""
    calls = []

    def run_all(configs, **options):
        calls.append(options)
        records = []
        for config in configs:
            per_epoch = -(-config.train_size // config.batch_size)
            iterations = config.iterations or config.epochs * per_epoch
            rng = np.random.default_rng([config.seed, config.batch_size])
            noise = rng.normal(size=iterations) / np.sqrt(config.batch_size)
            losses = 2 * np.exp(-np.arange(iterations) / iterations) + 0.5 * noise
            final = abs(np.log10(config.learning_rate / 0.1)) + 1 + rng.normal() / 100
            final -= 0.2 * (config.optimizer != "sgd")
            records.append(make_record(config, losses, final, seconds=config.batch_size / 100))
        return records

    monkeypatch.setattr(command_line, "run_all", run_all)
    return calls


def exit_of(capsys, *arguments):
    """Exit code, standard output and standard error of the command line."""
    with pytest.raises(SystemExit) as stopped:
        command_line.main(list(arguments))
    captured = capsys.readouterr()
    return stopped.value.code, captured.out, captured.err


def test_list_names_every_study(capsys):
    code, out, _ = exit_of(capsys, "list")
    assert code == 0
    assert set(command_line.study_names()) <= set(out.split())


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
            ["fashion_mnist.npz", "--data-dir"],
        ),
        (["report", "--preset", "big"], ["--preset 'big'", "quick, paper"]),
        (["report", "--out", "empty"], ["empty", "no records", "run --all"]),
    ],
)
def test_a_mistake_gets_one_clear_line(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, _, err = exit_of(capsys, *arguments)
    assert code == 2
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err


def test_an_unwritable_output_folder_is_found_before_training(capsys, tmp_path, made_up_runs):
    (tmp_path / "file").touch()
    arguments = ["run", "--all", "--data", "stand-in", "--out", str(tmp_path / "file" / "out")]
    code, _, err = exit_of(capsys, *arguments)
    assert code == 2
    assert "cannot write" in err
    assert "--out" in err
    assert not made_up_runs


def test_a_damaged_data_file_is_named(capsys, tmp_path):
    (tmp_path / "fashion_mnist.npz").write_bytes(b"no archive")
    arguments = ["run", "momentum_nesterov", "--data-dir", str(tmp_path), "--jobs", "1"]
    code, _, err = exit_of(capsys, *arguments, "--out", str(tmp_path / "out"))
    assert code == 2
    assert "fashion_mnist.npz" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("name", command_line.study_names())
def test_every_study_goes_from_runs_to_report(capsys, tmp_path, made_up_runs, name):
    out = tmp_path / "out"
    code, printed, _ = exit_of(
        capsys, "run", name, "--data", "stand-in", "--seeds", "2", "--out", str(out)
    )
    assert code == 0
    assert str(out / "index.html") in printed
    study = command_line.find_study(name)
    assert study.name == name
    assert escape(study.title) in (out / "index.html").read_text()
    assert {path.suffix for path in (out / name).iterdir()} == {".json", ".npz", ".svg", ".png"}


def test_report_draws_again_without_training(capsys, tmp_path, made_up_runs):
    out = tmp_path / "out"
    exit_of(capsys, "run", "momentum_nesterov", "--data", "stand-in", "--out", str(out))
    made_up_runs.clear()
    page = (out / "index.html").read_text()
    (out / "index.html").unlink()
    code, _, _ = exit_of(capsys, "report", "--out", str(out))
    assert code == 0
    assert (out / "index.html").read_text() == page
    assert not made_up_runs


def test_report_names_a_damaged_record(capsys, tmp_path, made_up_runs):
    out = tmp_path / "out"
    exit_of(capsys, "run", "momentum_nesterov", "--data", "stand-in", "--out", str(out))
    (out / "momentum_nesterov" / "records.json").write_text("{")
    code, _, err = exit_of(capsys, "report", "--out", str(out))
    assert code == 2
    assert "records.json is damaged" in err


def test_a_second_study_joins_the_report_of_the_first(capsys, tmp_path, made_up_runs):
    out = tmp_path / "out"
    for name in command_line.study_names():
        exit_of(capsys, "run", name, "--data", "stand-in", "--out", str(out))
    page = (out / "index.html").read_text()
    assert all(escape(study.title) in page for study in command_line.all_studies())


def test_ctrl_c_says_how_to_go_on(capsys, tmp_path, monkeypatch):
    def interrupted(configs, **options):
        raise RunsInterrupted(3, 8)

    monkeypatch.setattr(command_line, "run_all", interrupted)
    arguments = ["run", "--all", "--data", "stand-in", "--out", str(tmp_path / "out")]
    code, _, err = exit_of(capsys, *arguments)
    assert code == 130
    assert "3 of 8 runs are stored" in err
    assert "same command goes on" in err


def test_options_reach_the_runs(capsys, tmp_path, made_up_runs):
    arguments = ["run", "momentum_nesterov", "--data", "stand-in", "--jobs", "1", "--out"]
    exit_of(capsys, *arguments, str(tmp_path / "out"))
    assert made_up_runs[0]["jobs"] == 1
    assert made_up_runs[0]["runs_dir"] == tmp_path / "runs"


@pytest.mark.parametrize("name", command_line.study_names())
def test_every_study_is_a_script(name):
    done = subprocess.run(
        [sys.executable, "-m", f"experiments.{name}", "--seeds", "0"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--seeds" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_listing_needs_none_of_the_heavy_libraries():
    heavy = "{'tensorflow', 'keras', 'matplotlib', 'scipy', 'joblib'}"
    code = (
        "import sys, contextlib, experiments.__main__ as c\n"
        "with contextlib.suppress(SystemExit): c.main(['list'])\n"
        f"print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "set()"
