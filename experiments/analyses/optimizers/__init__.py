"""Serves the optimizers study: descents on functions of two numbers, and learning rates tried.

In: the table of optimizers, and how learning rates were chosen. Out: paths and numbers of updates
on each landscape (`landscapes`), the rates that are about as good as the best (`tuned_rates`), and
tables and figures of both.
"""
