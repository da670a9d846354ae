"""Bearer tokens signed with a shared secret, and what every token must survive."""

import base64
import json
import subprocess
import sys
import time
from typing import Any

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jwt.algorithms import HMACAlgorithm

from issuer import AUDIENCE, ISSUER, SigningKey, authorization, claims
from mana_errors import meters
from mana_errors.config import Settings, load_settings
from mana_errors.errors import BadSetting
from mana_errors.ingest import bearer as module
from mana_errors.ingest.bearer import MAX_TOKEN_BYTES, Bearer
from mana_errors.ingest.verdict import Proof

SECRET = "s" * 64
SETTINGS = Settings(jwt_secret=SECRET, jwt_issuer=ISSUER, jwt_audience=AUDIENCE)


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def signed(algorithm: str = "HS256", secret: str = SECRET, **changes: Any) -> bytes:
    """A token; None removes a claim."""
    return jwt.encode(claims(**changes), secret, algorithm).encode()


def raw(header: object, payload: object = None, signature: bytes = b"") -> bytes:
    """A token made by hand."""
    parts = json.dumps(header).encode(), json.dumps(payload or claims()).encode(), signature
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


async def proved(token: bytes, settings: Settings = SETTINGS) -> tuple[str | None, Proof]:
    """What a new reader makes of a token, and what it counts."""
    return judge(Bearer(settings), token)


def judge(bearer: Bearer, token: bytes) -> tuple[str | None, Proof]:
    """The user, and the one proof that was counted."""
    before = {proof: tally._untold for proof, tally in bearer._tallies.items()}
    user = bearer.user(authorization(token))
    counted = [p for p, tally in bearer._tallies.items() if tally._untold != before[p]]
    assert len(counted) == 1
    return user, counted[0]


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_a_token_of_the_shared_secret_gives_its_subject(algorithm: str) -> None:
    assert await proved(signed(algorithm)) == ("user_123", Proof.VERIFIED)


@pytest.mark.parametrize(
    ("changes", "proof"),
    [
        ({"exp": int(time.time()) - 3600}, Proof.EXPIRED),
        ({"exp": None}, Proof.MALFORMED),
        ({"exp": "soon"}, Proof.MALFORMED),
        ({"exp": [1]}, Proof.MALFORMED),
        ({"nbf": int(time.time()) + 3600}, Proof.IMMATURE),
        ({"iss": "https://evil.example"}, Proof.WRONG_ISSUER),
        ({"iss": None}, Proof.MALFORMED),
        ({"aud": "billing"}, Proof.WRONG_AUDIENCE),
        ({"aud": None}, Proof.MALFORMED),
        ({"sub": None}, Proof.MALFORMED),
        ({"sub": ""}, Proof.MALFORMED),
        ({"sub": "u" * 101}, Proof.MALFORMED),
        ({"sub": "a\0b"}, Proof.MALFORMED),
        ({"sub": "\ud800"}, Proof.MALFORMED),
    ],
)
async def test_a_claim_that_does_not_fit_makes_anonymous(
    changes: dict[str, Any], proof: Proof
) -> None:
    assert await proved(signed(**changes)) == (None, proof)


async def test_a_subject_is_text() -> None:
    number = raw({"alg": "HS256"}, claims(sub=7))
    head, payload, _ = number.split(b".")
    signature = HMACAlgorithm(HMACAlgorithm.SHA256).sign(head + b"." + payload, SECRET.encode())
    token = b".".join([head, payload, base64.urlsafe_b64encode(signature).rstrip(b"=")])
    assert await proved(token) == (None, Proof.MALFORMED)


@pytest.mark.parametrize("user", ["u" * 100, "ü" * 100, "😀", "a b"])
async def test_a_subject_is_kept_as_it_is(user: str) -> None:
    assert await proved(signed(sub=user)) == (user, Proof.VERIFIED)


async def test_clocks_may_differ_by_half_a_minute() -> None:
    now = int(time.time())
    assert await proved(signed(exp=now - 5)) == ("user_123", Proof.VERIFIED)
    assert await proved(signed(nbf=now + 20)) == ("user_123", Proof.VERIFIED)


