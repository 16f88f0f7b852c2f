"""Archives: the records of a whole report's study in two files."""

import hashlib
import os
from pathlib import Path

from training.record import RunRecord
from training.store.computed import FILE_NAME as COMPUTED
from training.store.files import (
    DamagedRecordError,
    array_bytes,
    first_line,
    json_bytes,
    read_arrays,
    read_json,
    write_atomically,
)

RECORDS = ("records.json", "records.npz")
"""Files of an archive."""


def is_stored(folder: str | os.PathLike) -> bool:
    """Whether a folder holds an archive."""
    return (Path(folder) / RECORDS[0]).exists()


def stored_hash(folder: str | os.PathLike) -> str:
    """SHA-256 of all that is stored for a study: its archive, and what it computed itself.

    Args:
        folder: Folder of the study in a report.

    Returns:
        Hexadecimal digits.

    Raises:
        FileNotFoundError: If there is no archive.
    """
    paths = [Path(folder) / name for name in RECORDS]
    computed = Path(folder) / COMPUTED
    paths += [computed] if computed.exists() else []
    hashed = hashlib.sha256()
    for path in paths:
        hashed.update(hashlib.sha256(path.read_bytes()).digest())
    return hashed.hexdigest()


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
    write_atomically(Path(folder) / "records.npz", array_bytes(arrays))
    write_atomically(Path(folder) / "records.json", json_bytes({**about, "records": facts}))


def load_archive(folder):
    """Return what `save_archive` stored: `about`, and key → record.

    The keys are those that the configs had when they were stored. Options that were stated at
    their defaults counted then; find a run by its config.

    Raises:
        FileNotFoundError: when there is no archive.
        DamagedRecordError: when it cannot be read.
    """
    path = Path(folder) / "records.json"
    about = path.read_bytes()
    try:
        about = read_json(about)
        facts = about.pop("records")
        arrays = {key: {} for key in facts}
        for name, array in read_arrays(path.with_suffix(".npz")).items():
            key, _, name_in_record = name.partition("/")
            arrays[key][name_in_record] = array
        return about, {key: RunRecord.from_parts(facts[key], arrays[key]) for key in facts}
    except Exception as error:  # as in RunCache.load
        raise DamagedRecordError(
            f"archive {path} is damaged ({first_line(error)}); run the study again to renew it"
        ) from error
