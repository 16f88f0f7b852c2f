"""Files that are written as a whole or not at all, and whose damage is noticed."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray


class DamagedRecordError(ValueError):
    """A stored record that cannot be read; the message names the file."""


def array_bytes(arrays: Mapping[str, ArrayLike]) -> bytes:
    """Return arrays as a compressed .npz; equal arrays give equal bytes.

    Args:
        arrays: dict from name to array.
    """
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


def read_arrays(file: str | Path | BinaryIO) -> dict[str, NDArray]:
    """Return the arrays that `array_bytes` wrote.

    Args:
        file: path or open binary file.

    Returns:
        A dict from name to array.
    """
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def json_bytes(content: dict) -> bytes:
    """Return a JSON object as bytes that contain their own hash.

    Args:
        content: JSON object without the name "sha256".
    """
    return _formatted(content | {"sha256": sha256(_formatted(content))})


def read_json(stored: bytes) -> Any:
    """Return the content of `json_bytes`.

    Args:
        stored: bytes. Older files, which contain no hash, are not checked.

    Raises:
        ValueError: if a byte has changed since.
    """
    content = json.loads(stored)
    said = content.pop("sha256", None)
    if said is not None and said != sha256(_formatted(content)):
        raise ValueError("its facts do not match their hash")
    return content


def _formatted(content: dict) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file by way of a temporary one, so that readers see all of the old or of the new one.

    Args:
        path: `Path`. The file; its folder must exist.
        content: bytes. All of its content.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or the name of its class if it has none."""
    return str(error).partition("\n")[0] or type(error).__name__
