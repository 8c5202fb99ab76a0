"""What keeps an update from being made."""


class UpdateError(Exception):
    """The update cannot be made; the message says why, and what to do."""
