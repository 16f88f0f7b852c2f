"""What trains and differs from backend to backend, for the backend that Keras runs on.

A module for each backend, `on_tensorflow`, `on_jax` and `on_torch`, has all of these:

- `on_device(*arrays)`: the arrays as the backend's own, put on the device once; a None among them
  is left out.
- `TrainingLoop(model, arrays, batch_size, chunk_size, jit_compile)`: runs `model.train_step` on the
  batches of an epoch. Called as `loop(arrays, order, first, stop)` it takes the batches `first` to
  `stop` (exclusive) of the epoch with this `order`, an array of int32. `arrays` is (x, y) or
  (x, y, sample_weight) as `on_device` leaves them, `chunk_size` as in `training.fit`; where
  `jit_compile` is None the backend chooses. `loop.compile_seconds` is what it has spent tracing and
  compiling so far.
- `EvaluationLoop(model, batch_size)`: called with such arrays, runs `model.test_step` on them.
- `value_and_gradients(loss)`: see `training.loop.gradients`.
- `descend(optimizer, rates, function, points, updates)`: see `training.loop.descent`.
"""

import importlib

from training.backend import import_keras, running_backend

import_keras()
_programs = importlib.import_module(f"training.loop.backends.on_{running_backend()}")

on_device = _programs.on_device
TrainingLoop = _programs.TrainingLoop
EvaluationLoop = _programs.EvaluationLoop
value_and_gradients = _programs.value_and_gradients
descend = _programs.descend
