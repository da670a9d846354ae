"""The public functions, from the call to what the server is sent."""

import logging
import os
import signal
import sys
import threading
import time

import pytest

import mana_errors_sdk
from hostile import BrokenMapping, Mute
from mana_errors_sdk import api
from stand_in import status, wait_until


def fail():
    raise ValueError("bad")


def capture(**fields):
    try:
        fail()
    except ValueError:
        return api.capture_exception(**fields)


def test_the_public_surface():
    """What a release may not lose."""
    assert set(mana_errors_sdk.__all__) == {
        "Scope", "__version__", "add_breadcrumb", "capture_exception", "capture_message", "close",
        "flush", "init", "new_scope", "report_error", "set_context", "set_tag", "set_user",
    }  # fmt: skip
    assert all(hasattr(mana_errors_sdk, name) for name in mana_errors_sdk.__all__)


def test_before_init_nothing_happens():
    """A library may call it in a program that does not report."""
    assert capture() is None
    assert api.capture_message("x") is None
    assert api.report_error(message="x") is None
    assert api.flush(0) is True
    assert api.close(0) is True


def test_an_exception_becomes_a_report(client, server):
    """The contract's fields, and the structured ones."""
    client(release="1.0", service_name="chat-backend", environment="staging")
    api.set_user({"id": "u1", "email": "a@example.org"})
    api.set_tag("plan", "pro")
    api.set_context("cart", {"items": 3})
    api.add_breadcrumb("clicked", category="ui", level="info", data={"n": 1})
    identifier = capture(severity="warning", context={"more": 1})
    assert api.flush()
    (error,) = server.errors
    wanted = {
        "id": identifier, "appId": "chat", "errorType": "ValueError", "errorCode": "ValueError",
        "message": "bad", "severity": "warning", "release": "1.0", "serviceName": "chat-backend",
        "environment": "staging", "userId": "u1", "tags": {"plan": "pro"}, "sourceType": "backend",
        "context": {"cart": {"items": 3}, "more": 1},
    }  # fmt: skip
    assert {name: error[name] for name in wanted} == wanted
    assert error["stackTrace"].startswith("Traceback (most recent call last):")
    payload = error["payload"]
    assert payload["platform"] == "python"
    assert payload["user"] == {"id": "u1", "email": "a@example.org"}
    (crumb,) = payload["breadcrumbs"]
    assert {**crumb, "at": ""} == {
        "at": "", "message": "clicked", "category": "ui", "level": "info", "data": {"n": 1}
    }  # fmt: skip
    (exception,) = payload["exceptions"]
    assert exception["mechanism"] == {"type": "generic", "handled": True}
    frame = exception["frames"][-1]
    assert frame["contextLine"].strip() == 'raise ValueError("bad")'
    assert (frame["function"], frame["inApp"], frame["path"]) == ("fail", True, __file__)
    assert frame["path"].endswith(frame["file"])
    assert "vars" not in frame


def test_requests_are_what_the_server_expects(client, server):
    """Path, encoding, key, and further headers."""
    client(key="k1", headers={"X-Proxy": "yes"})
    capture()
    api.flush()
    ((path, head),) = server.heads
    assert path == "/api/v1/errors/batch"
    assert head["Content-Encoding"] == "gzip"
    assert head["X-App-Key"] == "k1"
    assert head["X-Proxy"] == "yes"


