"""A program without a framework: python app.py"""

import mana_errors_sdk

mana_errors_sdk.init(app_id="orders", release="orders@1.2.3")


def total(order):
    """Fails: there is no cart in the order."""
    return sum(order["cart"])


def nightly():
    """One order fails, and the others are still counted."""
    for number in (7, 8):
        with mana_errors_sdk.new_scope() as scope:
            scope.set_tag("order", number)
            try:
                total({"id": number})
            except KeyError as error:
                mana_errors_sdk.capture_exception(error)


nightly()
# Nobody catches this one: it ends the program, and is reported all the same.
total({"id": 9})
