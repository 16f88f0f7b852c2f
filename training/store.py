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


KEY = "[0-9a-f]" * 16
"""Pattern of a run's key, for `Path.glob`: files of other names in a cache are not ours."""


class RunCache:
    """A folder with two files for each run: KEY.json for facts, KEY.npz for arrays.

    The JSON file is written last and holds the hash of the other and its own, so a run killed
    while being stored is simply not there, and damage is noticed.
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
            stored = _read_json(path.read_bytes())
            arrays = self._path(config, ".npz").read_bytes()
            if _sha256(arrays) != stored.pop("curves_sha256"):
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
        facts = {**record.facts(), "curves_sha256": _sha256(arrays)}
        write_atomically(self._path(record.config, ".npz"), arrays)
        write_atomically(self._path(record.config, ".json"), _json_bytes(facts))

    def __contains__(self, config):
        return (self.folder / f"{config.key}.json").exists()

    def remove(self, config):
        """Remove the record of a config, where there is one."""
        for path in self.paths(config.key):  # in this order a kill between leaves no half record
            path.unlink(missing_ok=True)

    def stored_keys(self):
        """The keys of all runs that are stored, a set."""
        return {path.stem for path in self.folder.glob(f"{KEY}.json")}

    def paths(self, key):
        """The two files of a run, which need not exist."""
        return [self.folder / f"{key}{suffix}" for suffix in (".json", ".npz")]

    def facts(self, key):
        """The facts of a stored run, as a JSON object, unchecked."""
        return json.loads((self.folder / f"{key}.json").read_bytes())

    def ask(self, study, configs):
        """Keep that a study asks for these runs, so that `clean` can tell whose they are."""
        path = self.folder / "asked" / f"{study}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+") as file:
            file.seek(0)
            new = {config.key for config in configs} - set(file.read().split())
            file.write("".join(f"{key}\n" for key in sorted(new)))

    def asked(self):
        """Study → keys of the runs it ever asked for, a set."""
        paths = (self.folder / "asked").glob("*.txt")
        return {path.stem: set(path.read_text(errors="replace").split()) for path in paths}

    def forget(self, studies):
        """Remove what `ask` keeps of studies."""
        for study in studies:
            (self.folder / "asked" / f"{study}.txt").unlink(missing_ok=True)

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
        about = _read_json(about)
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
    return _formatted(content | {"sha256": _sha256(_formatted(content))})


def _read_json(stored):
    """The content of `_json_bytes`, where no byte has changed since; older files hold no hash."""
    content = json.loads(stored)
    said = content.pop("sha256", None)
    if said is not None and said != _sha256(_formatted(content)):
        raise ValueError("its facts do not match their hash")
    return content


def _formatted(content):
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def _sha256(content):
    return hashlib.sha256(content).hexdigest()


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
