"""Operations on channels and deliveries."""

from typing import Any, Final

from mana_errors.alerts import manage
from mana_errors.api.table import Call, NoBody, Route
from mana_errors.model.channel import Channel
from mana_errors.model.channel_change import ChannelChange, MadeChannel, NewChannel, Tested
from mana_errors.model.delivery import Delivery, DeliveryQuery
from mana_errors.model.query import NoQuery, PageQuery
from mana_errors.model.reading import Page
from mana_errors.store import channels, delivery_ledger
from mana_errors.store.paging import after, page_of


async def _list_channels(call: Call[PageQuery, NoBody]) -> Page[Channel]:
    async with call.reader.connection() as connection:
        found = await channels.listed(connection, after(call.query), call.query.limit + 1)
    return page_of(found, call.query)


async def _get_channel(call: Call[NoQuery, NoBody]) -> Channel:
    async with call.reader.connection() as connection:
        return await channels.find(connection, call.id)


async def _create_channel(call: Call[NoQuery, NewChannel]) -> MadeChannel:
    async with call.reader.connection() as connection:
        return await manage.create(connection, call.services.settings, call.body, call.actor)


async def _change_channel(call: Call[NoQuery, ChannelChange]) -> MadeChannel:
    settings = call.services.settings
    async with call.reader.connection() as connection:
        return await manage.change(connection, settings, call.id, call.body, call.actor)


async def _delete_channel(call: Call[NoQuery, NoBody]) -> None:
    async with call.reader.connection() as connection:
        await channels.delete(connection, call.id, call.actor)


async def _test_channel(call: Call[NoQuery, NoBody]) -> Tested:
    return await manage.test(call.reader, call.services.settings, call.id, call.actor)


async def _list_deliveries(call: Call[DeliveryQuery, NoBody]) -> Page[Delivery]:
    async with call.reader.connection() as connection:
        return await delivery_ledger.listed(connection, call.query)


async def _retry_delivery(call: Call[NoQuery, NoBody]) -> Delivery:
    async with call.reader.connection() as connection:
        return await delivery_ledger.retry(connection, call.id, call.actor)


CHANNEL_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        method="GET",
        path="/api/v1/channels",
        operation="listChannels",
        summary="List where people are told, the oldest first; without secrets",
        # addresses of people and of receivers
        scope="admin",
        all_apps=True,
        query=PageQuery,
        body=NoBody,
        answer=Page[Channel],
        errors=(400,),
        handler=_list_channels,
    ),
    Route(
        method="POST",
        path="/api/v1/channels",
        operation="createChannel",
        summary="Make a channel; a webhook's key is in the answer, and never again",
        scope="admin",
        all_apps=True,
        query=NoQuery,
        body=NewChannel,
        answer=MadeChannel,
        errors=(400, 409, 413, 415),
        handler=_create_channel,
        status=201,
    ),
    Route(
        method="GET",
        path="/api/v1/channels/{id}",
        operation="getChannel",
        summary="A channel without its secret, and whether it works",
        scope="admin",
        all_apps=True,
        query=NoQuery,
        body=NoBody,
        answer=Channel,
        errors=(400, 404),
        handler=_get_channel,
    ),
    Route(
        method="PATCH",
        path="/api/v1/channels/{id}",
        operation="changeChannel",
        summary="Change a channel, each field by itself; what waits there is tried at once",
        scope="admin",
        all_apps=True,
        query=NoQuery,
        body=ChannelChange,
        answer=MadeChannel,
        errors=(400, 404, 413, 415),
        handler=_change_channel,
    ),
    Route(
        method="DELETE",
        path="/api/v1/channels/{id}",
        operation="deleteChannel",
        summary="Forget a channel and its secret; what waits there is skipped",
        scope="admin",
        all_apps=True,
        query=NoQuery,
        body=NoBody,
        answer=None,
        errors=(400, 404),
        handler=_delete_channel,
        status=204,
    ),
    Route(
        method="POST",
        path="/api/v1/channels/{id}/test",
        operation="testChannel",
        summary="Send a test now; answers what the receiver answers, within ten seconds",
        scope="admin",
        all_apps=True,
        query=NoQuery,
        body=NoBody,
        answer=Tested,
        errors=(400, 404),
        handler=_test_channel,
    ),
    Route(
        method="GET",
        path="/api/v1/deliveries",
        operation="listDeliveries",
        summary="List what was sent where, what waits and what failed, newest first",
        scope="admin",
        all_apps=True,
        query=DeliveryQuery,
        body=NoBody,
        answer=Page[Delivery],
        errors=(400,),
        handler=_list_deliveries,
    ),
    Route(
        method="POST",
        path="/api/v1/deliveries/{id}/retry",
        operation="retryDelivery",
        summary="Send what is dead or was skipped again, at once",
        scope="admin",
        all_apps=True,
        query=NoQuery,
        body=NoBody,
        answer=Delivery,
        errors=(400, 404, 409),
        handler=_retry_delivery,
    ),
)
