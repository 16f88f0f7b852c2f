"""The errors and warnings of this folder."""


class DataError(ValueError):
    """The request for data cannot be met; the message is one line that says what to do."""


class StandInWarning(UserWarning):
    """The real images are unavailable, so drawn ones are used in their place."""
