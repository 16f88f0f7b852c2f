"""Statements that do not hold, as printed and as they hold."""
