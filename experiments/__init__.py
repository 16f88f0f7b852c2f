"""The studies, one file each; `python -m experiments` is the command line."""
