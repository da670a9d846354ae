"""Codes of authenticator apps."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mana_errors.access import codes

# RFC 6238, appendix B: SHA-1, its last six digits.
SECRET = b"12345678901234567890"
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("at", "code"), VECTORS)
def test_the_rfc_s_vectors(at: int, code: str) -> None:
    assert codes.code_at(SECRET, at // codes.STEP_S) == code
    assert codes.matching_step(SECRET, code, at) == at // codes.STEP_S


def test_a_clock_may_be_off_by_one_step_and_no_more() -> None:
    step = 40_000_000
    now = step * codes.STEP_S + 29.9
    found = [
        codes.matching_step(SECRET, codes.code_at(SECRET, step + n), now) for n in range(-2, 3)
    ]
    assert found == [None, step - 1, step, step + 1, None]


def test_people_write_a_space_in_the_middle() -> None:
    assert codes.matching_step(SECRET, " 287 082", 59) == 1


@given(st.text(max_size=20))
def test_whatever_is_typed_is_compared(code: str) -> None:
    """Digits of other scripts, surrogates and nothing at all, too."""
    at = 10**9
    step = codes.matching_step(SECRET, code, at)
    near = {codes.code_at(SECRET, at // codes.STEP_S + n) for n in (-1, 0, 1)}
    assert (step is not None) == ("".join(code.split()) in near)


def test_an_app_can_read_the_uri() -> None:
    address = urlsplit(codes.uri_of(SECRET, "anna+x@example.org"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert address.path == "/Mana%20Errors%3Aanna%2Bx%40example.org"
    assert parse_qs(address.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["Mana Errors"],
    }
