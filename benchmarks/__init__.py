"""Training speed, compared with what a user would write instead: `python -m benchmarks`.

In: nothing but this machine. Out: a Markdown file of measurements for each module with a `main`,
beside it.
"""
