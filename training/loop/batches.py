"""The order in which an epoch visits the examples."""

import numpy as np
from numpy.typing import NDArray


def epoch_order(n: int, seed: int, epoch: int) -> NDArray[np.int32]:
    """A permutation of the examples, a new one for each epoch.

    The k-th batch of size m of that epoch is `order[k*m : (k+1)*m]`: sampling without replacement,
    as in A 3.3. The order depends only on the arguments, so runs that share a seed see the same
    batches, whatever else differs.

    Args:
        n: int, number of examples.
        seed: int, at least 0, seed of the run.
        epoch: int, counted from 0.

    Returns:
        int32, shape (n,).
    """
    return np.random.default_rng([seed, epoch]).permutation(n).astype(np.int32)