def test_ids_carry_the_time_and_are_never_the_same(client, server):
    """UUID version 7 of occurredAt's millisecond: a resend is the same event on the server."""
    client()
    identifiers = {capture() for _ in range(50)}
    api.flush()
    assert len(identifiers) == 50
    for error in server.errors:
        millis = int(error["id"].replace("-", "")[:12], 16)
        assert error["id"][14] == "7"
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(millis // 1000))
        assert error["occurredAt"] == f"{text}.{millis % 1000:03d}Z"


def test_report_error_takes_both_spellings(client, server):
    """The contract's names, and Python's."""
    client()
    contract = {"errorCode": "VALIDATION_FAILED", "errorType": "AppError", "message": "no name"}
    api.report_error(**contract)
    api.report_error(error_code="VALIDATION_FAILED", error_type="AppError", message="no name")
    api.flush()
    one, two = server.errors
    for error in (one, two):
        for name in ("id", "occurredAt"):
            del error[name]
    assert one == two
    assert one["errorCode"] == "VALIDATION_FAILED"


def test_odd_fields_are_made_to_fit(client, server, caplog):
    """Never refused by the server for a slip here, and never an exception."""
    client()
    api.report_error(
        error_code="c" * 500, message=None, severity="fatal", request_method="x" * 50,
        request_body=["no", "object"], response_status_code="503", context="text",
        tags={"n": 1}, app_id=7, nonsense=1,  # pyright: ignore[reportCallIssue]
    )  # fmt: skip
    api.flush()
    (error,) = server.errors
    assert len(error["errorCode"]) == 100
    assert error["errorType"] == "Error"
    assert error["message"] == ""
    assert error["severity"] == "critical"
    assert len(error["requestMethod"]) == 10
    assert error["requestBody"] == {"value": ["no", "object"]}
    assert error["responseStatusCode"] == 503
    assert error["context"] == {"value": "text"}
    assert error["tags"] == {"n": "1"}
    assert "nonsense" in caplog.text


def test_mappings_that_fail_cost_only_themselves(client, server):
    """Whatever they raise, and wherever they are given."""
    client()
    api.set_user(BrokenMapping())
    api.report_error(message="x", context=BrokenMapping(), tags=BrokenMapping())
    api.flush()
    (error,) = server.errors
    assert error["context"] == {"value": "<BrokenMapping>"}
    assert error["tags"] == {"value": "<BrokenMapping>"}
    assert "user" not in error["payload"]


def test_a_status_that_is_none_costs_only_the_report(client, server):
    """It is counted."""
    client()
    assert api.report_error(message="x", response_status_code="none") is None
    capture()
    api.flush()
    assert len(server.errors) == 1
    assert server.discarded == {"internal_error": 1}


def test_messages(client, server):
    """With a severity."""
    client()
    api.capture_message("hello", "warning", context={"a": 1})
    api.flush()
    (error,) = server.errors
    assert (error["message"], error["severity"], error["errorType"]) == (
        "hello",
        "warning",
        "Message",
    )


def test_outside_of_a_handler_there_is_nothing_to_capture(client):
    """No exception, no report."""
    client()
    assert api.capture_exception() is None


def test_sample_rate(client, server):
    """0 reports nothing and counts all; the server hears of it."""
    client(sample_rate=0)
    assert [capture() for _ in range(5)] == [None] * 5
    api.flush()
    assert server.discarded == {"sample_rate": 5}


def test_a_rate_between_lets_a_share_through(client, server):
    """Each error by itself."""
    client(sample_rate=0.5)
    taken = [capture() for _ in range(400)]
    api.flush()
    assert 120 < len(server.errors) < 280
    assert sum(map(bool, taken)) == len(server.errors)
    assert server.discarded["sample_rate"] == 400 - len(server.errors)


@pytest.mark.parametrize(
    "ignored", [ValueError, Exception, "ValueError", "builtins.ValueError", "ArithmeticError"]
)
def test_ignored_errors(client, server, ignored):
    """By class, with its subclasses, or by name with or without module."""
    client(ignore_errors=[ignored])
    capture()
    try:
        1 / 0
    except ZeroDivisionError as error:
        api.capture_exception(error)
    api.flush()
    expected = {"ArithmeticError": ["ValueError"], Exception: []}.get(
        ignored, ["ZeroDivisionError"]
    )
    assert [error["errorType"] for error in server.errors] == expected
    assert server.discarded == {"ignored": 2 - len(expected)}


def test_before_send_changes_or_drops(client, server):
    """It gets the whole report; id and time stay; what it adds is scrubbed."""

    def before_send(report):
        if report["message"] == "drop":
            return None
        report["payload"]["exceptions"] = []
        return {**report, "id": "mine", "message": "changed", "context": {"password": "hunter2"}}

    client(before_send=before_send)
    api.capture_message("drop")
    identifier = capture()
    api.flush()
    (error,) = server.errors
    assert error["id"] == identifier
    assert error["message"] == "changed"
    assert error["context"] == {"password": "[scrubbed]"}
    assert server.discarded == {"before_send": 1}


def test_what_before_send_changes_does_not_change_other_reports(client, server):
    """Frames are shared between reports, but not with it."""
    seen = []

    def before_send(report):
        frame = report["payload"]["exceptions"][0]["frames"][-1]
        seen.append(frame["contextLine"])
        frame["contextLine"] = "gone"
        return report

    client(before_send=before_send)
    capture()
    capture()
    api.flush()
    assert seen[0] == seen[1] != "gone"


def test_a_before_send_that_fails_costs_only_its_report(client, server):
    """It is counted, the worker lives."""

    def before_send(report):
        if report["message"] == "bad":
            raise RuntimeError("no")
        return report

    client(before_send=before_send)
    capture()
    api.capture_message("good")
    api.flush()
    assert [error["message"] for error in server.errors] == ["good"]
    assert server.discarded == {"internal_error": 1}


def test_a_before_send_that_logs_errors_ends(client, server):
    """It is not asked about its own."""

    def before_send(report):
        logging.getLogger("app").error("looked at %s", report["message"])
        api.capture_message("from before_send")
        return report

    client(before_send=before_send)
    capture()
    assert api.flush()
    assert api.flush()
    assert [error["message"] for error in server.errors] == ["bad"]
    assert server.discarded == {"ignored": 2}


def test_local_variables_are_opt_in_and_scrubbed(client, server):
    """By name, and what is hidden there is hidden in the message, too."""
    client(local_variables=True)

    def login(password, name):
        raise ValueError("no such login: " + password)

    try:
        login("hunter2-secret", "ann")
    except ValueError:
        api.capture_exception()
    api.flush()
    (error,) = server.errors
    shown = error["payload"]["exceptions"][0]["frames"][-1]["vars"]
    assert shown == {"password": "[scrubbed]", "name": "'ann'"}
    assert error["message"] == "no such login: [scrubbed]"
    assert "hunter2" not in error["stackTrace"].rpartition("ValueError")[2]


def test_an_exception_is_reported_once_on_its_way_up(client, server):
    """The program captures it, then the logger sees it again; twice by hand is twice."""
    client()
    try:
        fail()
    except ValueError:
        api.capture_exception()
        logging.getLogger("app").exception("failed")
    api.flush()
    assert len(server.errors) == 1
    try:
        fail()
    except ValueError:
        api.capture_exception()
        api.capture_exception()
    api.flush()
    assert len(server.errors) == 3


def test_an_exception_that_is_logged_was_handled(client, server):
    """By whoever logged it."""
    client()
    try:
        fail()
    except ValueError:
        logging.getLogger("app").exception("failed")
    api.flush()
    (error,) = server.errors
    mechanism = error["payload"]["exceptions"][0]["mechanism"]
    assert mechanism == {"type": "logging", "handled": True}


def test_log_records(client, server, caplog, monkeypatch):
    """Errors are reported, with their template; what came before are breadcrumbs; debug is neither."""
    client()
    caplog.set_level(logging.DEBUG)
    log = logging.getLogger("shop")
    log.debug("detail")
    log.info("opened %s", "cart")
    log.error("no price for %s", "apple")
    monkeypatch.setattr(logging, "raiseExceptions", False)
    log.error("wrong %d", "format")
    log.critical("end")
    api.flush()
    errors = {error["message"]: error for error in server.errors}
    assert errors["no price for apple"]["payload"]["logEntry"] == {"template": "no price for %s"}
    assert errors["no price for apple"]["errorCode"] == "shop"
    assert errors["end"]["severity"] == "critical"
    assert "wrong %d" in errors
    crumbs = errors["end"]["payload"]["breadcrumbs"]
    assert [crumb["message"] for crumb in crumbs] == ["opened cart"]


def test_a_log_message_that_fails_costs_the_program_nothing(client, server, monkeypatch):
    """Its type is told, also by the template."""
    client()
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logging.getLogger("shop").error(Mute())
    api.flush()
    (error,) = server.errors
    assert error["message"] == "<Mute: str() failed>"
    assert error["payload"]["logEntry"] == {"template": "<Mute: str() failed>"}


def test_the_sdks_own_log_is_not_reported(client, server):
    """It would go round and round."""
    client()
    logging.getLogger("mana_errors_sdk").error("about myself")
    api.flush()
    assert server.errors == []


def test_a_thread_that_dies_is_reported(client, server, monkeypatch):
    """And the previous hook still hears of it."""
    heard = []
    monkeypatch.setattr(threading, "excepthook", heard.append)
    client()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    api.flush()
    (error,) = server.errors
    mechanism = error["payload"]["exceptions"][0]["mechanism"]
    assert mechanism == {"type": "threading", "handled": False}
    assert len(heard) == 1


def test_hooks_are_taken_out_again(client):
    """close() leaves Python as it was."""
    before = (sys.excepthook, threading.excepthook, logging.Logger.callHandlers)
    client()
    assert sys.excepthook is not before[0]
    api.close()
    assert (sys.excepthook, threading.excepthook, logging.Logger.callHandlers) == before


def test_a_disabled_integration_stays_out(client):
    """By its name."""
    before = logging.Logger.callHandlers
    client(disabled_integrations=["logging"])
    assert logging.Logger.callHandlers is before


def test_nothing_is_reported_where_it_is_turned_off(client, server):
    """enabled=False: no client, no hooks, no thread."""
    before = sys.excepthook
    client(enabled=False)
    assert capture() is None
    assert sys.excepthook is before
    assert server.batches == []


def test_a_full_queue_drops_and_counts(client, server):
    """The program goes on at full speed; nothing grows; every event is sent or counted."""
    blocked = threading.Event()
    server.behaviours = [
        lambda handler, body: (blocked.wait(), handler.answer(201, server.store(body)))
    ]
    client(max_queue=10)
    results = [capture() for _ in range(500)]
    blocked.set()
    assert api.flush()
    taken = [identifier for identifier in results if identifier]
    assert {error["id"] for error in server.errors} == set(taken)
    assert len(taken) < 500
    assert api.flush()
    assert sum(server.discarded.values()) == 500 - len(taken)


def test_flush_says_whether_all_is_delivered(client, server):
    """Within the time it is given."""
    server.behaviours = [status(503, Retry_After="600")] * 5
    client()
    capture()
    began = time.monotonic()
    assert api.flush(0.3) is False
    assert time.monotonic() - began < 30


def test_the_end_does_not_wait_in_vain(client, server):
    """When the server has asked for a pause that is longer than what is left."""
    server.behaviours = [status(503, Retry_After="600")]
    client(shutdown_timeout=100)
    capture()
    wait_until(lambda: not server.behaviours, "the refusal")
    assert api.close() is False


def test_capturing_in_a_signal_handler(client, server):
    """It may interrupt a capture at any point of it."""
    client(max_queue=100_000)
    signals = []

    def handler(number, _frame):
        # a sum would lose what interrupts it
        signals.append(number)
        api.capture_message("from a signal")
        api.add_breadcrumb("signal")

    previous = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        own = [capture() for _ in range(500)]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert api.flush(60)
    assert signals
    assert server.discarded == {}
    assert len(server.errors) == len(own) + len(signals)


def test_capturing_in_a_finalizer(client, server):
    """The garbage collector may run it anywhere, in the worker's thread as well."""
    client()

    class Node:
        def __init__(self):
            self.loop = self

        def __del__(self):
            api.capture_message("collected")

    for _ in range(2000):
        Node()
    import gc

    gc.collect()
    assert api.flush(60)
    assert len(server.errors) + sum(server.discarded.values()) == 2000


def test_many_threads_capture_at_once(client, server):
    """Every event arrives once."""
    client(max_queue=100_000)
    identifiers = []
    threads = [
        threading.Thread(target=lambda: identifiers.extend(capture() for _ in range(100)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert api.flush(60)
    assert sorted(error["id"] for error in server.errors) == sorted(identifiers)
    assert len(set(identifiers)) == 800


def test_a_kept_connection_is_used_again(client, server):
    """And replaced when the server has closed it meanwhile."""
    client()
    capture()
    api.flush()
    capture()
    api.flush()
    assert server.connections == 1


def test_the_worker_is_one_daemon_thread(client):
    """It never keeps a program alive."""
    client()
    capture()
    capture()
    threads = [thread for thread in threading.enumerate() if thread.name == "mana-errors-sdk"]
    assert len(threads) == 1
    assert threads[0].daemon


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_reports_its_own_and_only_its_own(client, server):
    """What waits in the parent is sent by the parent; both have threads and connections."""
    blocked = threading.Event()
    server.behaviours = [
        lambda handler, body: (blocked.wait(), handler.answer(201, server.store(body)))
    ]
    client()
    parents = [capture() for _ in range(20)]
    wait_until(lambda: not server.behaviours, "the parent's request, which hangs")
    child = os.fork()
    if child == 0:
        try:
            api.capture_message("from the child")
            done = api.flush(30)
        finally:
            os._exit(0 if done else 1)
    assert os.waitpid(child, 0)[1] == 0
    blocked.set()
    assert api.flush()
    ids = [error["id"] for batch in server.batches for error in batch["errors"]]
    assert len(ids) == len(set(ids)) == 21
    assert set(parents) < set(ids)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_that_is_forked_amid_a_report_captures(client, server):
    """Here by before_send itself; else its first thread may get the id that the worker had."""
    ends = []
    parent = os.getpid()

    def before_send(report):
        # the child's own report must not fork another, and so on for ever
        if os.getpid() != parent:
            return report
        child = os.fork()
        if child == 0:
            os._exit(0 if api.capture_message("from the child") else 1)
        ends.append(os.waitpid(child, 0)[1])
        return report

    client(before_send=before_send)
    capture()
    assert api.flush()
    assert ends == [0]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_that_nobody_told_of_is_noticed(client, server):
    """Programs that embed Python may fork without its hooks: the process id says it."""
    client()
    capture()
    api.flush()
    running = api.current_client()
    assert running
    worker = running._worker
    worker._pid -= 1
    worker._thread = threading.Thread()
    assert capture() is not None
    assert api.flush()
    assert len(server.errors) == 2


def test_exceptions_that_refuse_attributes(client, server):
    """Frozen ones, and those with slots."""
    client()

    class Frozen(Exception):
        __slots__ = ("a",)

        def __setattr__(self, name, value):
            raise AttributeError(name)

    api.capture_exception(Frozen("x"))
    wait_until(lambda: server.errors, "the report")
