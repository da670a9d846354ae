"""Appending to a spool from a test."""

import asyncio

from mana_errors.errors import SpoolUnavailable
from mana_errors.store.spool.writer import SpoolWriter


async def append(spool: SpoolWriter, *payloads: bytes) -> None:
    """Returns when they are durable; raises what the spool says."""
    durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def done(refusal: SpoolUnavailable | None) -> None:
        if refusal is None:
            durable.set_result(None)
        else:
            durable.set_exception(refusal)

    spool.append(payloads, done)
    await durable
