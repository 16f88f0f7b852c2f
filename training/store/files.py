"""Files that are written whole or not at all, and whose damage is noticed."""

import hashlib
import io
import json
import os
import zipfile

import numpy as np


class DamagedRecordError(ValueError):
    """A stored record that cannot be read; the message names the file."""


def array_bytes(arrays):
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


def read_arrays(file):
    """The arrays of `array_bytes`, name → array."""
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def json_bytes(content):
    """A JSON object as bytes that hold their own hash."""
    return _formatted(content | {"sha256": sha256(_formatted(content))})


def read_json(stored):
    """The content of `json_bytes`, where no byte has changed since; older files hold no hash."""
    content = json.loads(stored)
    said = content.pop("sha256", None)
    if said is not None and said != sha256(_formatted(content)):
        raise ValueError("its facts do not match their hash")
    return content


def _formatted(content):
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def sha256(content):
    """SHA-256 of bytes, in hexadecimal digits."""
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


def first_line(error):
    """The first line of what an error says, or its kind."""
    return str(error).partition("\n")[0] or type(error).__name__