async def test_issuer_and_audience_are_checked_only_where_given() -> None:
    settings = Settings(jwt_secret=SECRET)
    for changes in ({}, {"aud": None, "iss": None}, {"aud": ["a", "b"], "iss": "x"}):
        assert await proved(signed(**changes), settings) == ("user_123", Proof.VERIFIED)
    assert (await proved(signed(aud=["x", AUDIENCE])))[1] is Proof.VERIFIED


async def test_another_secret_proves_nothing() -> None:
    assert await proved(signed(secret="x" * 64)) == (None, Proof.BAD_SIGNATURE)


async def test_a_token_without_a_signature_proves_nothing() -> None:
    for algorithm in ("none", "None", "NONE", ""):
        assert await proved(raw({"alg": algorithm})) == (None, Proof.WRONG_ALGORITHM)
    assert await proved(raw({"alg": "HS256"})) == (None, Proof.BAD_SIGNATURE)


async def test_only_the_secrets_algorithms_use_the_secret() -> None:
    key = SigningKey("RS256")
    assert await proved(key.token()) == (None, Proof.WRONG_ALGORITHM)
    assert await proved(raw({"alg": "HS1"})) == (None, Proof.WRONG_ALGORITHM)


async def test_a_secret_must_be_as_long_as_the_hash() -> None:
    """RFC 7518, section 3.2."""
    with pytest.raises(BadSetting, match="MANA_ERRORS_JWT_SECRET: must have at least") as caught:
        load_settings({"MANA_ERRORS_JWT_SECRET": "hunter2" * 4})
    assert "hunter2" not in str(caught.value)
    short = Settings(jwt_secret="x" * 32)
    assert (await proved(jwt.encode(claims(), "x" * 32).encode(), short))[1] is Proof.VERIFIED
    longer = base64.urlsafe_b64encode(b"x" * 48).decode()[:48]
    token = jwt.encode(claims(), longer, "HS384").encode()
    assert (await proved(token, short))[1] is Proof.WRONG_ALGORITHM


async def test_extensions_that_must_be_known_are_refused() -> None:
    token = jwt.encode(claims(), SECRET, headers={"crit": ["exp"], "exp": 1}).encode()
    assert await proved(token) == (None, Proof.MALFORMED)


async def test_a_token_has_an_end() -> None:
    assert await proved(b"a" * (MAX_TOKEN_BYTES + 1)) == (None, Proof.MALFORMED)


@pytest.mark.parametrize(
    "value", [b"", b"Basic YTpi", b"bearer", b"Bearer mana_abc", b"bearer  mana_abc"]
)
async def test_what_is_no_users_token_is_not_counted(value: bytes) -> None:
    """Our own API tokens among them."""
    bearer = Bearer(SETTINGS)
    assert bearer.user(value) is None
    assert all(tally._untold == 0 for tally in bearer._tallies.values())


async def test_the_scheme_is_read_in_any_case() -> None:
    assert Bearer(SETTINGS).user(b"bEARER   " + signed() + b" ") == "user_123"


async def test_without_settings_every_token_is_anonymous_and_counted() -> None:
    assert await proved(signed(), Settings()) == (None, Proof.NOT_CONFIGURED)


