"""The contract's field rules, and odd bytes."""

import msgspec
import pytest

from mana_errors.errors import BadRequest, ClientError, InvalidReport, TooLarge
from mana_errors.ingest.decode import (
    MAX_BATCH_ITEMS,
    MAX_DEPTH,
    MAX_REPORT_BYTES,
    decode_report,
    read_batch,
    tidy,
)

REQUIRED = {"errorCode": "CODE", "errorType": "TypeError", "message": "it broke"}


def report(**fields: object) -> bytes:
    return msgspec.json.encode({**REQUIRED, **fields})


def raw(extra: bytes) -> bytes:
    return report()[:-1] + b"," + extra + b"}"


@pytest.mark.parametrize("field", ["errorCode", "errorType", "message"])
def test_required_fields_are_named_when_missing(field: str) -> None:
    """400 names the field."""
    body = {key: value for key, value in REQUIRED.items() if key != field}
    with pytest.raises(InvalidReport, match=f"^{field}: required$"):
        decode_report(msgspec.json.encode(body))


@pytest.mark.parametrize(
    ("field", "limit"),
    [
        ("errorCode", 100),
        ("errorType", 100),
        ("appId", 50),
        ("serviceName", 100),
        ("userId", 100),
        ("sessionId", 100),
        ("requestMethod", 10),
        ("fingerprint", 256),
        ("release", 250),
    ],
)
def test_identifiers_over_their_limit_are_refused(field: str, limit: int) -> None:
    """Exactly at the limit is accepted, one more is not; the field is named."""
    decode_report(report(**{field: "x" * limit}))
    with pytest.raises(InvalidReport, match=f"^{field}: expected `str.*length <= {limit}"):
        decode_report(report(**{field: "x" * (limit + 1)}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("errorCode", 1),
        ("message", None),
        ("message", ["x"]),
        ("stackTrace", {}),
        ("sourceType", "desktop"),
        ("environment", "x" * 65),
        ("severity", "fatal"),
        ("requestHeaders", []),
        ("requestBody", "text"),
        ("context", 1),
        ("browserInfo", "Chrome"),
        ("deviceInfo", [1]),
        ("responseStatusCode", "500"),
        ("responseStatusCode", 99),
        ("responseStatusCode", 600),
        ("occurredAt", 1_700_000_000),
        ("id", "not-a-uuid"),
    ],
)
def test_wrong_types_and_values_name_the_field(field: str, value: object) -> None:
    """Every contract field of a wrong type or value is refused by name."""
    with pytest.raises(InvalidReport, match=f"^{field}: "):
        decode_report(report(**{field: value}))


@pytest.mark.parametrize(
    "field",
    [
        "stackTrace",
        "appId",
        "sourceType",
        "serviceName",
        "userId",
        "sessionId",
        "requestUrl",
        "requestMethod",
        "requestHeaders",
        "requestBody",
        "responseStatusCode",
        "environment",
        "severity",
        "context",
        "fingerprint",
        "userAgent",
        "browserInfo",
        "deviceInfo",
        "occurredAt",
    ],
)
def test_optional_fields_may_be_null(field: str) -> None:
    """null means not given."""
    assert decode_report(report(**{field: None})) == decode_report(report())


def test_unknown_fields_are_ignored() -> None:
    """A newer client's report is taken."""
    assert decode_report(report(newField=1)) == decode_report(report())


@pytest.mark.parametrize(
    ("extra", "stored"),
    [
        (rb'"context":{"a":"x\u0000y"}', {"a": "x\ufffdy"}),
        (rb'"context":{"a\u0000":1}', {"a\ufffd": 1}),
        (rb'"context":{"a":"\ud83d"}', {"a": "\ufffd"}),
        (rb'"context":{"a":"\ud83d\ude00"}', {"a": "\U0001f600"}),
        (b'"context":{"a":NaN,"b":-Infinity}', {"a": "NaN", "b": "-Infinity"}),
        (b'"context":{"a":1e999}', {"a": "1e999"}),
        (b'"context":{"a":"\xff"}', {"a": "\ufffd"}),
    ],
)
def test_odd_values_are_stored_safely(extra: bytes, stored: dict[str, object]) -> None:
    """What PostgreSQL or strict JSON cannot hold becomes U+FFFD or a string."""
    assert decode_report(raw(extra)).context == stored


def test_huge_integers_become_strings() -> None:
    """tidy() is called for what the spool's encoding cannot hold."""
    report = tidy(decode_report(raw(b'"context":{"a":1' + b"0" * 400 + b',"b":[-5]}')))
    assert report.context == {"a": "1" + "0" * 400, "b": [-5]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"{}x",
        b"\xff\xfe",
        b"errorCode=x",
        b'{"context":{"a":' + b"1" * 5000 + b"}}",
    ],
)
def test_what_is_no_report_is_refused_clearly(body: bytes) -> None:
    """Never anything but a ClientError with a reason."""
    with pytest.raises(BadRequest) as refusal:
        decode_report(body)
    assert str(refusal.value)


@pytest.mark.parametrize(("opening", "closing"), [(b'{"a":', b"}"), (b"[", b"]")])
def test_depth_is_limited(opening: bytes, closing: bytes) -> None:
    """64 levels pass, the report itself being the first; more do not, up to any depth."""

    def nested(levels: int) -> bytes:
        return raw(b'"context":{"x":' + opening * levels + b"1" + closing * levels + b"}")

    decode_report(nested(MAX_DEPTH - 2))
    for levels in (MAX_DEPTH - 1, 500, 100_000):
        with pytest.raises(InvalidReport, match="nested deeper"):
            decode_report(nested(levels))


def test_a_report_is_limited_in_bytes() -> None:
    """1 MiB after decompression."""
    with pytest.raises(TooLarge, match=str(MAX_REPORT_BYTES)):
        decode_report(report(context={"x": "y" * MAX_REPORT_BYTES}))


def test_a_batch_splits_into_its_items() -> None:
    """Items are decoded one by one, so that a bad one costs only itself."""
    batch = read_batch(b'{"errors":[{"a":1}, 7 ,null]}')
    assert [bytes(raw) for raw in batch.errors] == [b'{"a":1}', b"7", b"null"]


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"errors":{}}', b'{"errors":null}', b"x"])
def test_what_is_no_batch_is_refused(body: bytes) -> None:
    """`errors` must be a list."""
    with pytest.raises(BadRequest):
        read_batch(body)


def test_a_batch_is_limited_in_items() -> None:
    """1,000 items pass, 1,001 do not."""
    items = b"{}," * (MAX_BATCH_ITEMS - 1) + b"{}"
    assert len(read_batch(b'{"errors":[' + items + b"]}").errors) == MAX_BATCH_ITEMS
    with pytest.raises(TooLarge, match="1001 items"):
        read_batch(b'{"errors":[' + items + b",{}]}")


def test_every_refusal_is_the_clients(subtests: pytest.Subtests) -> None:
    """Errors of this stage carry a 4xx status."""
    for body in (b"", b"{}", report(severity=1)):
        with subtests.test(body=body), pytest.raises(ClientError) as refusal:
            decode_report(body)
        assert 400 <= refusal.value.status < 500
