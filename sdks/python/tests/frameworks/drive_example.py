"""Does one failing thing with the example of a framework: drive_example.py FRAMEWORK.

Runs in the example's folder, in an environment that has the framework.
"""

import contextlib
import sys
from types import SimpleNamespace


def drive_celery(example):
    """As its worker would, in this process."""
    example.order.apply((7,), throw=False)


def drive_rq(example):
    """As its worker would, in this process."""
    import fakeredis
    import rq

    redis = fakeredis.FakeStrictRedis()
    redis.client_info = lambda: {"addr": ""}
    queue = rq.Queue(connection=redis)
    queue.enqueue(example.order, 7)
    rq.SimpleWorker([queue], connection=redis).work(burst=True)


def drive_dramatiq(example):
    """Its worker's threads."""
    import dramatiq

    worker = dramatiq.Worker(example.broker)
    worker.start()
    example.order.send(7)
    example.broker.join("default", fail_fast=False)
    worker.stop()


def drive_lambda(example):
    """As the runtime calls a handler."""
    from awslambdaric import bootstrap

    client = SimpleNamespace(
        marshaller=SimpleNamespace(unmarshal_request=lambda *_: {"number": 7}),
        post_invocation_error=lambda *_: None,
    )
    sink = SimpleNamespace(log_error=lambda *_: None, log=lambda *_: None)
    bootstrap.handle_event_request(
        client, example.handle, "id", b"", "application/json", None, None, "arn", 0, None, sink
    )


if __name__ == "__main__":
    sys.path.insert(0, ".")
    import app

    with contextlib.suppress(KeyError):
        globals()[f"drive_{sys.argv[1]}"](app)
