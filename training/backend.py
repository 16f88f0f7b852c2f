"""Which backend Keras runs on, and how to import it without start-up messages."""

import contextlib
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

BACKENDS = ("tensorflow", "jax", "torch")
"""Backends of Keras that are supported; the first is the default and the only one locked."""


class BackendError(ValueError):
    """Keras cannot run on the requested backend; the message says what to do."""


def running_backend() -> str:
    """Return the backend of this process, one of `BACKENDS`, as Keras chooses it when imported.

    That is the variable KERAS_BACKEND, else the backend in Keras's configuration file, else
    TensorFlow.

    Raises:
        BackendError: If it is not one of `BACKENDS`, or is not installed.
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


def import_keras(threads: int | None = None) -> None:
    """Import Keras and its backend, which write only errors to standard error afterwards.

    Args:
        threads: Number of threads for arithmetic. Defaults to None, the backend's own choice. It
            has no effect if the backend has been imported before.

    Raises:
        BackendError: As `running_backend`.
    """
    name = running_backend()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # Keras uses parts of it on any backend
    if name == "tensorflow":
        import_tensorflow(threads)
    elif name not in sys.modules:
        with silenced_stderr():
            _import_limited(name, threads)
            importlib.import_module("keras")


def import_tensorflow(threads: int | None = None) -> None:
    """Import and initialise TensorFlow, whatever Keras runs on.

    Args:
        threads: As for `import_keras`.
    """
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
    if threads is not None and name == "jax":  # which reads these when it starts
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
def silenced_stderr() -> Iterator[None]:
    """Discard standard error at its file descriptor, where code in C++ writes to it."""
    kept = os.dup(2)
    with Path(os.devnull).open("w") as devnull:
        os.dup2(devnull.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
