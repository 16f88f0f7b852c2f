"""`RunCache`: a folder with the records of single runs."""

import io
import json
from pathlib import Path

from training.record import RunRecord
from training.store.files import (
    DamagedRecordError,
    array_bytes,
    first_line,
    json_bytes,
    read_arrays,
    read_json,
    sha256,
    write_atomically,
)

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
            stored = read_json(path.read_bytes())
            arrays = self._path(config, ".npz").read_bytes()
            if sha256(arrays) != stored.pop("curves_sha256"):
                raise ValueError("its arrays do not match their hash")
            record = RunRecord.from_parts(stored, read_arrays(io.BytesIO(arrays)))
        except Exception as error:  # damage shows as whatever the decoders meet first
            raise DamagedRecordError(f"record {path} is damaged ({first_line(error)})") from error
        # A config whose defaults have changed since is another run under the same key.
        return record if record.config == config else None

    def save(self, record):
        """Store a record so that it is there entirely or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        arrays = array_bytes(record.arrays())
        facts = {**record.facts(), "curves_sha256": sha256(arrays)}
        write_atomically(self._path(record.config, ".npz"), arrays)
        write_atomically(self._path(record.config, ".json"), json_bytes(facts))

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