def test_without_settings_nothing_heavy_is_imported() -> None:
    """Workers would start 0.3 s later and take 25 MB more."""
    code = (
        "import sys; from mana_errors.ingest.bearer import Bearer\n"
        "from mana_errors.config import Settings\n"
        "Bearer(Settings())\n"
        "sys.exit(str({'jwt', 'cryptography'} & set(sys.modules) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


async def test_a_verified_token_is_believed_for_ten_minutes_at_most() -> None:
    clock = Clock()
    bearer = Bearer(SETTINGS, clock)
    token = signed()
    proofs = [judge(bearer, token)[1] for _ in range(3)]
    assert proofs == [Proof.VERIFIED, Proof.CACHED, Proof.CACHED]
    clock.now += 599
    assert judge(bearer, token) == ("user_123", Proof.CACHED)
    clock.now += 2
    assert judge(bearer, token) == ("user_123", Proof.VERIFIED)


async def test_a_verified_token_is_believed_no_longer_than_it_says() -> None:
    clock = Clock()
    bearer = Bearer(SETTINGS, clock)
    token = signed(exp=int(clock.now) + 60)
    assert judge(bearer, token)[1] is Proof.VERIFIED
    clock.now += 60 + 31
    # what looks again is the library, whose clock did not move
    assert judge(bearer, token)[1] is Proof.VERIFIED


async def test_an_expiry_of_any_size_is_read() -> None:
    for expires in (2**53, 253_402_300_799, 4e12):
        assert (await proved(signed(exp=expires)))[1] is Proof.VERIFIED
    assert (await proved(signed(exp=float("inf"))))[1] is Proof.MALFORMED


async def test_a_refused_token_is_not_looked_at_again_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    bearer = Bearer(SETTINGS, clock)
    looks = 0
    real = bearer._verifier.verify  # type: ignore[union-attr]

    def verify(token: bytes) -> Any:
        nonlocal looks
        looks += 1
        return real(token)

    monkeypatch.setattr(bearer._verifier, "verify", verify)
    token = signed(aud="other")
    assert [judge(bearer, token)[1] for _ in range(3)] == [Proof.WRONG_AUDIENCE] * 3
    assert looks == 1
    clock.now += 31
    judge(bearer, token)
    assert looks == 2


async def test_what_is_remembered_is_bounded_and_garbage_drives_out_no_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_BELIEVED", 3)
    monkeypatch.setattr(module, "MAX_REFUSED", 4)
    bearer = Bearer(SETTINGS)
    token = signed()
    judge(bearer, token)
    for n in range(20):
        judge(bearer, b"garbage%d" % n)
    assert judge(bearer, token)[1] is Proof.CACHED
    assert len(bearer._refused) == 4
    others = [signed(sub=f"user{n}") for n in range(20)]
    for other in others:
        judge(bearer, other)
    assert len(bearer._believed) == 3
    assert judge(bearer, others[-1])[1] is Proof.CACHED
    assert judge(bearer, token)[1] is Proof.VERIFIED


async def test_tokens_are_neither_kept_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    bearer = Bearer(SETTINGS)
    token = signed()
    for garbled in (token, token[:-2], token + b"xx", b"." + token):
        bearer.user(authorization(garbled))
    kept = repr((bearer._believed, bearer._refused))
    assert token.decode()[:20] not in kept
    assert token.decode()[:20] not in caplog.text


segments = st.one_of(
    st.binary(max_size=60),
    st.binary(max_size=60).map(base64.urlsafe_b64encode),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "exp"]), inner)
        ),
        max_leaves=6,
    ).map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")),
    st.just(raw({"alg": "HS256"}).partition(b".")[0]),
)
deep = base64.urlsafe_b64encode(b'{"a":' * 1000 + b"1" + b"}" * 1000).rstrip(b"=")


async def test_no_header_whatever_raises_or_is_believed() -> None:
    """Property: only the secret's owner makes a user."""
    bearer = Bearer(SETTINGS)
    unexpected = meters.unexpected.labels("bearer")

    @given(st.lists(segments, max_size=4).map(b".".join) | st.binary(max_size=200))
    @example(deep + b".e30.e30")
    @example(raw({"alg": "HS256"}).partition(b".")[0] + b"." + deep + b".e30")
    @example(raw({"alg": "HS256", "kid": None, "b64": False}))
    @example(raw({"alg": "HS256", "kid": 7}))
    @example(b"." * 2000)
    def check(token: bytes) -> None:
        before = unexpected._value.get()
        assert bearer.user(authorization(token)) is None
        assert bearer.user(token) is None
        assert unexpected._value.get() == before

    check()


async def test_a_payload_that_the_secrets_owner_signed_may_be_anything() -> None:
    """Deep, wide or no object at all: anonymous, and nothing breaks."""
    bearer = Bearer(SETTINGS)
    for payload in (b"[]", b"1", b"", b"\xff", b'{"a":' * 1000 + b"1" + b"}" * 1000, b"1" * 6000):
        token = jwt.api_jws.encode(payload, SECRET, "HS256").encode()
        assert judge(bearer, token)[0] is None
