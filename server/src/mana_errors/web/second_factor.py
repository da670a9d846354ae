"""Switching the second factor (TOTP) on and off."""

import base64
import binascii
from typing import Final

from markupsafe import Markup
from starlette.responses import Response

from mana_errors.access import codes
from mana_errors.errors import BadRequest, BadSetting
from mana_errors.store import members
from mana_errors.web import account
from mana_errors.web.account import password_trouble
from mana_errors.web.fields import Trouble
from mana_errors.web.visit import Visit

# A draft opens nowhere else, nor for anybody else.
_DRAFT: Final = b"second factor draft "


async def show(visit: Visit) -> Response:
    """A new secret, as text and QR code. It counts once a code of it was given."""
    return _form(visit, codes.new_secret(), {})


async def turn_on(visit: Visit) -> Response:
    """With a code, which proves that the app has the secret, and the password."""
    secret = _drafted(visit)
    step = codes.matching_step(secret, visit.form.text("code"))
    if step is None:
        return _form(visit, secret, {"code": visit.words["wrong_code"]})
    if trouble := await password_trouble(visit, "current"):
        return _form(visit, secret, trouble)
    member_id = visit.member.id
    sealed = visit.services.box.seal(secret, member_id.bytes)
    async with visit.reader.connection() as connection:
        await members.set_totp(
            connection, visit.actor, member_id, sealed, step=step, keep=visit.session.id
        )
    return visit.go("/account?done=turned_on")


async def turn_off(visit: Visit) -> Response:
    """With the password."""
    if trouble := await password_trouble(visit, "off_password"):
        return await account.show_with(visit, trouble)
    member_id, kept = visit.member.id, visit.session.id
    async with visit.reader.connection() as connection:
        await members.set_totp(connection, visit.actor, member_id, None, keep=kept)
    return visit.go("/account?done=turned_off")


def _drafted(visit: Visit) -> bytes:
    """The secret that the form shows. Only the server makes one: nobody can slip a known one in.
    Raises BadRequest."""
    try:
        sealed = base64.urlsafe_b64decode(visit.form.exact("draft"))
        return visit.services.box.open(sealed, _DRAFT + visit.member.id.bytes)
    except (binascii.Error, ValueError, BadSetting) as error:
        raise BadRequest("draft: not one that this server made") from error


def _form(visit: Visit, secret: bytes, trouble: Trouble) -> Response:
    sealed = visit.services.box.seal(secret, _DRAFT + visit.member.id.bytes)
    uri = codes.uri_of(secret, visit.member.email)
    values = {
        "draft": base64.urlsafe_b64encode(sealed).decode(),
        "secret": codes.secret_text(secret),
        "uri": uri,
        "qr": _drawn(uri),
        "trouble": trouble,
    }
    return visit.page("second_factor.html", values, 400 if trouble else 200)


def _drawn(uri: str) -> Markup:
    # few need it, and it takes 30 ms
    import segno  # noqa: PLC0415

    return Markup(segno.make(uri, error="m").svg_inline(scale=4))  # noqa: S704 - drawn, not quoted
