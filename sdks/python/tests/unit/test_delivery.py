"""When the next request may follow, and what it holds."""

import gzip
import json

import pytest

from mana_errors_sdk import delivery as module
from mana_errors_sdk import drops
from mana_errors_sdk.backlog import MAX_BATCH, Memory
from mana_errors_sdk.delivery import Delivery
from mana_errors_sdk.drops import Drops
from mana_errors_sdk.transport import Answer, NotDelivered


class Wire:
    """Answers what it is told, on a clock that a test moves."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        self.answers = []
        self.sent = []
        self.drops = Drops()
        self.backlog = Memory()
        self.delivery = Delivery(self.backlog, self, self.drops, "chat")
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)

    def close(self):
        pass

    def post(self, body, timeout=None):
        assert timeout is None
        body = json.loads(gzip.decompress(body))
        self.sent.append(body)
        answer = self.answers.pop(0) if self.answers else self.stored(body)
        if answer is None:
            raise NotDelivered("nobody there")
        return answer

    def stored(self, body):
        results = [{"success": True} for _ in body["errors"]]
        return Answer(201, None, json.dumps({"success": True, "results": results}).encode())

    def add(self, count):
        for index in range(count):
            self.backlog.add(json.dumps({"n": index}).encode())

    def wait(self, urgent=False):
        return self.delivery.wait_s(urgent=urgent)


@pytest.fixture
def wire(monkeypatch):
    return Wire(monkeypatch)


def numbers(body):
    return [error["n"] for error in body["errors"]]


def test_nothing_to_send(wire):
    """Then nothing is sent, unless somebody waits and there are counts."""
    assert wire.wait(urgent=True) is None
    wire.drops.add(drops.IGNORED)
    assert wire.wait() is None
    assert wire.wait(urgent=True) is not None


def test_pauses_double_with_jitter_up_to_a_minute(wire):
    """Half to all of 1, 2, 4 … 60 seconds; one success, and all is well."""
    wire.add(1)
    for longest in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        wire.answers = [None]
        wire.delivery.deliver()
        wait = wire.wait()
        assert longest / 2 <= wait <= longest
        wire.now += wait
        assert wire.wait() == 0
    wire.delivery.deliver()
    wire.add(1)
    assert wire.wait() == 0


def test_jitter_differs(wire):
    """So that a thousand programs do not come back at the same moment."""
    waits = set()
    for _ in range(20):
        other = Delivery(wire.backlog, wire, wire.drops, None)
        wire.answers = [None]
        wire.add(1)
        other.deliver()
        waits.add(other.wait_s(urgent=False))
    assert len(waits) > 15


def test_retry_after_is_obeyed_even_when_somebody_waits(wire):
    """Not a moment earlier; a pause of our own is cut short by a flush."""
    wire.add(1)
    wire.answers = [Answer(429, "30", b"")]
    wire.delivery.deliver()
    assert wire.wait(urgent=True) >= 30
    assert wire.delivery.overflow_reason == drops.RATELIMIT_BACKOFF
    wire.now += 32
    wire.answers = [None]
    wire.delivery.deliver()
    assert wire.wait(urgent=True) <= module.URGENT_PAUSE_S
    assert wire.delivery.overflow_reason == drops.NETWORK_ERROR


def test_a_batch_that_is_too_large_is_halved(wire):
    """Until it fits; a single report that never does is lost and counted."""
    wire.add(5)
    wire.answers = [Answer(413, None, b"")] * 3
    for _ in range(8):
        if wire.wait() is not None:
            wire.delivery.deliver()
    assert [len(body["errors"]) for body in wire.sent] == [5, 2, 1, 1, 2, 1]
    counts = [item for body in wire.sent for item in body.get("discarded", [])]
    assert counts == [{"reason": drops.TOO_LARGE, "quantity": 1, "appId": "chat"}]


def test_a_firewall_costs_only_what_it_does_not_like(wire, caplog):
    """The others pass; what it took is counted, and told of once."""
    wire.add(4)
    wire.answers = [Answer(403, None, b"<html>")] * 3
    while wire.wait() is not None:
        wire.delivery.deliver()
    assert [numbers(body) for body in wire.sent] == [[0, 1, 2, 3], [0, 1], [0], [1], [2, 3]]
    assert wire.sent[3]["discarded"] == [
        {"reason": drops.INTERNAL_ERROR, "quantity": 1, "appId": "chat"}
    ]
    assert caplog.text.count("HTTP 403") == 1


@pytest.mark.parametrize("status", [302, 404])
def test_the_page_of_another_server_costs_nothing(wire, caplog, status):
    """It is told of, and reports wait until their server is there."""
    wire.add(2)
    wire.answers = [Answer(status, None, b"<html>")] * 2
    for _ in range(3):
        wire.delivery.deliver()
        wire.now += wire.wait() or 0
    assert [numbers(body) for body in wire.sent] == [[0, 1]] * 3
    assert not wire.drops
    assert caplog.text.count(f"HTTP {status}") == 1


def test_what_the_server_refuses_is_told_of(wire, caplog):
    """A wrong key, e.g. Nothing is counted here: the server has."""
    wire.add(2)
    wire.answers = [Answer(401, None, b'{"success": false}')]
    wire.delivery.deliver()
    assert wire.wait() is None
    assert not wire.drops
    assert "HTTP 401" in caplog.text


def test_an_endless_413_ends(wire):
    """Whatever is in front of the server, no busy loop."""
    wire.add(3)
    wire.drops.add(drops.IGNORED)
    wire.answers = [Answer(413, None, b"")] * 50
    while wire.wait(urgent=True) is not None:
        wire.delivery.deliver()
    assert len(wire.sent) < 15


def test_what_failed_beside_others_is_sent_alone(wire):
    """And then the answer is final; the server counts what it refuses."""
    wire.add(3)
    half = {"results": [{"success": True}, {"success": False}, {"success": True}]}
    none = {"results": [{"success": False}]}
    wire.answers = [Answer(201, None, json.dumps(body).encode()) for body in (half, none)]
    wire.delivery.deliver()
    assert wire.wait() == 0
    wire.delivery.deliver()
    assert [numbers(body) for body in wire.sent] == [[0, 1, 2], [1]]
    assert not wire.drops
    assert wire.wait() is None


def test_what_is_to_be_sent_again_but_finds_no_place_is_counted(wire):
    """A spool may be full by then."""
    wire.add(2)
    wire.backlog.remove = lambda kept, _count: len(kept)
    half = {"results": [{"success": True}, {"success": False}]}
    wire.answers = [Answer(201, None, json.dumps(half).encode())]
    wire.delivery.deliver()
    assert wire.drops.take() == {drops.STORAGE_FULL: 1}


def test_counts_ride_along_and_are_said_again_until_heard(wire):
    """With the app's name."""
    wire.add(1)
    wire.drops.add(drops.SAMPLE_RATE, 3)
    wire.answers = [None, Answer(500, None, b"")]
    for _ in range(3):
        wire.delivery.deliver()
    wanted = [{"reason": "sample_rate", "quantity": 3, "appId": "chat"}]
    assert [body["discarded"] for body in wire.sent] == [wanted] * 3
    assert not wire.drops


def test_batches_are_bounded(wire):
    """The memory holds one batch, and a request is no larger."""
    for index in range(MAX_BATCH):
        assert wire.backlog.has_room()
        wire.backlog.add(json.dumps({"n": index}).encode())
    assert not wire.backlog.has_room()
    wire.delivery.deliver()
    assert len(wire.sent[0]["errors"]) == MAX_BATCH


def test_large_reports_fill_a_batch_by_their_bytes(wire):
    """A megabyte at once."""
    while wire.backlog.has_room():
        wire.backlog.add(b'"' + b"x" * 300_000 + b'"')
    wire.delivery.deliver()
    assert 1 <= len(wire.sent[0]["errors"]) <= 4
