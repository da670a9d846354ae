"""`mana-errors doctor`."""


def doctor() -> None:
    """To come."""
