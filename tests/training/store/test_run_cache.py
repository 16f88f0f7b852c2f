import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training import DamagedRecordError, RunConfig
from training.store.archive import load_archive, save_archive
from training.store.run_cache import RunCache

CONFIG = RunConfig(train_size=5, batch_size=2, epochs=2)


@pytest.fixture
def cache(tmp_path):
    return RunCache(tmp_path / "runs")


@pytest.fixture
def stored(cache, make_record):
    """A cache in which CONFIG is stored."""
    cache.save(make_record(CONFIG, final=1.75))
    return cache


def files(cache):
    return [cache.folder / f"{CONFIG.key}{suffix}" for suffix in (".json", ".npz")]


def assert_damaged(cache):
    with pytest.raises(DamagedRecordError) as error:
        cache.load(CONFIG)
    message = str(error.value)
    assert str(files(cache)[0]) in message
    assert "damaged" in message
    assert "\n" not in message


# --- the cache of runs ----------------------------------------------------------------------


def test_cache_gives_what_was_saved(cache, make_record, assert_same):
    assert cache.load(CONFIG) is None
    record = make_record(CONFIG)
    cache.save(record)
    loaded = cache.load(CONFIG)
    assert loaded.config == CONFIG
    assert_same(loaded, record)
    assert cache.load(CONFIG.replace(seed=1)) is None


def test_cache_knows_and_removes_a_config(stored, make_record):
    other = CONFIG.replace(seed=1)
    stored.save(make_record(other))
    assert CONFIG in stored
    stored.remove(CONFIG)
    assert CONFIG not in stored
    assert not any(path.exists() for path in files(stored))
    assert other in stored
    stored.remove(CONFIG)  # once more, where there is none


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=30)
@given(
    losses=st.lists(st.floats(width=32), min_size=1, max_size=20),
    loss=st.floats(),
    seconds=finite,
    epochs=st.dictionaries(
        st.sampled_from(["loss", "accuracy", "val_loss"]), st.lists(st.floats(width=32))
    ),
)
def test_cache_and_archive_give_any_numbers_again(
    tmp_path_factory, make_record, losses, loss, seconds, epochs
):
    record = make_record(CONFIG, losses, {"loss": loss}, epochs, seconds=seconds)
    folder = tmp_path_factory.mktemp("store")
    cache = RunCache(folder)
    cache.save(record)
    save_archive(folder, {}, [record])
    for again in (cache.load(CONFIG), load_archive(folder)[1][CONFIG.key]):
        np.testing.assert_equal(again.facts(), record.facts())
        assert again.curves().keys() == record.curves().keys()
        for name, curve in record.curves().items():
            np.testing.assert_array_equal(again.curves()[name], curve)


def test_losses_that_are_not_finite_survive(cache, make_record):
    losses = np.float32([2.3, np.inf, np.nan])
    final = {"loss": float("nan"), "test_loss": float("inf")}
    cache.save(make_record(CONFIG, losses=losses, final=final))
    loaded = cache.load(CONFIG)
    np.testing.assert_array_equal(loaded.iteration_loss, losses)
    np.testing.assert_equal(loaded.final, final)
    assert loaded.failed


def test_same_record_gives_the_same_bytes(tmp_path, make_record):
    contents = []
    for name in ("one", "other"):
        cache = RunCache(tmp_path / name)
        cache.save(make_record(CONFIG))
        contents.append([path.read_bytes() for path in files(cache)])
    assert contents[0] == contents[1]


def test_saving_again_replaces(stored, make_record):
    stored.save(make_record(CONFIG, parameters=3))
    assert stored.load(CONFIG).parameters == 3
    assert sorted(path.name for path in stored.folder.iterdir()) == sorted(
        path.name for path in files(stored)
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b"3", b'"text"', b"{}", b"\xff\xfe", b"\x00" * 900],
)
def test_damaged_facts(stored, content):
    files(stored)[0].write_bytes(content)
    assert_damaged(stored)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive"])
