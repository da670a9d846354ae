"""Dramatiq: a broker in memory, and its worker's threads."""

import dramatiq
import shop
from dramatiq.brokers.stub import StubBroker

shop.init()
broker = StubBroker()
dramatiq.set_broker(broker)


@dramatiq.actor(max_retries=0)
def boom(order, password=None):
    return shop.total({})


@dramatiq.actor(max_retries=1, min_backoff=1, max_backoff=1)
def again():
    return shop.total({})


@dramatiq.actor(throws=KeyError, max_retries=0)
def expected():
    return shop.total({})


@dramatiq.actor(max_retries=0)
def handled():
    shop.handled()


@dramatiq.actor(max_retries=0)
def met(who):
    shop.meet(who)
    shop.total({})


if __name__ == "__main__":
    worker = dramatiq.Worker(broker, worker_threads=2)
    worker.start()
    boom.send({"id": 7}, password="hunter2")
    for actor in (again, expected, handled):
        actor.send()
    for number in range(4):
        met.send(f"u-{number}")
    broker.join("default", fail_fast=False)
    worker.stop()
