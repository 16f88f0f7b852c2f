"""What studies compute themselves, stored beside their records in one file without pickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.store.files import (
    DamagedRecordError,
    array_bytes,
    first_line,
    read_arrays,
    write_atomically,
)

FILE_NAME = "computed.npz"

_STRUCTURE, _ARRAY = "structure", "array"


def save_computed(folder: str | Path, values: Mapping[str, Any], provenance: dict) -> None:
    """Write what a study computed into `computed.npz` of a folder; without values, remove it.

    Args:
        folder: An existing folder.
        values: Name → what was computed, as `as_stored` returns it.
        provenance: JSON object that says where it was computed, as `provenance()` returns it.
    """
    path = Path(folder) / FILE_NAME
    if not values:
        path.unlink(missing_ok=True)
        return
    arrays: dict[str, NDArray[Any]] = {}
    structure = {"provenance": provenance, "values": _taken_apart(dict(values), arrays)}
    text = np.frombuffer(json.dumps(structure, sort_keys=True).encode(), np.uint8)
    write_atomically(path, array_bytes({_STRUCTURE: text, **arrays}))


def load_computed(folder: str | Path) -> tuple[dict[str, Any], dict | None]:
    """What `save_computed` wrote: the values by name, and the provenance; {} and None if nothing.

    Raises:
        DamagedRecordError: If the file cannot be read.
    """
    path = Path(folder) / FILE_NAME
    if not path.exists():
        return {}, None
    try:
        arrays = read_arrays(path)
        structure = json.loads(arrays[_STRUCTURE].tobytes())
        return _put_together(structure["values"], arrays), structure["provenance"]
    except Exception as error:  # damage shows as whatever the decoders meet first
        raise DamagedRecordError(
            f"{path} is damaged ({first_line(error)}); run the study again to renew it"
        ) from error


def as_stored(value: Any) -> Any:
    """A value as it comes back from the file, so that storing it changes nothing.

    Args:
        value: Dictionaries with text as keys, lists, tuples (which become lists), NumPy arrays and
            numbers (which become arrays and Python's numbers), numbers, truth values, text and
            None, nested as you like.

    Raises:
        TypeError: If it holds anything else.
    """
    arrays: dict[str, NDArray[Any]] = {}
    return _put_together(json.loads(json.dumps(_taken_apart(value, arrays))), arrays)


def _taken_apart(value, arrays):
    """The value as JSON, in which each array stands as its place in `arrays`, which is filled."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        place = f"array_{len(arrays)}"
        arrays[place] = value
        return {_ARRAY: place}
    if isinstance(value, np.generic):
        return _taken_apart(value.item(), arrays)
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError(f"keys must be text to be stored, not {list(value)[:3]}")
        items = {key: _taken_apart(item, arrays) for key, item in value.items()}
        return {"keys": list(items), "items": list(items.values())}
    if isinstance(value, list | tuple):
        return [_taken_apart(item, arrays) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be stored; give arrays, numbers and text")


def _put_together(value, arrays):
    if isinstance(value, list):
        return [_put_together(item, arrays) for item in value]
    if isinstance(value, dict) and _ARRAY in value:
        return arrays[value[_ARRAY]]
    if isinstance(value, dict):
        items = [_put_together(item, arrays) for item in value["items"]]
        return dict(zip(value["keys"], items, strict=True))
    return value
