"""The commands of `python -m experiments`, one file each, and what they share.

A command takes the options of its command line and leaves files: stored results, reports, tables.
What a study's script needs (`running`, `program`, `reports`, `options`) knows no studies by name;
only `studies` finds them, for the commands that are given names.
"""
