"""Serves the errata study: statements of the courses that do not hold, as printed and as they hold.

In: nothing but the statements. Out: a list of `Erratum`, each with a quantity computed twice: by
the printed formula or pseudo-code, and without it, by the layers, losses and optimizers of
`models.from_scratch`, by differences of a loss, or by counting.
"""
