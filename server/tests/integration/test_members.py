"""Members, sessions, links and signing in, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from mana_errors.access import codes, people, sign_in
from mana_errors.access.passwords import Passwords
from mana_errors.access.people import Invitation, MemberChange, Newcomer
from mana_errors.access.sign_in import Claim, SignIn
from mana_errors.errors import (
    BadRequest,
    Busy,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unauthorized,
)
from mana_errors.model.audit import AuditQuery
from mana_errors.model.member import Member, Purpose, normal_email, principal_of
from mana_errors.model.principal import Principal, Role
from mana_errors.store import attempts, audit, db, links, members, sessions, tokens
from mana_errors.store.audit import COMMAND, Actor
from mana_errors.store.db import Connection
from mana_errors.store.links import NewLink
from mana_errors.store.members import NewMember
from mana_errors.store.reader import Reader
from mana_errors.store.secrets import SecretBox

PASSWORD = "correct horse battery"
HOME = "198.51.100.7"
WEEK = timedelta(days=7)
BOX = SecretBox("k" * 32)


async def add_member(
    connection: Connection,
    email: str = "anna@example.org",
    role: Role = Role.MEMBER,
    apps: tuple[str, ...] | None = None,
    password_hash: str = "none",
) -> Member:
    return await members.create(connection, COMMAND, NewMember(email, role, apps, password_hash))


def asking(member: Member) -> Principal:
    return principal_of(member, uuid4(), HOME)


async def actions(connection: Connection) -> list[str]:
    """What the audit log says, oldest first."""
    page = await audit.listed(connection, AuditQuery(limit=100), None)
    return [entry.action for entry in reversed(page.items)]


@pytest.fixture
async def reader(migrated_dsn: str) -> AsyncIterator[Reader]:
    opened = Reader(migrated_dsn)
    yield opened
    await opened.close()


# --- members


async def test_a_member_is_found_as_made(connection: Connection) -> None:
    made = await add_member(connection, apps=("shop", "chat", "shop"))
    assert made == await members.find_by_email(connection, "anna@example.org")
    assert (made.role, made.apps, made.two_factor) == (Role.MEMBER, ("chat", "shop"), False)
    assert made.bound_to == {"chat", "shop"}
    assert await members.find_by_email(connection, "nobody@example.org") is None
    with pytest.raises(Conflict, match="member already"):
        await add_member(connection)
    assert await members.count(connection) == 1


async def test_an_owner_is_bound_to_no_apps(connection: Connection) -> None:
    owner = await add_member(connection, role=Role.OWNER, apps=("chat",))
    assert owner.apps is None
    with pytest.raises(Conflict, match="owner"):
        await members.set_apps(connection, COMMAND, owner.id, ("chat",))
    bound = await add_member(connection, "b@example.org", apps=("chat",))
    risen = await members.change_role(connection, COMMAND, bound.id, Role.OWNER)
    assert risen.apps is None


async def test_the_last_owner_stays(connection: Connection) -> None:
    owner = await add_member(connection, role=Role.OWNER)
    gone = await add_member(connection, "gone@example.org", Role.OWNER)
    await members.disable(connection, COMMAND, gone.id)
    with pytest.raises(Conflict, match="last owner"):
        await members.disable(connection, COMMAND, owner.id)
    with pytest.raises(Conflict, match="last owner"):
        await members.change_role(connection, COMMAND, owner.id, Role.ADMIN)
    await members.enable(connection, COMMAND, gone.id)
    assert (await members.disable(connection, COMMAND, owner.id)).disabled_at is not None


async def test_two_owners_cannot_remove_each_other_at_once(
    connection: Connection, reader: Reader
) -> None:
    for round_ in range(5):
        pair = [
            await add_member(connection, f"{name}{round_}@example.org", Role.OWNER)
            for name in ("a", "b")
        ]

        async def demote(member: Member, by: Member) -> None:
            async with reader.connection() as own:
                change = MemberChange(role=Role.VIEWER)
                await people.change(own, asking(by), member.id, change)

        await asyncio.gather(
            demote(pair[0], pair[1]), demote(pair[1], pair[0]), return_exceptions=True
        )
        assert await members.count_owners(connection) == 1
        for member in pair:
            await connection.execute(
                "UPDATE error_logs.members SET role = 'viewer' WHERE id = $1", member.id
            )


async def test_every_change_is_in_the_audit_log_by_whom(connection: Connection) -> None:
    actor = Actor("member:boss@example.org", HOME)
    member = await add_member(connection)
    await members.change_role(connection, actor, member.id, Role.ADMIN)
    await members.change_role(connection, actor, member.id, Role.ADMIN)
    await members.set_apps(connection, actor, member.id, ("chat",))
    await members.set_password(connection, actor, member.id, "hash")
    await members.set_totp(connection, actor, member.id, b"sealed")
    await members.set_totp(connection, actor, member.id, None)
    await members.disable(connection, actor, member.id)
    await members.enable(connection, actor, member.id)
    assert await actions(connection) == [
        "member.create", "member.role", "member.apps", "member.password", "member.totp_on",
        "member.totp_off", "member.disable", "member.enable",
    ]  # fmt: skip
    page = await audit.listed(connection, AuditQuery(action=("member.role",)), None)
    (entry,) = page.items
    assert (entry.actor, entry.address, entry.subject) == (actor.name, HOME, member.email)
    assert entry.details == {"from": "member", "to": "admin"}


async def test_a_change_that_fails_leaves_no_trace(connection: Connection) -> None:
    owner = await add_member(connection, role=Role.OWNER)
    change = MemberChange(role=Role.OWNER, disabled=True)
    with pytest.raises(Conflict):
        await people.change(connection, asking(owner), owner.id, change)
    assert await actions(connection) == ["member.create"]


async def test_members_are_listed_page_by_page(connection: Connection) -> None:
    made = [await add_member(connection, f"{n}@example.org") for n in range(5)]
    first = await members.listed(connection, None, 3)
    rest = await members.listed(connection, first[-1].id, 3)
    assert [*first, *rest] == made


@pytest.mark.parametrize(
    "text", ["", "@", "a@", "@b", "anna", "a b@c", "a\0@b", "a" * 251 + "@b.c"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="email"):
        normal_email(text)


def test_an_address_has_one_way_of_writing() -> None:
    assert normal_email(" Anna@Example.ORG\n") == "anna@example.org"


# --- who may change whom


async def test_only_owners_touch_owners(connection: Connection) -> None:
    owner = await add_member(connection, "owner@example.org", Role.OWNER)
    admin = await add_member(connection, "admin@example.org", Role.ADMIN)
    member = await add_member(connection)
    script = Principal("token:x", frozenset({"admin"}), None)
    for who in (asking(admin), script):
        for target, change in (
            (owner, MemberChange(role=Role.VIEWER)),
            (owner, MemberChange(disabled=True)),
            (owner, MemberChange()),
            (member, MemberChange(role=Role.OWNER)),
        ):
            with pytest.raises(Forbidden, match="only an owner"):
                await people.change(connection, who, target.id, change)
        with pytest.raises(Forbidden, match="only an owner"):
            await people.invite(connection, who, Invitation("x@example.org", Role.OWNER))
        with pytest.raises(Forbidden, match="only an owner"):
            await people.password_link(connection, who, owner.id)
        changed = await people.change(connection, who, member.id, MemberChange(role=Role.ADMIN))
        assert changed.role is Role.ADMIN
    risen = await people.change(connection, asking(owner), admin.id, MemberChange(role=Role.OWNER))
    assert risen.role is Role.OWNER


async def test_members_viewers_and_bound_admins_change_nobody(connection: Connection) -> None:
    member = await add_member(connection)
    for role, apps in ((Role.MEMBER, None), (Role.VIEWER, None), (Role.ADMIN, ("chat",))):
        who = asking(await add_member(connection, f"{role}@example.org", role, apps))
        with pytest.raises(Forbidden):
            await people.change(connection, who, member.id, MemberChange(disabled=True))
        with pytest.raises(Forbidden):
            await people.invite(connection, who, Invitation("x@example.org"))
        with pytest.raises(Forbidden):
            await people.password_link(connection, who, member.id)


# --- sessions


async def older(connection: Connection, **columns: timedelta) -> None:
    """Move times of all sessions into the past."""
    moved = ", ".join(f"{name} = {name} - ${n}::interval" for n, name in enumerate(columns, 1))
    await connection.execute(f"UPDATE error_logs.sessions SET {moved}", *columns.values())


async def find(connection: Connection, secret: str) -> sessions.Found:
    found = await sessions.find(connection, secret)
    assert found is not None
    return found


async def test_a_session_is_its_member_s(connection: Connection) -> None:
    member = await add_member(connection)
    secret = await sessions.start(connection, member.id, HOME, "Firefox" * 1000)
    found = await find(connection, secret)
    assert (found.member, found.fresh) == (member, None)
    assert (found.session.address, len(found.session.user_agent)) == (HOME, 500)
    assert [session.id for session in await sessions.listed(connection, member.id)] == [
        found.session.id
    ]
    stored = await connection.fetchval("SELECT row_to_json(s)::text FROM error_logs.sessions s")
    assert secret not in stored
    assert await sessions.find(connection, secret + "x") is None


async def test_a_secret_is_exchanged_and_the_old_one_ends(connection: Connection) -> None:
    member = await add_member(connection)
    old = await sessions.start(connection, member.id, HOME, "")
    await older(connection, rotated_at=sessions.ROTATE)
    new = (await find(connection, old)).fresh
    assert new is not None
    assert (await find(connection, old)).fresh is None, "requests under way carry it"
    assert (await find(connection, new)).fresh is None
    assert await sessions.find(connection, old) is not None
    await older(connection, confirmed_at=sessions.GRACE)
    assert await sessions.find(connection, old) is None
    assert await sessions.find(connection, new) is not None


async def test_a_browser_that_never_got_its_new_secret_gets_another(connection: Connection) -> None:
    member = await add_member(connection)
    old = await sessions.start(connection, member.id, HOME, "")
    await older(connection, rotated_at=sessions.ROTATE)
    lost = (await find(connection, old)).fresh
    await older(connection, rotated_at=sessions.GRACE)
    again = (await find(connection, old)).fresh
    assert again is not None
    assert again != lost
    assert lost is not None
    assert await sessions.find(connection, lost) is None
    assert (await find(connection, again)).fresh is None


async def test_of_requests_at_once_one_gets_the_new_secret(
    connection: Connection, reader: Reader
) -> None:
    member = await add_member(connection)
    secret = await sessions.start(connection, member.id, HOME, "")
    await older(connection, rotated_at=sessions.ROTATE)

    async def ask() -> str | None:
        async with reader.connection() as own:
            return (await find(own, secret)).fresh

    fresh = [new for new in await asyncio.gather(*(ask() for _ in range(6))) if new]
    assert len(fresh) == 1
    assert await sessions.find(connection, fresh[0]) is not None


async def test_a_session_ends_unused_or_old(connection: Connection) -> None:
    member = await add_member(connection)
    secret = await sessions.start(connection, member.id, HOME, "")
    for _ in range(6):
        await older(connection, **dict.fromkeys(
            ("created_at", "last_used_at", "expires_at"), sessions.IDLE - timedelta(hours=1)
        ))  # fmt: skip
        assert await sessions.find(connection, secret) is not None
    # used every fortnight, but 84 days old: the rest of its 90 days is left
    await older(connection, created_at=WEEK, expires_at=WEEK)
    assert await sessions.find(connection, secret) is None
    unused = await sessions.start(connection, member.id, HOME, "")
    await older(connection, expires_at=sessions.IDLE)
    assert await sessions.find(connection, unused) is None


async def test_sessions_are_bounded_for_each_member(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MAX_PER_MEMBER", 3)
    member = await add_member(connection)
    other = await add_member(connection, "b@example.org")
    kept = await sessions.start(connection, other.id, HOME, "")
    for _ in range(5):
        await sessions.start(connection, member.id, HOME, "")
    assert len(await sessions.listed(connection, member.id)) == 3
    assert await sessions.find(connection, kept) is not None


async def test_what_protects_a_member_ends_the_other_sessions(connection: Connection) -> None:
    member = await add_member(connection)

    async def two() -> tuple[str, str, UUID]:
        await sessions.revoke_all(connection, member.id)
        kept, other = [await sessions.start(connection, member.id, HOME, "") for _ in range(2)]
        return kept, other, (await find(connection, kept)).session.id

    async def change(number: int, keep: UUID) -> None:
        if number == 0:
            await members.set_password(connection, COMMAND, member.id, "new", keep)
        else:
            sealed = b"x" if number == 1 else None
            await members.set_totp(connection, COMMAND, member.id, sealed, keep=keep)

    for number in range(3):
        kept, other, session_id = await two()
        await change(number, session_id)
        assert await sessions.find(connection, kept) is not None
        assert await sessions.find(connection, other) is None
    await members.disable(connection, COMMAND, member.id)
    await members.enable(connection, COMMAND, member.id)
    assert await sessions.find(connection, kept) is None


async def test_one_s_own_sessions_only_are_revoked(connection: Connection) -> None:
    member, other = await add_member(connection), await add_member(connection, "b@example.org")
    session = (await find(connection, await sessions.start(connection, other.id, HOME, ""))).session
    with pytest.raises(NotFound):
        await sessions.revoke(connection, member.id, session.id)
    await sessions.revoke(connection, other.id, session.id)
    assert await sessions.listed(connection, other.id) == []


# --- links


async def test_a_link_works_once_and_in_time(connection: Connection) -> None:
    link = NewLink(Purpose.INVITATION, "x@example.org", Role.MEMBER, ("chat",))
    secret = await links.make(connection, link, links.INVITATION_TTL)
    looked = await links.look(connection, secret)
    assert (looked.email, looked.role, looked.apps) == ("x@example.org", Role.MEMBER, ("chat",))
    assert await links.use(connection, secret) == looked
    for again in (links.use, links.look):
        with pytest.raises(NotFound):
            await again(connection, secret)
    late = await links.make(connection, link, timedelta(seconds=-1))
    with pytest.raises(NotFound):
        await links.use(connection, late)


async def test_a_link_is_used_by_one_of_many_at_once(
    connection: Connection, reader: Reader
) -> None:
    secret = await people.make_invitation(connection, COMMAND, Invitation("x@example.org"))

    async def join() -> Member:
        async with reader.connection() as own:
            return await people.join(own, secret, Newcomer("", "X", "hash", HOME))

    done = await asyncio.gather(*(join() for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, Member) for result in done) == 1
    assert all(isinstance(result, Member | NotFound) for result in done)


async def test_the_newest_invitation_counts(connection: Connection) -> None:
    first, second = [
        await people.make_invitation(connection, COMMAND, Invitation("X@example.org", role))
        for role in (Role.ADMIN, Role.VIEWER)
    ]
    with pytest.raises(NotFound):
        await links.look(connection, first)
    member = await people.join(connection, second, Newcomer("evil@example.org", "", "h", HOME))
    assert (member.email, member.role) == ("x@example.org", Role.VIEWER)
    with pytest.raises(Conflict, match="member already"):
        await people.make_invitation(connection, COMMAND, Invitation("x@example.org"))


async def test_the_first_owner_is_welcome_and_nobody_after(
    connection: Connection, reader: Reader
) -> None:
    old = await people.welcome(connection)
    secret = await people.welcome(connection)
    assert old is not None
    assert secret is not None
    with pytest.raises(NotFound):
        await links.look(connection, old)

    async def join(number: int) -> Member:
        async with reader.connection() as own:
            new = Newcomer(f"{number}@example.org", "", "hash", HOME)
            return await people.join(own, secret, new)

    done = await asyncio.gather(join(1), join(2), return_exceptions=True)
    (owner,) = [member for member in done if isinstance(member, Member)]
    assert owner.role is Role.OWNER
    assert await people.welcome(connection) is None


async def test_of_two_welcomes_one_makes_the_first_owner(
    connection: Connection, reader: Reader
) -> None:
    """Two nodes that start at once may each print one."""

    async def join(secret: str) -> Member:
        async with reader.connection() as own:
            return await people.join(own, secret, Newcomer(f"{secret}@example.org", "", "h", HOME))

    for round_ in range(5):
        pair = [
            await links.make(
                connection,
                NewLink(Purpose.WELCOME, f"node{round_}{number}", Role.OWNER),
                links.WELCOME_TTL,
            )
            for number in range(2)
        ]
        done = await asyncio.gather(*map(join, pair), return_exceptions=True)
        assert sorted(type(result).__name__ for result in done) == ["Member", "NotFound"]
        await connection.execute("DELETE FROM error_logs.members")


async def test_a_welcome_that_was_overtaken_makes_no_owner(connection: Connection) -> None:
    secret = await people.welcome(connection)
    assert secret is not None
    await add_member(connection)
    with pytest.raises(NotFound):
        await people.join(connection, secret, Newcomer("x@example.org", "", "hash", HOME))


async def test_a_password_link_sets_a_password_and_nothing_else(connection: Connection) -> None:
    member = await add_member(connection)
    await members.set_totp(connection, COMMAND, member.id, b"sealed")
    session = await sessions.start(connection, member.id, HOME, "")
    secret = await people.make_password_link(connection, COMMAND, member)
    with pytest.raises(NotFound):
        await people.join(connection, secret, Newcomer("x@example.org", "", "hash", HOME))
    after = await people.set_new_password(connection, secret, "new", HOME)
    assert not after.two_factor, "the device may be what got lost"
    known = await members.credentials(connection, member.email)
    assert known is not None
    assert known.password_hash == "new"
    assert await sessions.find(connection, session) is None
    invitation = await people.make_invitation(connection, COMMAND, Invitation("x@example.org"))
    with pytest.raises(NotFound):
        await people.set_new_password(connection, invitation, "new", HOME)


async def test_a_disabled_member_s_links_end(connection: Connection) -> None:
    member = await add_member(connection)
    secret = await people.make_password_link(connection, COMMAND, member)
    disabled = await members.disable(connection, COMMAND, member.id)
    with pytest.raises(NotFound):
        await links.use(connection, secret)
    with pytest.raises(Conflict, match="disabled"):
        await people.make_password_link(connection, COMMAND, disabled)


# --- signing in


@pytest.fixture
async def passwords() -> Passwords:
    return Passwords()


@pytest.fixture
async def enter(reader: Reader, passwords: Passwords) -> SignIn:
    return SignIn(reader, BOX, passwords)


@pytest.fixture
async def anna(connection: Connection, passwords: Passwords) -> Member:
    return await add_member(connection, password_hash=await passwords.hash(PASSWORD))


def claim(
    password: str = PASSWORD,
    *,
    email: str = "Anna@Example.org",
    code: str = "",
    address: str = HOME,
) -> Claim:
    return Claim(email, password, code, address)


async def test_the_right_password_signs_in(enter: SignIn, anna: Member) -> None:
    assert await enter(claim()) == anna


async def test_whatever_is_wrong_gets_the_same_answer(
    connection: Connection, enter: SignIn, anna: Member
) -> None:
    said: set[str] = set()
    for wrong in (
        claim("wrong"), claim(""), claim("x" * 100_000), claim(email="nobody@example.org"),
        claim(email="no address"), claim(email="a\0@b"), claim(PASSWORD + "x"),
    ):  # fmt: skip
        with pytest.raises(Unauthorized) as caught:
            await enter(wrong)
        said.add(str(caught.value))
    await members.disable(connection, COMMAND, anna.id)
    with pytest.raises(Unauthorized) as caught:
        await enter(claim())
    said.add(str(caught.value))
    assert len(said) == 1


async def test_an_unknown_address_costs_the_same_hash(
    enter: SignIn, anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mana_errors.access import passwords as module  # noqa: PLC0415 - to count its work

    checked: list[str] = []
    verify = module._verify

    def counting(known: str, password: str) -> bool:
        checked.append(known)
        return verify(known, password)

    monkeypatch.setattr(module, "_verify", counting)
    for email in (anna.email, "nobody@example.org"):
        with pytest.raises(Unauthorized):
            await enter(claim("wrong", email=email))
    assert len(checked) == 2
    assert checked[1] == module.DECOY
    assert {module.is_outdated(known) for known in checked} == {False}


async def test_a_code_is_needed_and_works_once(
    connection: Connection, enter: SignIn, anna: Member
) -> None:
    secret = codes.new_secret()
    await members.set_totp(connection, COMMAND, anna.id, BOX.seal(secret, anna.id.bytes))
    step = codes.matching_step(secret, "") or 0
    assert step == 0
    for code in ("", "000000x"):
        with pytest.raises(Unauthorized):
            await enter(claim(code=code))
    now = int((await connection.fetchval("SELECT extract(epoch FROM now())")) // codes.STEP_S)
    code = codes.code_at(secret, now)
    assert (await enter(claim(code=code))).two_factor
    with pytest.raises(Unauthorized):
        await enter(claim(code=code))


async def test_a_code_is_taken_by_one_of_many_at_once(
    connection: Connection, reader: Reader, anna: Member
) -> None:
    async def take() -> bool:
        async with reader.connection() as own:
            return await members.use_step(own, anna.id, 7)

    assert sorted(await asyncio.gather(*(take() for _ in range(5)))) == [False] * 4 + [True]
    assert not await members.use_step(connection, anna.id, 6), "nor an earlier one"


async def test_failures_make_wait_longer_and_longer(
    connection: Connection, enter: SignIn, anna: Member
) -> None:
    for number in range(sign_in.FREE_BY_EMAIL):
        with pytest.raises(Unauthorized):
            await enter(claim("wrong", address=f"203.0.113.{number}"))
    waits: list[int] = []
    for number in range(14):
        with pytest.raises(Unauthorized):
            await enter(claim("wrong", address=f"192.0.2.{number}"))
        with pytest.raises(TooManyRequests) as caught:
            await enter(claim(address=f"192.0.2.{number}"))
        waits.append(caught.value.retry_after_s)
        await connection.execute("UPDATE error_logs.sign_in_failures SET blocked_until = now()")
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert waits[-1] == attempts.LONGEST.total_seconds()
    assert await enter(claim(address="192.0.2.99")) == anna
    for number in range(sign_in.FREE_BY_EMAIL):
        with pytest.raises(Unauthorized):
            await enter(claim("wrong", address=f"203.0.113.{number}"))


async def test_a_client_that_tries_many_addresses_waits(enter: SignIn, anna: Member) -> None:
    """And one that has a whole IPv6 network is one client."""
    for number in range(sign_in.FREE_BY_ADDRESS + 1):
        wrong = claim("wrong", email=f"{number}@example.org", address=f"2001:db8::{number:x}")
        with pytest.raises(Unauthorized):
            await enter(wrong)
    with pytest.raises(TooManyRequests):
        await enter(claim(address="2001:db8::ffff"))
    assert await enter(claim(address="2001:db8:0:1::1")) == anna


async def test_guesses_at_once_are_counted_each(
    connection: Connection, enter: SignIn, anna: Member
) -> None:
    results = await asyncio.gather(
        *(enter(claim("wrong", address=f"203.0.113.{n}")) for n in range(15)),
        return_exceptions=True,
    )
    guessed = sum(isinstance(result, Unauthorized) for result in results)
    assert guessed == sign_in.FREE_BY_EMAIL + 1
    assert sum(isinstance(result, TooManyRequests) for result in results) == 15 - guessed
    assert await members.find(connection, anna.id) == anna


async def test_nobody_locks_a_member_out_at_home(
    connection: Connection, enter: SignIn, anna: Member
) -> None:
    await sessions.start(connection, anna.id, HOME, "")
    await connection.execute(
        "INSERT INTO error_logs.sign_in_failures (subject, failures, last_at, blocked_until) "
        "VALUES ('email:anna@example.org', 99, now(), now() + interval '9 minutes')"
    )
    with pytest.raises(TooManyRequests):
        await enter(claim(address="192.0.2.1"))
    assert await enter(claim()) == anna


async def test_old_failures_are_forgotten(connection: Connection) -> None:
    subject = attempts.Subject("email:x", 1)
    for _ in range(2):
        assert await attempts.attempt(connection, subject) == 0
    assert await attempts.attempt(connection, subject) > 0
    await connection.execute(
        "UPDATE error_logs.sign_in_failures SET last_at = last_at - interval '2 days', "
        "blocked_until = NULL"
    )
    assert await attempts.attempt(connection, subject) == 0
    assert await attempts.attempt(connection, subject) == 0
    await connection.execute("UPDATE error_logs.sign_in_failures SET last_at = '2020-01-01Z'")
    await attempts.sweep(connection)
    assert await connection.fetchval("SELECT count(*) FROM error_logs.sign_in_failures") == 0


async def test_a_flood_of_sign_ins_is_bounded(
    connection: Connection, enter: SignIn, anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mana_errors.access import passwords as module  # noqa: PLC0415 - to narrow its queue

    monkeypatch.setattr(module, "WAITING", 3)
    results = await asyncio.gather(
        *(
            enter(claim("wrong", email=f"{n}@example.org", address=f"203.0.113.{n}"))
            for n in range(30)
        ),
        return_exceptions=True,
    )
    assert any(isinstance(result, Busy) for result in results)
    assert all(isinstance(result, Busy | Unauthorized) for result in results)
    counted = "SELECT sum(failures) FROM error_logs.sign_in_failures WHERE subject LIKE 'email:%'"
    tried = sum(isinstance(result, Unauthorized) for result in results)
    assert await connection.fetchval(counted) == tried, "who was sent away did not fail"
    assert await enter(claim()) == anna


async def test_a_hash_of_yesterday_s_cost_is_renewed(connection: Connection, enter: SignIn) -> None:
    from argon2 import PasswordHasher  # noqa: PLC0415 - for this test's old cost

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    member = await add_member(connection, password_hash=cheap)
    assert await enter(claim()) == member
    known = await members.credentials(connection, member.email)
    assert known is not None
    assert known.password_hash != cheap
    assert await enter(claim()) == member


async def test_a_member_confirms_with_the_password_alone(enter: SignIn, anna: Member) -> None:
    await enter.confirm(anna, PASSWORD, HOME)
    with pytest.raises(Unauthorized):
        await enter.confirm(anna, "wrong", HOME)


# --- tokens and the audit log


async def test_a_token_is_bound_and_its_making_is_noted(connection: Connection) -> None:
    secret = await tokens.create(connection, "script", ["read"], apps=("shop", "chat"))
    found = await tokens.find(connection, secret)
    assert found is not None
    assert found.apps == {"chat", "shop"}
    row = await tokens.named(connection, "script")
    assert row.apps == ("chat", "shop")
    assert await tokens.revoke(connection, row.id) == "script"
    assert await tokens.find(connection, secret) is None
    with pytest.raises(NotFound):
        await tokens.revoke(connection, row.id)
    assert await actions(connection) == ["token.create", "token.revoke"]
    details = await connection.fetchval(
        "SELECT string_agg(details::text, '') FROM error_logs.audit_log"
    )
    assert secret not in details


async def test_the_audit_log_is_read_page_by_page_and_by_app(connection: Connection) -> None:
    for number in range(7):
        app = ("chat", "shop", None)[number % 3]
        await audit.note(connection, COMMAND, "app.change", f"s{number}", app=app)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = AuditQuery(limit=2, cursor=cursor)
        page = await audit.listed(connection, query, None)
        seen += [entry.subject for entry in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [f"s{number}" for number in reversed(range(7))]
    bound = await audit.listed(connection, AuditQuery(), frozenset({"chat"}))
    assert {entry.app for entry in bound.items} == {"chat"}
    nothing = await audit.listed(connection, AuditQuery(app=("shop",)), frozenset({"chat"}))
    assert nothing.items == []
    with pytest.raises(BadRequest, match="cursor"):
        await audit.listed(connection, AuditQuery(cursor="x"), None)


async def test_members_and_sessions_are_gone_with_their_connection(migrated_dsn: str) -> None:
    """What is not committed is neither done nor noted."""
    connection = await db.connect(migrated_dsn)
    transaction = connection.transaction()
    await transaction.start()
    await add_member(connection)
    await transaction.rollback()
    assert await actions(connection) == []
    assert await members.count(connection) == 0
    await connection.close()
