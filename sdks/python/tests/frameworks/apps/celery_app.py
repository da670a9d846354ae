"""Celery: celery --app celery_app worker"""

import os
import signal
import time

import shop
from celery import Celery

shop.init()
folder = os.environ["BROKER_FOLDER"]
app = Celery("shop", broker="filesystem://", backend=f"file://{folder}")
app.conf.broker_transport_options = {
    "data_folder_in": folder, "data_folder_out": folder, "control_folder": folder
}  # fmt: skip
# that a worker which was killed is missed, not for ten seconds
app.conf.worker_lost_wait = 1


class Unpicklable(Exception):
    """Cannot be sent from the process that ran the task to the worker."""

    def __init__(self, cart):
        super().__init__("no cart")
        self.cart = cart


@app.task(name="boom")
def boom(order, password=None):
    return shop.total({})


@app.task(name="expected", throws=(KeyError,))
def expected():
    return shop.total({})


@app.task(name="retried", bind=True, max_retries=1)
def retried(self):
    try:
        shop.total({})
    except KeyError as error:
        raise self.retry(exc=error, countdown=0) from error


@app.task(name="logged")
def logged():
    shop.logged()


@app.task(name="handled")
def handled():
    shop.handled()


@app.task(name="unpicklable")
def unpicklable():
    raise Unpicklable(lambda: None)


@app.task(name="met")
def met(who):
    shop.meet(who)
    time.sleep(0.2)
    shop.total({})


@app.task(name="killed")
def killed():
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="last")
def last():
    return "done"
