"""Where records are kept: a cache of single runs, and an archive of many in two files."""

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np

from training.record import RunRecord


class DamagedRecordError(ValueError):
    """A stored record that cannot be read; the message names the file."""


class RunCache:
    """A folder with two files for each run: KEY.json for facts, KEY.npz for arrays.

    The JSON file is written last and holds the hash of the other, so a run killed while being
    stored is simply not there, and damage is noticed.
    """

    def __init__(self, folder):
        self.folder = Path(folder)

    def load(self, config):
        """The record of a config, or None.

        Raises:
            DamagedRecordError: when there is one that cannot be read.
        """
        path = self._path(config, ".json")
        if not path.exists():
            return None
        try:
            stored = json.loads(path.read_bytes())
            arrays = self._path(config, ".npz").read_bytes()
            if hashlib.sha256(arrays).hexdigest() != stored.pop("curves_sha256"):
                raise ValueError("its arrays do not match their hash")
            record = RunRecord.from_parts(stored, _read_arrays(io.BytesIO(arrays)))
        except Exception as error:  # damage shows as whatever the decoders meet first
            raise DamagedRecordError(f"record {path} is damaged ({_first_line(error)})") from error
        # A config whose defaults have changed since is another run under the same key.
        return record if record.config == config else None

    def save(self, record):
        """Store a record so that it is there entirely or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        arrays = _array_bytes(record.arrays())
        facts = {**record.facts(), "curves_sha256": hashlib.sha256(arrays).hexdigest()}
        write_atomically(self._path(record.config, ".npz"), arrays)
        write_atomically(self._path(record.config, ".json"), _json_bytes(facts))

    def set_aside(self, config):
        """Move a damaged record into the folder `damaged`, and return that folder."""
        damaged = self.folder / "damaged"
        damaged.mkdir(exist_ok=True)
        for suffix in (".json", ".npz"):
            path = self._path(config, suffix)
            if path.exists():
                path.replace(damaged / path.name)
        return damaged

    def _path(self, config, suffix):
        return self.folder / f"{config.key}{suffix}"


def save_archive(folder, about, records):
    """Write records into `records.json` and `records.npz` of a folder.

    The same records give the same bytes.

    Args:
        folder: an existing folder.
        about: JSON object stored with them.
        records: `RunRecord`s.
    """
    records = sorted(records, key=lambda record: record.config.key)
    arrays = {
        f"{record.config.key}/{name}": array
        for record in records
        for name, array in record.arrays().items()
    }
    facts = {record.config.key: record.facts() for record in records}
    write_atomically(Path(folder) / "records.npz", _array_bytes(arrays))
    write_atomically(Path(folder) / "records.json", _json_bytes({**about, "records": facts}))


def load_archive(folder):
    """Return what `save_archive` stored: `about`, and config's key → record.

    Raises:
        FileNotFoundError: when there is no archive.
        DamagedRecordError: when it cannot be read.
    """
    path = Path(folder) / "records.json"
    about = path.read_bytes()
    try:
        about = json.loads(about)
        facts = about.pop("records")
        arrays = {key: {} for key in facts}
        for name, array in _read_arrays(path.with_suffix(".npz")).items():
            key, _, name_in_record = name.partition("/")
            arrays[key][name_in_record] = array
        return about, {key: RunRecord.from_parts(facts[key], arrays[key]) for key in facts}
    except Exception as error:  # as in RunCache.load
        raise DamagedRecordError(
            f"archive {path} is damaged ({_first_line(error)}); run the study again to renew it"
        ) from error


def _array_bytes(arrays):
    """A compressed .npz; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
            # ZipInfo's default date is fixed, unlike that of numpy.savez.
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy"),
                member.getvalue(),
                compress_type=zipfile.ZIP_DEFLATED,
            )
    return buffer.getvalue()


def _read_arrays(file):
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def _json_bytes(content):
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def write_atomically(path, content):
    """Write a file through a temporary one beside it: readers see the old or the new whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _first_line(error):
    return str(error).partition("\n")[0] or type(error).__name__
