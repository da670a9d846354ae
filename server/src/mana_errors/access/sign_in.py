"""E-mail, password and code -> member: the one place where anybody signs in.

An unknown address, a disabled member, a wrong password and a wrong or missing code get the same
answer after the same work. Failures are counted by e-mail and by client address; whoever fails on
must wait. A client from whose address the member is signed in already does not wait for what others
do to the e-mail address, or anybody could lock a member out.
"""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

from mana_errors.access import codes
from mana_errors.access.passwords import Passwords, is_outdated
from mana_errors.errors import BadRequest, Busy, TooManyRequests, Unauthorized
from mana_errors.model.member import Member, normal_email
from mana_errors.store import attempts, members, sessions
from mana_errors.store.attempts import Subject
from mana_errors.store.db import Connection
from mana_errors.store.members import Credentials
from mana_errors.store.reader import Reader
from mana_errors.store.secrets import SecretBox

# Typing errors of one person; of an office behind one address.
FREE_BY_EMAIL: Final = 5
FREE_BY_ADDRESS: Final = 20
# Who has one IPv6 address has all of its network.
IPV6_PREFIX: Final = 64

_WRONG: Final = "e-mail, password or code is wrong"


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says who they are."""

    email: str
    password: str
    # of their authenticator app; empty where they use none
    code: str
    # of the client
    address: str


class SignIn:
    """Checks claims. One for a process: its queue of passwords is what bounds a flood."""

    def __init__(self, reader: Reader, box: SecretBox, passwords: Passwords) -> None:
        self._reader = reader
        self._box = box
        self._passwords = passwords

    async def __call__(self, claim: Claim) -> Member:
        """The member. Raises Unauthorized, TooManyRequests, Busy, StoreUnavailable."""
        email = _readable(claim.email)
        known = await self._begin(claim, email)
        if not await self._matches(known, claim, email) or known is None:
            raise Unauthorized(_WRONG)
        fresh = await self._rehashed(known, claim.password)
        async with self._reader.connection() as connection:
            if not await self._code_is_right(connection, known, claim.code):
                raise Unauthorized(_WRONG)
            await _succeeded(connection, _subjects(email, claim.address))
            if fresh is not None:
                await members.rehash(connection, known.member_id, fresh)
            return await members.find(connection, known.member_id)

    async def confirm(self, member: Member, password: str, address: str) -> None:
        """Check the password of a member who is signed in, before they change what protects them.

        Raises as signing in does.
        """
        claim = Claim(member.email, password, "", address)
        known = await self._begin(claim, member.email)
        if known is None or not await self._matches(known, claim, member.email):
            raise Unauthorized("the password is wrong")
        subjects = _subjects(member.email, address)
        async with self._reader.connection() as connection:
            await _succeeded(connection, subjects)

    async def _begin(self, claim: Claim, email: str) -> Credentials | None:
        async with self._reader.connection() as connection:
            await _count(connection, email, claim.address)
            return await members.credentials(connection, email)

    async def _matches(self, known: Credentials | None, claim: Claim, email: str) -> bool:
        # Without a connection: a queue here must not keep others from the database.
        try:
            password_hash = known.password_hash if known else None
            return await self._passwords.matches(password_hash, claim.password)
        except Busy:
            # it was not tried, and members must not wait longer for what a flood does
            async with self._reader.connection() as connection:
                for subject in _subjects(email, claim.address):
                    await attempts.forgive(connection, subject)
            raise

    async def _rehashed(self, known: Credentials, password: str) -> str | None:
        if is_outdated(known.password_hash):
            return await self._passwords.hash(password)
        return None

    async def _code_is_right(self, connection: Connection, known: Credentials, code: str) -> bool:
        if known.totp is None:
            return True
        step = codes.matching_step(self._box.open(known.totp, known.member_id.bytes), code)
        return step is not None and await members.use_step(connection, known.member_id, step)


async def _count(connection: Connection, email: str, address: str) -> None:
    """Raises TooManyRequests while e-mail address or client address must wait."""
    await attempts.sweep(connection)
    by_email, by_address = _subjects(email, address)
    wait_s = await attempts.attempt(connection, by_address)
    if not wait_s:
        wait_s = await attempts.attempt(connection, by_email)
        if wait_s and await sessions.address_is_known(connection, email, address):
            wait_s = 0
    if wait_s:
        raise TooManyRequests(f"too many sign-ins failed: try again in {wait_s} s", wait_s)


async def _succeeded(connection: Connection, subjects: tuple[Subject, Subject]) -> None:
    by_email, by_address = subjects
    await attempts.forget(connection, by_email)
    await attempts.forgive(connection, by_address)


def _subjects(email: str, address: str) -> tuple[Subject, Subject]:
    return (
        Subject(f"email:{email}", FREE_BY_EMAIL),
        Subject(f"address:{_network(address)}", FREE_BY_ADDRESS),
    )


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    if mapped.version == 4:  # noqa: PLR2004 - IPv4
        return str(mapped)
    return str(ip_network((mapped, IPV6_PREFIX), strict=False))


def _readable(text: str) -> str:
    try:
        return normal_email(text)
    except BadRequest as error:
        raise Unauthorized(_WRONG) from error
