"""The image sets: real or drawn stand-ins, checked by content hash, and splits of them."""

from .errors import DataError, StandInWarning
from .loading import PUBLISHED, Dataset, load, resolve
from .splitting import Split, split

NAMES = tuple(PUBLISHED)

__all__ = ["NAMES", "DataError", "Dataset", "Split", "StandInWarning", "load", "resolve", "split"]
