"""What becomes of a batch by the server's answer."""

import json
from email.utils import formatdate
from time import time

import pytest

from mana_errors_sdk.transport import Answer
from mana_errors_sdk.verdict import MAX_RETRY_AFTER_S, judge


def answer(status, body=b"", retry_after=None):
    return Answer(
        status, retry_after, body if isinstance(body, bytes) else json.dumps(body).encode()
    )


def results(*successes):
    return {"success": True, "results": [{"success": success} for success in successes]}


def test_stored_reports_are_done_with():
    """The contract's answer with the server's own results."""
    verdict = judge(answer(201, results(True, True)), 2)
    assert (verdict.again, verdict.is_refused, verdict.is_healthy) == ([], False, True)


def test_the_contract_alone_is_enough():
    """Without results; what failed cannot be told."""
    body = {"success": True, "total": 2, "succeeded": 1, "failed": 1}
    assert judge(answer(201, body), 2).again == []


def test_some_failed_are_sent_once_more():
    """They may have met a rate limit; when nothing succeeds, the answer is final."""
    assert judge(answer(201, results(True, False, True)), 3).again == [1]
    final = judge(answer(201, results(False, False)), 2)
    assert (final.again, final.is_refused) == ([], True)


REFUSAL = {"success": False, "error": "no"}
PAGE = b"<html>welcome</html>"


@pytest.mark.parametrize("body", [PAGE, REFUSAL])
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_passing_troubles_keep_everything(status, body):
    """Also those of what stands in front of the server; nobody needs to look."""
    verdict = judge(answer(status, body), 2)
    assert (verdict.again, verdict.is_healthy, verdict.is_ours) == ([0, 1], False, True)
    assert verdict.is_rate_limited == (status == 429)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 415])
def test_what_the_server_refuses_is_done_with(status):
    """A wrong key, an app that is unknown: nothing is tried for ever."""
    verdict = judge(answer(status, REFUSAL), 2)
    assert (verdict.again, verdict.is_refused, verdict.is_healthy) == ([], True, True)


@pytest.mark.parametrize("body", [b"", PAGE, b"[]", b"{}", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("status", [200, 204, 301, 302, 401, 404, 407])
def test_what_others_say_is_not_final(status, body):
    """Of proxies, captive portals and other servers; they may ask for a pause, too."""
    verdict = judge(answer(status, body, "7"), 2)
    assert (verdict.again, verdict.is_healthy, verdict.is_ours) == ([0, 1], False, False)
    assert verdict.retry_after_s == 7


@pytest.mark.parametrize("status", [400, 403])
def test_what_a_firewall_refuses_is_cut(status):
    """It will never let it pass, but may well the others of the batch."""
    verdict = judge(answer(status, PAGE), 2)
    assert (verdict.is_too_much, verdict.is_ours) == (True, False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"success": true}',
        b"\xff",
        b'{"results": [1]}',
        b'{"success": true, "total": 1000000000000}',
    ],
)
def test_strange_success_is_none(body):
    """A captive portal answers 200, too; only the server's own words count."""
    verdict = judge(answer(200, body), 2)
    assert (verdict.again, verdict.is_healthy) == ([0, 1], False)


def test_too_large():
    """The batch is to be cut, whoever says so."""
    assert judge(answer(413), 2).is_too_much
    assert judge(answer(413, REFUSAL), 2).is_too_much


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("-5", 0), ("99999999", MAX_RETRY_AFTER_S), ("soon", None), (None, None),
     ("nan", 0)],
)  # fmt: skip
def test_retry_after_in_seconds(header, seconds):
    """At most an hour, whatever is said."""
    assert judge(answer(429, retry_after=header), 1).retry_after_s == seconds


def test_retry_after_as_a_date():
    """HTTP allows both."""
    verdict = judge(answer(503, retry_after=formatdate(time() + 100, usegmt=True)), 1)
    assert 90 < (verdict.retry_after_s or 0) <= 100
