"""What the room tells its user when an image set cannot be given as asked."""


class DataError(ValueError):
    """An image set cannot be given as asked; the message is one line that says what to do."""


class StandInWarning(UserWarning):
    """The real images are out of reach, so drawn ones stand in for them."""
