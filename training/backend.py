"""Which backend Keras runs on, and its import without notes on start-up."""

import contextlib
import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path

BACKENDS = ("tensorflow", "jax", "torch")
"""Packages that Keras runs on here; the first is its default, and the only one in the lock."""


class BackendError(ValueError):
    """Keras cannot run on the backend that was asked for; the message says what to do."""


def running_backend():
    """The backend of this process, of `BACKENDS`, as Keras chooses it when it is imported.

    That is the variable KERAS_BACKEND, else what Keras's configuration file says, else TensorFlow.

    Raises:
        BackendError: when it is another, or is not installed.
    """
    name = os.environ.get("KERAS_BACKEND") or _configured() or BACKENDS[0]
    if name not in BACKENDS:
        raise BackendError(f"unknown KERAS_BACKEND {name!r}; choose from {', '.join(BACKENDS)}")
    if importlib.util.find_spec(name) is None:
        raise BackendError(
            f"KERAS_BACKEND is {name}, which is not installed; install it with "
            "`pip install -r requirements-backends.txt`, or unset KERAS_BACKEND"
        )
    return name


def import_keras(threads=None):
    """Import Keras and its backend, with nothing but errors on standard error afterwards.

    Args:
        threads: for the arithmetic of one process; None leaves the backend's choice, as it is
            once the backend has been imported.

    Raises:
        BackendError: as `running_backend`.
    """
    name = running_backend()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # Keras takes parts of it on any backend
    if name == "tensorflow":
        import_tensorflow(threads)
    elif name not in sys.modules:
        with silenced_stderr():
            _import_limited(name, threads)
            importlib.import_module("keras")


def import_tensorflow(threads=None):
    """Import TensorFlow and start it up, whatever Keras runs on; as `import_keras` does."""
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with silenced_stderr():
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")
        if threads is not None:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        tf.config.list_logical_devices()


def _import_limited(name, threads):
    if threads is not None and name == "jax":  # which reads them when it starts
        os.environ["NPROC"] = str(threads)
        if threads == 1:
            flags = os.environ.get("XLA_FLAGS", "")
            os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false"
    module = importlib.import_module(name)
    if threads is not None and name == "torch":
        module.set_num_threads(threads)
        module.set_num_interop_threads(threads)


def _configured():
    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()
    try:
        return json.loads((folder / "keras.json").read_text()).get("backend")
    except (OSError, ValueError):
        return None


@contextlib.contextmanager
def silenced_stderr():
    """The C++ part writes to the file descriptor, before any setting could silence it."""
    kept = os.dup(2)
    with Path(os.devnull).open("w") as devnull:
        os.dup2(devnull.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
