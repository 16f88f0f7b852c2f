"""The machine that a benchmark ran on."""

import os
from datetime import date
from importlib import metadata

from training.provenance import provenance


def machine(*further):
    """A line with processor, cores, versions (also of further packages) and today's date."""
    facts = provenance()
    versions = facts["versions"] | {name: metadata.version(name) for name in further}
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"{facts['processor']}, {os.cpu_count()} cores; {named}; {date.today()}."