def test_damaged_curves(stored, content):
    files(stored)[1].write_bytes(content)
    assert_damaged(stored)


def test_truncated_files(stored):
    for path in files(stored):
        content = path.read_bytes()
        for length in (1, len(content) // 2, len(content) - 2):
            path.write_bytes(content[:length])
            assert_damaged(stored)
        path.write_bytes(content)
    assert stored.load(CONFIG) is not None


def test_missing_curves(stored):
    files(stored)[1].unlink()
    assert_damaged(stored)


def test_curves_of_another_run(stored, make_record):
    other = CONFIG.replace(seed=1)
    stored.save(make_record(other, losses=[1, 2, 3]))
    (stored.folder / f"{other.key}.npz").replace(files(stored)[1])
    with pytest.raises(DamagedRecordError, match="its arrays do not match their hash"):
        stored.load(CONFIG)


def test_a_changed_number_is_damage(stored):
    path = files(stored)[0]
    path.write_bytes(path.read_bytes().replace(b"1.75", b"1.25"))
    with pytest.raises(DamagedRecordError, match="its facts do not match their hash"):
        stored.load(CONFIG)


def edit(stored, **changes):
    """Edit the facts, without their hash, as files did not hold one once."""
    facts = json.loads(files(stored)[0].read_bytes())
    del facts["sha256"]
    for field, value in changes.items():
        facts[field] = facts[field] | value if isinstance(value, dict) else value
    files(stored)[0].write_text(json.dumps(facts))


@pytest.mark.parametrize(
    "changes",
    [
        {"curves_sha256": "0" * 64},
        {"colour": "red"},
        {"config": {"optimizer": "sdg"}},
        {"config": {"colour": "red"}},
        {"config": None},
        {"config": {"seed": None}},
    ],
)
def test_edited_facts(stored, changes):
    edit(stored, **changes)
    assert_damaged(stored)


def test_config_whose_default_has_changed_is_not_there(stored):
    """The key leaves defaults out, so the stored config tells what the default was."""
    edit(stored, config={"learning_rate": 0.5})
    assert stored.load(CONFIG) is None


def test_run_killed_while_being_stored_is_not_there(stored, make_record, assert_same):
    files(stored)[0].unlink()  # the curves come first
    assert stored.load(CONFIG) is None
    stored.save(make_record(CONFIG))
    assert_same(stored.load(CONFIG), make_record(CONFIG))


def test_facts_are_written_last(cache, make_record, monkeypatch):
    written = []
    replace = Path.replace

    def note(self, target):
        written.append(target.suffix)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", note)
    cache.save(make_record(CONFIG))
    assert written == [".npz", ".json"]


@pytest.mark.parametrize("present", [(".json", ".npz"), (".json",)])
def test_set_aside(stored, present, make_record):
    for path in files(stored):
        if path.suffix not in present:
            path.unlink()
    folder = stored.set_aside(CONFIG)
    assert folder == stored.folder / "damaged"
    assert {path.suffix for path in folder.iterdir()} == set(present)
    assert stored.load(CONFIG) is None
    stored.save(make_record(CONFIG))
    stored.set_aside(CONFIG)  # a second time
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("failing", ["write_bytes", "replace"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_failed_write_leaves_what_was_there(stored, make_record, monkeypatch, failing, error):
    def fail(self, *arguments):
        if failing == "write_bytes":
            self.touch()
        raise error("no space left on device")

    before = {path: path.read_bytes() for path in stored.folder.iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(Path, failing, fail)
        with pytest.raises(error):
            stored.save(make_record(CONFIG, parameters=3))
    assert {path: path.read_bytes() for path in stored.folder.iterdir()} == before
    assert stored.load(CONFIG).parameters == 10


def test_folder_that_cannot_be(tmp_path, make_record):
    (tmp_path / "file").write_text("")
    cache = RunCache(tmp_path / "file" / "runs")
    assert cache.load(CONFIG) is None
    with pytest.raises(OSError, match="file"):
        cache.save(make_record(CONFIG))


def test_keys_and_paths_of_what_is_stored(stored, make_record):
    other = CONFIG.replace(seed=1)
    assert stored.stored_keys() == {CONFIG.key}
    assert [config in stored for config in (CONFIG, other)] == [True, False]
    assert stored.paths(CONFIG.key) == files(stored)
    assert RunConfig.from_json(stored.facts(CONFIG.key)["config"]) == CONFIG
    assert not any(path.exists() for path in stored.paths(other.key))


def test_empty_cache_has_no_keys(cache):
    assert cache.stored_keys() == set()
    assert cache.asked() == {}


def test_what_studies_asked_for(cache):
    one, two, three = (CONFIG.replace(seed=seed) for seed in range(3))
    cache.ask("momentum", [one, two])
    cache.ask("momentum", [two, three])
    cache.ask("search dense", [three])
    assert cache.asked() == {
        "momentum": {one.key, two.key, three.key},
        "search dense": {three.key},
    }
    path = cache.folder / "asked" / "momentum.txt"
    assert len(path.read_text().splitlines()) == 3
    written = path.stat().st_mtime_ns
    cache.ask("momentum", [one, three])
    assert path.stat().st_mtime_ns == written
    cache.forget(["momentum", "none"])
    assert cache.asked().keys() == {"search dense"}


# --- the archive of a study -----------------------------------------------------------------


@pytest.fixture
def records(make_record):
    return [make_record(CONFIG.replace(seed=seed), losses=[seed, 2, 1]) for seed in range(3)]


def test_archive_gives_what_was_saved(tmp_path, records, assert_same):
    save_archive(tmp_path, {"study": "momentum", "seeds": 3}, records)
    about, loaded = load_archive(tmp_path)
    assert about == {"study": "momentum", "seeds": 3}
    assert loaded.keys() == {record.config.key for record in records}
    for record in records:
        assert loaded[record.config.key].config == record.config
        assert_same(loaded[record.config.key], record)


def test_archive_of_the_same_records_has_the_same_bytes(tmp_path, records):
    contents = []
    for name, order in (("one", records), ("other", records[::-1])):
        folder = tmp_path / name
        folder.mkdir()
        save_archive(folder, {"a": 1, "b": 2}, order)
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert contents[0] == contents[1]
    assert contents[0].keys() == {"records.json", "records.npz"}


def test_empty_archive(tmp_path):
    save_archive(tmp_path, {}, [])
    assert load_archive(tmp_path) == ({}, {})


def test_archive_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_archive(tmp_path)


def assert_archive_damaged(folder):
    with pytest.raises(DamagedRecordError, match="run the study again") as error:
        load_archive(folder)
    assert str(folder / "records.json") in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b'"text"', b"{}", b"\xff"])
def test_archive_with_damaged_facts(tmp_path, records, content):
    save_archive(tmp_path, {}, records)
    (tmp_path / "records.json").write_bytes(content)
    assert_archive_damaged(tmp_path)


def test_archive_without_its_curves(tmp_path, records):
    save_archive(tmp_path, {}, records)
    (tmp_path / "records.npz").unlink()
    assert_archive_damaged(tmp_path)


def test_archive_with_the_curves_of_another(tmp_path, records):
    save_archive(tmp_path, {}, records[:2])
    facts = (tmp_path / "records.json").read_bytes()
    save_archive(tmp_path, {}, records[1:])
    (tmp_path / "records.json").write_bytes(facts)
    assert_archive_damaged(tmp_path)


@settings(
    deadline=None,
    max_examples=150,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_archive_with_damaged_curves_never_gives_other_numbers(
    tmp_path_factory, records, assert_same, data
):
    folder = tmp_path_factory.mktemp("archive")
    save_archive(folder, {}, records)
    path = folder / "records.npz"
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
    else:
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    path.write_bytes(content)
    with contextlib.suppress(DamagedRecordError):
        _, loaded = load_archive(folder)
        for record in records:  # the byte means nothing, such as one of a date
            assert_same(loaded[record.config.key], record)
