"""The order in which an epoch visits the examples."""

import numpy as np


def epoch_order(n, seed, epoch):
    """A permutation of the examples, drawn afresh for each epoch.

    The k-th batch of size m of that epoch is `order[k*m : (k+1)*m]`: a draw without replacement,
    as A says in section 3.3. It depends on its arguments alone, so runs that share a seed see the
    same batches, whatever else differs.

    Args:
        n: number of examples.
        seed: of the run, a whole number of at least 0.
        epoch: counted from 0.

    Returns:
        int32 array, shape (n,).
    """
    return np.random.default_rng([seed, epoch]).permutation(n).astype(np.int32)
