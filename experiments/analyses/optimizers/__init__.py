"""Descents down functions of two numbers, and tables of tuned learning rates."""
