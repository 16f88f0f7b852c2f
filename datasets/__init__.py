"""Image sets, real or drawn as stand-ins, splits of them, and point sets in the plane.

In: the name of an image set, where to take it from, and the sizes and seed of a split. Out: uint8
arrays whose content is checked by hash, and indices into them. `datasets.points` draws point sets.
"""

# This folder is meant to be copied into other projects, so its imports are relative.
from .errors import DataError, StandInWarning
from .loading import PUBLISHED, Dataset, load, resolve
from .splitting import Split, split

NAMES = tuple(PUBLISHED)

__all__ = ["NAMES", "DataError", "Dataset", "Split", "StandInWarning", "load", "resolve", "split"]
