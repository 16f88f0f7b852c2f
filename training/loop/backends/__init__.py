"""The parts of training that differ between backends, for the backend that Keras runs on.

In: a compiled model and arrays. Out: the model after its updates, and the time spent compiling.
The modules `on_tensorflow`, `on_jax` and `on_torch` each define:

- `to_device(*arrays)`: the arrays as the backend's tensors, transferred to the device once; a None
  among them is omitted.
- `TrainingLoop(model, arrays, batch_size, chunk_size, jit_compile)`: runs `model.train_step` on the
  batches of an epoch. `loop(arrays, order, first, stop)` runs the batches `first` to `stop`
  (exclusive) of the epoch with this `order`, an int32 array. `arrays` is (x, y) or
  (x, y, sample_weight) as returned by `to_device`; for `chunk_size` see `training.fit`; if
  `jit_compile` is None, the backend chooses. `loop.compile_seconds` is the time spent tracing and
  compiling so far.
- `EvaluationLoop(model, batch_size)`: called with such arrays, runs `model.test_step` on them.
- `value_and_gradients(loss)`: see `training.loop.gradients`.
- `descend(optimizer, rates, function, points, updates)`: see `training.loop.optimizer_paths`.
"""

import importlib

from training.backend import import_keras, running_backend

import_keras()
_backend = importlib.import_module(f"training.loop.backends.on_{running_backend()}")

to_device = _backend.to_device
TrainingLoop = _backend.TrainingLoop
EvaluationLoop = _backend.EvaluationLoop
value_and_gradients = _backend.value_and_gradients
descend = _backend.descend
