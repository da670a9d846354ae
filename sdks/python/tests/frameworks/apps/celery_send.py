"""Sends all tasks, and waits until the last one is done."""

import celery_app
from celery.exceptions import TimeoutError as Late

tasks = celery_app.app.tasks
tasks["boom"].delay({"id": 7}, password="hunter2")
for name in ("expected", "retried", "logged", "handled", "unpicklable"):
    tasks[name].delay()
sent = [tasks["met"].delay(f"u-{number}") for number in range(4)]
sent.append(tasks["killed"].delay())
for result in sent:
    try:
        result.get(timeout=40, propagate=False)
    except Late:
        print("late", result)
