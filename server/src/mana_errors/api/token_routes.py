"""Operations on tokens."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from mana_errors.api.table import Call, NoBody, Route
from mana_errors.model.principal import Scope
from mana_errors.model.query import NoQuery, PageQuery
from mana_errors.model.reading import Page
from mana_errors.model.token import NewToken
from mana_errors.store import tokens
from mana_errors.store.paging import after, page_of
from mana_errors.store.tokens import TokenRow


class MadeToken(msgspec.Struct, frozen=True):
    """A token that was made."""

    name: str
    scopes: tuple[Scope, ...]
    token: Annotated[str, Meta(description="The secret; it is not shown again.")]


async def _list_tokens(call: Call[PageQuery, NoBody]) -> Page[TokenRow]:
    async with call.reader.connection() as connection:
        found = await tokens.listed(connection, after(call.query), call.query.limit + 1)
    return page_of(found, call.query)


async def _create_token(call: Call[NoQuery, NewToken]) -> MadeToken:
    new = call.body
    async with call.reader.connection() as connection:
        secret = await tokens.create(
            connection, new.name, new.scopes, new.ttl, apps=new.apps, actor=call.actor
        )
    return MadeToken(new.name, new.scopes, secret)


async def _revoke_token(call: Call[NoQuery, NoBody]) -> None:
    async with call.reader.connection() as connection:
        await tokens.revoke(connection, call.id, call.actor)


TOKEN_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        method="GET",
        path="/api/v1/tokens",
        operation="listTokens",
        summary="List tokens without their secrets, the oldest first",
        scope="admin",
        all_apps=True,
        query=PageQuery,
        body=NoBody,
        answer=Page[TokenRow],
        errors=(400,),
        handler=_list_tokens,
    ),
    Route(
        method="POST",
        path="/api/v1/tokens",
        operation="createToken",
        summary="Make a token",
        scope="admin",
        all_apps=True,
        query=NoQuery,
        body=NewToken,
        answer=MadeToken,
        errors=(400, 409, 413, 415),
        handler=_create_token,
        status=201,
    ),
    Route(
        method="DELETE",
        path="/api/v1/tokens/{id}",
        operation="revokeToken",
        summary="Make a token useless, within seconds",
        scope="admin",
        all_apps=True,
        query=NoQuery,
        body=NoBody,
        answer=None,
        errors=(400, 404),
        handler=_revoke_token,
        status=204,
    ),
)
