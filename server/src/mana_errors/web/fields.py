"""Checking fields that several forms have. What is wrong is said in the visitor's language."""

from typing import Final

from mana_errors.access.passwords import MIN_LENGTH, check_strength
from mana_errors.errors import BadRequest
from mana_errors.model.member import MAX_NAME
from mana_errors.web.visit import Visit

# field -> what is wrong with it; "": the form as a whole
Trouble = dict[str, str]

# A page of boxes to tick is no place for more.
MAX_BOXES: Final = 1_000
NEW_PASSWORD: Final = {"min_password": MIN_LENGTH}


def new_password_trouble(visit: Visit, email: str) -> Trouble:
    """What is wrong with a new password and its repetition."""
    password = visit.form.exact("password")
    try:
        check_strength(password, email)
    except BadRequest:
        return {"password": visit.words["wrong_password"].format(MIN_LENGTH)}
    if password != visit.form.exact("repeat"):
        return {"repeat": visit.words["wrong_repeat"]}
    return {}


def name_trouble(visit: Visit) -> Trouble:
    """What is wrong with a person's name."""
    name = visit.form.text("name")
    ok = len(name) <= MAX_NAME and (name.isprintable() or not name)
    return {} if ok else {"name": visit.words["wrong_name"].format(MAX_NAME)}
