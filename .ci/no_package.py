"""Build backend that refuses: this project is a folder to run in, not a package.

Installed, its `datasets` and `models` would shadow packages of the same names, Hugging Face's
`datasets` among them.
"""

MESSAGE = (
    "Descent Studies runs from its own folder and cannot be installed as a package. "
    "In a clone: `make reproduce`, or `uv run python -m experiments list`, or "
    "`pip install -r requirements.txt`, then `python -m experiments list`."
)


def _refuse(*_arguments, **_settings):
    raise SystemExit(MESSAGE)


build_wheel = build_editable = build_sdist = _refuse
get_requires_for_build_wheel = get_requires_for_build_editable = _refuse
get_requires_for_build_sdist = _refuse
