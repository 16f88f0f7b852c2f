"""Figures: records and numbers come in, Matplotlib figures and curves for the page go out."""
