"""Serves the convolution_arithmetic study: sizes, weights, receptive fields and outputs of layers.

In: nothing but the sources' formulas and examples. Out: their statements beside what Keras's layers
have and compute (`identities`), single convolutions (`convolutions`), and figures (`drawings`).
"""
