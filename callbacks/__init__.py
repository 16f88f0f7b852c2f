"""Keras callbacks for any `model.fit`, on any backend.

In: a Keras model's own training. Out: exact numbers for every iteration as NumPy arrays, a progress
line, an earlier stop.

    from callbacks import GradientNorm, IterationLoss, ProgressLine, StopOnGradientNorm

    losses, norms = IterationLoss(), GradientNorm()
    model.fit(x, y, batch_size=150, epochs=3, callbacks=[losses, norms, ProgressLine()], verbose=0)
    losses.values  # the loss of each batch before its update, shape (iterations,)
    norms.values  # the norm of each batch's gradient, shape (iterations,)
    norms.per_layer["dense"]  # the same for one layer

    stop = StopOnGradientNorm(tolerance=1e-3)
    model.fit(x, y, batch_size=len(x), epochs=10_000, callbacks=[stop])
    stop.stopped_iteration

They need only Keras and NumPy.
"""

# This folder is meant to be copied into other projects, so its imports are relative.

from .gradient_norm import GradientNorm, StopOnGradientNorm
from .iteration_loss import IterationLoss
from .progress import ProgressLine
from .recorder import CAPACITY

__all__ = ["CAPACITY", "GradientNorm", "IterationLoss", "ProgressLine", "StopOnGradientNorm"]
