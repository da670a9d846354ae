"""`mana-errors demo`."""


def demo() -> None:
    """To come."""
