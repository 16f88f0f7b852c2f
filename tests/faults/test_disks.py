"""A disk that is full, and a folder that cannot be written."""

import shutil
import subprocess

import pytest

from training.store.run_cache import RunCache


@pytest.fixture
def mounted(tmp_path):
    """A function of options of `mount`: a folder that has been mounted with them."""
    folders = []

    def mount(*options):
        folder = tmp_path / f"mounted{len(folders)}"
        folder.mkdir()
        done = subprocess.run(
            ["mount", *map(str, options), folder], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"needs the right to mount: {done.stderr.strip()}")
        folders.append(folder)
        return folder

    if not shutil.which("mount"):
        pytest.skip("needs mount, as Linux has it")
    yield mount
    for folder in folders:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.slow
def test_a_full_disk_loses_nothing_and_a_larger_one_goes_on(mounted, small, sweep, survived):
    folder = mounted("-t", "tmpfs", "-o", "size=60k", "tmpfs")
    configs = [small(epochs=100, seed=seed) for seed in range(12)]
    cache = RunCache(folder)
    with sweep(configs, folder) as process:
        error = process.stderr.read()
        assert process.wait() == 1  # as `sys.exit` with a message
    assert "No space left on device" in error
    assert "Traceback" not in error
    stored = [config for config in configs if cache.load(config)]
    assert 0 < len(stored) < len(configs)
    subprocess.run(["mount", "-o", "remount,size=10m", folder], check=True)
    with sweep(configs, folder) as process:
        assert (process.wait(), process.stderr.read()) == (0, "")
    assert all(cache.load(config) for config in configs)
    survived["full disks"] += 1


@pytest.mark.parametrize("option", ["--runs", "--out"])
def test_a_read_only_folder_is_found_before_training(mounted, tmp_path, exit_of, survived, option):
    folder = mounted("-t", "tmpfs", "-o", "ro", "tmpfs")
    places = {"--runs": tmp_path / "runs", "--out": tmp_path / "out", option: folder}
    options = [str(word) for pair in places.items() for word in pair]
    code, _, error = exit_of("run", "momentum_nesterov", "--data", "stand-in", *options)
    assert code == 2
    assert error.splitlines() == [
        f"error: cannot write to {folder} (Read-only file system); "
        f"give another folder with {option}"
    ]
    survived["read-only folders"] += 1
