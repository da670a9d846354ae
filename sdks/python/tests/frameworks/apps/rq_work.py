"""A Redis in this process, some jobs in it, and a worker that forks for each of them."""

import sys
import threading

import rq
from fakeredis import TcpFakeServer
from redis import Redis


class Client(Redis):
    """Does not ask what the stand-in has no good answer for."""

    def client_info(self, **_):
        return {"addr": "127.0.0.1:0"}


TcpFakeServer.daemon_threads = True
server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
threading.Thread(target=server.serve_forever, daemon=True).start()
redis = Client(port=server.server_address[1])
queue = rq.Queue(connection=redis)
if sys.argv[1:] != ["late"]:
    import rq_app  # noqa: F401 - begins to report in the worker, not only in its children
queue.enqueue("rq_app.boom", {"id": 7}, password="hunter2")
queue.enqueue("rq_app.handled")
queue.enqueue("rq_app.met", "u-1")
queue.enqueue("rq_app.met", "u-2")
rq.Worker([queue], connection=redis).work(burst=True)
