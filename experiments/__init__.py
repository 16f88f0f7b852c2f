"""The studies, one file each; `python -m experiments` is the command line."""

import pkgutil


def study_names() -> list[str]:
    """Names of the modules here, each of which is a study, in alphabetical order."""
    modules = pkgutil.iter_modules(__path__)
    return sorted(one.name for one in modules if not one.ispkg and one.name != "__main__")
