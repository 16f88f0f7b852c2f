"""Types that the modules of this folder share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
"""Inputs, outputs, parameters and gradients, all of the network's dtype."""

Targets = NDArray[Any]
"""What a loss compares the outputs with: numbers of the outputs' shape, or integer labels."""

Shape = tuple[int, ...]
