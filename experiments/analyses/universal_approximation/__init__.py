"""Serves the universal_approximation study: networks with one hidden layer, fitted to functions.

In: kinds and numbers of neurons, seeds. Out: weights (`one_layer`), and how well they approximate
the study's functions, with bounds of the error (`approximation`).
"""
