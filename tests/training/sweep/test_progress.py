"""What a sweep shows while it goes on."""

from training import run_all
from training.sweep.progress import progress_line


def test_progress(trained, tmp_path, capsys, configs):
    run_all(configs[:2], runs_dir=tmp_path / "quiet")
    assert capsys.readouterr() == ("", "")
    run_all(configs[:2], runs_dir=tmp_path / "shown", progress="small")
    out, error = capsys.readouterr()
    assert out == ""
    assert "small" in error
    assert "2/2" in error
    run_all(configs[:2], runs_dir=tmp_path / "shown", progress="small")
    assert capsys.readouterr() == ("", "")


def test_progress_names_the_last_run(capsys, monkeypatch, small):
    monkeypatch.setenv("COLUMNS", "200")
    one = small(optimizer="adam", learning_rate=0.001)
    with progress_line([one, one, one], "a study") as advance:
        advance(one, "diverged")
    error = capsys.readouterr().err
    assert "a study" in error
    assert "1/3" in error
    assert "last: dense adam rate 0.001 batch 16 seed 0 diverged" in error
