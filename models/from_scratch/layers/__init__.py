"""Layers with a forward and a backward pass."""
