"""The studies that there are, and the data that they train on."""

import importlib
import pkgutil

import datasets
import experiments
from experiments.commands.options import check_choice
from training.backend import import_keras


def all_studies():
    """Every study of this folder, in order of name."""
    return [find_study(name) for name in study_names()]


def study_names():
    """The names of the modules of `experiments`: each is a study."""
    modules = [one.name for one in pkgutil.iter_modules(experiments.__path__) if not one.ispkg]
    return sorted(set(modules) - {"__main__"})


def find_study(name):
    """Return the study of that name.

    Raises:
        UsageError: when there is none.
    """
    check_choice("study", name, study_names())
    return importlib.import_module(f"experiments.{name}").study


def sources_of(names, data, data_dir):
    """Name of an image set → whether it is "real" or a "stand-in"."""
    if data != "stand-in" and data_dir is None:
        import_keras()  # or Keras, asked for its datasets, would do so with many notes
    return {name: datasets.resolve(name, data, data_dir) for name in dict.fromkeys(names)}
