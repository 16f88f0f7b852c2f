"""`RunCache`: a folder with the records of single runs."""

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from training.config import RunConfig
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
"""Pattern of a run's key, for `Path.glob`: other files in the folder do not belong to the cache."""


class RunCache:
    """A folder with two files for each run: KEY.json for facts, KEY.npz for arrays.

    The JSON file is written last and contains the hash of the other file and its own. So a run
    that was killed while being stored is simply not there, and damage is noticed.

    Args:
        folder: str or `Path`. Need not exist; it is created with the first record.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def load(self, config: RunConfig) -> RunRecord | None:
        """Return the record of a config, or None if it is not stored.

        Args:
            config: `RunConfig`. The run.

        Raises:
            DamagedRecordError: if the record cannot be read.
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

    def save(self, record: RunRecord) -> None:
        """Store a record, as a whole or not at all.

        Args:
            record: `RunRecord`. Replaces a stored one of the same config.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        arrays = array_bytes(record.arrays())
        facts = {**record.facts(), "curves_sha256": sha256(arrays)}
        write_atomically(self._path(record.config, ".npz"), arrays)
        write_atomically(self._path(record.config, ".json"), json_bytes(facts))

    def __contains__(self, config: RunConfig) -> bool:
        return (self.folder / f"{config.key}.json").exists()

    def remove(self, config: RunConfig) -> None:
        """Remove the record of a config, if it is stored.

        Args:
            config: `RunConfig`. The run.
        """
        for path in self.paths(config.key):  # in this order a kill between leaves no half record
            path.unlink(missing_ok=True)

    def stored_keys(self) -> set[str]:
        """Return the keys of all stored runs."""
        return {path.stem for path in self.folder.glob(f"{KEY}.json")}

    def paths(self, key: str) -> list[Path]:
        """Return the paths of a run's two files, which need not exist.

        Args:
            key: str. `RunConfig.key` of the run.
        """
        return [self.folder / f"{key}{suffix}" for suffix in (".json", ".npz")]

    def facts(self, key: str) -> Any:
        """Return the facts of a stored run as a JSON object, without checking them.

        Args:
            key: str. `RunConfig.key` of the run.
        """
        return json.loads((self.folder / f"{key}.json").read_bytes())

    def ask(self, study: str, configs: Iterable[RunConfig]) -> None:
        """Note that a study asks for runs, so that `clean` knows which runs are whose.

        Args:
            study: str. Name of the study.
            configs: iterable of `RunConfig`. The runs.
        """
        path = self.folder / "asked" / f"{study}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+") as file:
            file.seek(0)
            new = {config.key for config in configs} - set(file.read().split())
            file.write("".join(f"{key}\n" for key in sorted(new)))

    def asked(self) -> dict[str, set[str]]:
        """Return for each study the keys of all runs that it has ever asked for."""
        paths = (self.folder / "asked").glob("*.txt")
        return {path.stem: set(path.read_text(errors="replace").split()) for path in paths}

    def forget(self, studies: Iterable[str]) -> None:
        """Remove what `ask` noted.

        Args:
            studies: iterable of str. Names of studies.
        """
        for study in studies:
            (self.folder / "asked" / f"{study}.txt").unlink(missing_ok=True)

    def set_aside(self, config: RunConfig) -> Path:
        """Move a damaged record into the folder `damaged`, and return that folder.

        Args:
            config: `RunConfig`. The run.
        """
        damaged = self.folder / "damaged"
        damaged.mkdir(exist_ok=True)
        for path in self.paths(config.key):
            if path.exists():
                path.replace(damaged / path.name)
        return damaged

    def _path(self, config: RunConfig, suffix: str) -> Path:
        return self.folder / f"{config.key}{suffix}"
