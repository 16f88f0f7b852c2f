"""Archives: all records of a study of a report, in two files."""

import hashlib
import os
from collections.abc import Iterable
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


def save_archive(folder: str | Path, about: dict, records: Iterable[RunRecord]) -> None:
    """Write records into `records.json` and `records.npz` of a folder.

    The same records give the same bytes.

    Args:
        folder: str or `Path`. An existing folder.
        about: JSON object that is stored with them.
        records: iterable of `RunRecord`, in any order.
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


def load_archive(folder: str | Path) -> tuple[dict, dict[str, RunRecord]]:
    """Return what `save_archive` stored.

    Args:
        folder: str or `Path`. The archive's folder.

    Returns:
        `about`, and a dict from key to `RunRecord`. The keys are those that the configs had when
        they were stored: options stated at their defaults counted then. Find a run by its config.

    Raises:
        FileNotFoundError: if there is no archive.
        DamagedRecordError: if it cannot be read.
    """
    path = Path(folder) / "records.json"
    stored = path.read_bytes()
    try:
        about = read_json(stored)
        facts = about.pop("records")
        arrays: dict[str, dict] = {key: {} for key in facts}
        for name, array in read_arrays(path.with_suffix(".npz")).items():
            key, _, name_in_record = name.partition("/")
            arrays[key][name_in_record] = array
        return about, {key: RunRecord.from_parts(facts[key], arrays[key]) for key in facts}
    except Exception as error:  # as in RunCache.load
        raise DamagedRecordError(
            f"archive {path} is damaged ({first_line(error)}); run the study again to renew it"
        ) from error
