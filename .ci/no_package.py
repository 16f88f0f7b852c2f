"""Build backend that states the dependencies and refuses to build.

This project is a folder to run in, not a package: installed, its `datasets` and `models` would
shadow packages of the same names, Hugging Face's `datasets` among them. uv asks here for what
`requirements.in` lists.
"""

import os
import tomllib
from pathlib import Path

MESSAGE = (
    "Descent Studies runs from its own folder and cannot be installed as a package. "
    "In a clone: `make reproduce`, or `uv run python -m experiments list`, or "
    "`pip install -r requirements.txt`, then `python -m experiments list`."
)


def dependencies() -> list[str]:
    """The requirements of `requirements.in`, as a list of text."""
    lines = Path("requirements.in").read_text(encoding="utf-8").splitlines()
    stated = [line.partition("#")[0].strip() for line in lines]
    return [requirement for requirement in stated if requirement]


def _metadata(directory, config_settings=None):
    if "UV" not in os.environ:  # pip, which would fetch every dependency before it is refused
        _refuse()
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder = Path(directory, f"{project['name'].replace('-', '_')}-{project['version']}.dist-info")
    folder.mkdir()
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {requirement}" for requirement in dependencies()),
    ]
    folder.joinpath("METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder.name


def _refuse(*_arguments, **_settings):
    raise SystemExit(MESSAGE)


prepare_metadata_for_build_wheel = prepare_metadata_for_build_editable = _metadata
build_wheel = build_editable = build_sdist = _refuse
