"""Programs without a framework: script.py CASE"""

import asyncio
import concurrent.futures
import multiprocessing
import os
import sys
import threading

import shop

import mana_errors_sdk


def uncaught():
    shop.meet("u-1")
    shop.total({})


def thread():
    worker = threading.Thread(target=shop.total, args=({},))
    worker.start()
    worker.join()


def forked():
    """Parent and child report, and neither what the other did."""
    mana_errors_sdk.capture_message("before the fork")
    child = os.fork()
    mana_errors_sdk.capture_message("child" if child == 0 else "parent")
    if child == 0:
        mana_errors_sdk.flush()
        os._exit(0)
    os.waitpid(child, 0)


def processes():
    """What ends a child is reported, however it was started."""
    for method in ("fork", "spawn", "forkserver"):
        process = multiprocessing.get_context(method).Process(target=shop.total, args=({},))
        process.start()
        process.join()


def pool():
    """Children of a pool report what they catch."""
    with concurrent.futures.ProcessPoolExecutor(2) as workers:
        list(workers.map(_caught, range(4)))


def _caught(number):
    try:
        shop.total({})
    except KeyError as error:
        error.add_note(f"number {number}")
        mana_errors_sdk.capture_exception(error)


def loop():
    """Tasks have scopes of their own, and what nobody awaits is reported."""
    asyncio.run(_loop())


async def _loop():
    async def visit(who):
        with mana_errors_sdk.new_scope():
            shop.meet(who)
            await asyncio.sleep(0.01)
            shop.handled()

    await asyncio.gather(*(visit(f"u-{number}") for number in range(4)))
    forgotten = asyncio.get_running_loop().create_task(_fail())
    await asyncio.sleep(0.01)
    del forgotten


async def _fail():
    raise LookupError("nobody awaits it")


# Children that are spawned import this module, and so begin to report, too.
shop.init()

if __name__ == "__main__":
    globals()[sys.argv[1]]()
