"""Import of TensorFlow without its notes on start-up."""

import contextlib
import os
import sys
from pathlib import Path


def import_tensorflow(threads=None):
    """Import TensorFlow and start it up, with nothing but errors on standard error afterwards.

    Args:
        threads: for the arithmetic of one process; None leaves TensorFlow's choice, as it is
            once TensorFlow has been imported.
    """
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _silenced_stderr():
        import tensorflow as tf

        if threads is not None:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        tf.config.list_logical_devices()


@contextlib.contextmanager
def _silenced_stderr():
    """The C++ part writes to the file descriptor, before any setting could silence it."""
    kept = os.dup(2)
    with Path(os.devnull).open("w") as devnull:
        os.dup2(devnull.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
