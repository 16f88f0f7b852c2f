"""The command `search`."""
