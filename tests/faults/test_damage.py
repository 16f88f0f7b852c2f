"""Files of the cache, of a report and of the data, damaged in every way."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import datasets
from training import DamagedRecordError
from training.store.archive import load_archive, save_archive
from training.store.run_cache import RunCache


class Exploit:
    """Unpickled, it would do what it likes: here, stop the test."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


def archive_of(value):
    """An .npz in which the losses are a pickle."""
    file = io.BytesIO()
    np.savez(file, iteration_loss=np.array([value], dtype=object))
    return file.getvalue()


FOREIGN = {
    "nothing": b"",
    "text": "Ceci n’est pas un record.\n".encode(),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "zeros": bytes(4096),
    "JSON of something else": b"[1, 2, 3]\n",
    "an empty object": b"{}",
    "deep JSON": b"[" * 100_000,
    "a pickle": pickle.dumps(Exploit()),
    "pickled arrays": archive_of(Exploit()),
    "an array": b"\x93NUMPY\x01\x00",
}


def damages(length):
    """Functions from a file's bytes to others: cut, a few bits turned, bytes added, replaced."""
    place = st.integers(0, max(length - 1, 0))

    def turned(places):
        def turn(content):
            content = bytearray(content)
            for at, bit in places:
                content[at] ^= 1 << bit
            return bytes(content)

        return turn

    return st.one_of(
        place.map(lambda at: lambda content: content[:at]),
        st.lists(st.tuples(place, st.integers(0, 7)), min_size=1, max_size=3).map(turned),
        st.binary(min_size=1, max_size=20).map(lambda more: lambda content: content + more),
        st.sampled_from(sorted(FOREIGN)).map(lambda kind: lambda content: FOREIGN[kind]),
    )


def one_line(error):
    return len(str(error.value).strip().splitlines()) == 1


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_damaged_records_are_named_or_whole(tmp_path, make_record, same_results, survived, suffix):
    """Whatever is done to a file: the record as it was, or one line that names the file."""
    cache, record = RunCache(tmp_path), make_record()
    cache.save(record)
    path = tmp_path / f"{record.config.key}{suffix}"
    whole = path.read_bytes()

    @settings(deadline=None, max_examples=150)
    @given(damages(len(whole)))
    def damaged(damage):
        path.write_bytes(damage(whole))
        try:
            found = cache.load(record.config)
        except DamagedRecordError as error:
            assert str(tmp_path) in str(error)
            assert "\n" not in str(error)
        else:
            assert found is None or same_results(found, record)
        survived["damaged files of the cache"] += 1

    damaged()


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_damaged_archives_are_named_or_whole(tmp_path, make_record, same_results, survived, suffix):
    record = make_record()
    save_archive(tmp_path, {"preset": "quick"}, [record])
    path = tmp_path / f"records{suffix}"
    whole = path.read_bytes()

    @settings(deadline=None, max_examples=100)
    @given(damages(len(whole)))
    def damaged(damage):
        path.write_bytes(damage(whole))
        try:
            _, records = load_archive(tmp_path)
        except DamagedRecordError as error:
            assert str(tmp_path) in str(error)
            assert "\n" not in str(error)
        else:
            assert isinstance(records, dict)
            if suffix == ".npz":
                assert same_results(records[record.config.key], record)
        survived["damaged files of a report"] += 1

    damaged()


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_data_files_are_named(tmp_path, survived, data):
    """No damaged file is taken for the real images, or for the stand-in without a word."""
    rng = np.random.default_rng([0])
    file = io.BytesIO()
    np.savez(
        file,
        x_train=rng.integers(256, size=(20, 28, 28), dtype=np.uint8),
        y_train=rng.integers(10, size=20, dtype=np.uint8),
        x_test=rng.integers(256, size=(10, 28, 28), dtype=np.uint8),
        y_test=rng.integers(10, size=10, dtype=np.uint8),
    )
    damage = data.draw(damages(len(file.getvalue())))
    (tmp_path / "mnist.npz").write_bytes(damage(file.getvalue()))
    for source in ("real", "auto"):
        with pytest.raises(datasets.DataError) as error:
            datasets.load("mnist", source=source, data_dir=tmp_path)
        assert one_line(error)
        assert str(tmp_path / "mnist.npz") in str(error.value)
    survived["damaged files of the data folder"] += 1


def test_foreign_files_in_the_cache_are_left_alone(tmp_path, make_record, same_results, survived):
    cache, record = RunCache(tmp_path), make_record()
    for number, content in enumerate(FOREIGN.values()):
        (tmp_path / f"notes{number}.json").write_bytes(content)
        (tmp_path / f"{number:016x}.json").write_bytes(content)
    cache.save(record)
    assert same_results(cache.load(record.config), record)
    for number, content in enumerate(FOREIGN.values()):
        assert (tmp_path / f"notes{number}.json").read_bytes() == content
    survived["foreign files in the cache"] += 2 * len(FOREIGN)


def test_a_zip_bomb_is_not_a_record(tmp_path, make_record):
    """The hash of the arrays is checked before they are unpacked."""
    cache, record = RunCache(tmp_path), make_record()
    cache.save(record)
    with zipfile.ZipFile(tmp_path / f"{record.config.key}.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("iteration_loss.npy", bytes(50_000_000))
    with pytest.raises(DamagedRecordError, match="do not match their hash"):
        cache.load(record.config)


def test_facts_are_json_without_surprises(tmp_path, make_record):
    record = make_record()
    RunCache(tmp_path).save(record)
    facts = json.loads((tmp_path / f"{record.config.key}.json").read_bytes())
    assert set(facts) >= {"config", "final", "provenance"}
