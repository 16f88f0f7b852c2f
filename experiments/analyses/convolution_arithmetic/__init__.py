"""Serves the convolution_arithmetic study: sizes, weights, receptive fields and outputs of layers.

In: nothing but the sources' formulas and examples. Out: what Keras's layers have and compute
(`measurements`, by single `convolutions`), the statements beside it (`identities`), and figures
(`drawings`).
"""
