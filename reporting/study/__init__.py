"""A study: its runs come from a `Lab`, and go out as findings, tables and figures in a folder."""
