"""What a webhook says, how it is signed, and that the examples in the docs can tell."""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from mana_errors.alerts.channels.webhook import WebhookBody, compose, make, new_secret, sign
from mana_errors.alerts.client import Client
from mana_errors.alerts.message import Message
from mana_errors.alerts.network import Networks
from mana_errors.config import Settings
from mana_errors.errors import Refused
from mana_errors.model.channel import Webhook
from receivers import Got, receiving

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "webhooks"
TEST = Message(
    id=UUID(int=7),
    created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    stories=(),
    more=0,
    server_url="https://errors.example.org",
    issue=None,
    thread=None,
)


def test_the_schema_is_the_one_in_the_protocol() -> None:
    schema = msgspec.json.schema(WebhookBody)
    path = ROOT / "protocol" / "webhook.json"
    assert json.loads(path.read_text()) == schema, (
        f"write into {path}:\n{json.dumps(schema, indent=2)}"
    )


def test_the_specification_s_own_example() -> None:
    """standard-webhooks' reference libraries have it in their tests."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["", "x", "whsec_", "whsec_é", "whsec_AAAA", "AAAA" * 8])
def test_keys_that_are_none(secret: str) -> None:
    with pytest.raises(Refused):
        make(Webhook("https://a.example/"), secret, Client(Networks(())), Settings())


def python(secret: str, headers: dict[str, str], body: bytes, now: float | None) -> bool:
    spec = spec_from_file_location("verify", EXAMPLES / "verify.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.verify(secret, headers, body, now)


# what strips types where node does not: of the TypeScript package's own tools
ESBUILD = ROOT / "sdks/typescript/node_modules/.bin/esbuild"


def typescript(secret: str, headers: dict[str, str], body: bytes, now: float | None) -> bool:
    command = [ESBUILD, EXAMPLES / "verify.ts", "--platform=node", "--format=esm"]
    plain = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    given = json.dumps([secret, headers, body.decode(), now])
    program = (
        f"{plain}\nconst [s, h, b, n] = {given};"
        "console.log(verify(s, h, Buffer.from(b), n ?? undefined));"
    )
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip() == "true"


NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


def shell(
    secret: str, headers: dict[str, str], body: bytes, now: float | None, program: str = "sh"
) -> bool:
    last = [] if now is None else [str(int(now))]
    given = (headers.get(name, "") for name in NAMES)
    command = [program, EXAMPLES / "verify.sh", secret, *given, *last]
    return subprocess.run(command, input=body, check=False, capture_output=True).returncode == 0


# what sh is on a Mac
bash = partial(shell, program="bash")

Verify = Callable[[str, dict[str, str], bytes, float | None], bool]
EACH_EXAMPLE = pytest.mark.parametrize(
    ("verify", "program"),
    [(python, "true"), (typescript, str(ESBUILD)), (shell, "openssl"), (bash, "bash")],
)


@EACH_EXAMPLE
async def test_the_examples_tell_ours_from_others(verify: Verify, program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")
    got, secret = await _received()
    assert verify(secret, got.headers, got.body, None)
    # replayed later
    assert not verify(secret, got.headers, got.body, time.time() + 301)
    assert not verify(secret, got.headers, got.body + b" ", None)
    assert not verify(new_secret(), got.headers, got.body, None)
    assert not verify(secret, {**got.headers, "webhook-id": "another"}, got.body, None)
    earlier = str(int(got.headers["webhook-timestamp"]) - 1)
    assert not verify(secret, {**got.headers, "webhook-timestamp": earlier}, got.body, None)
    several = {**got.headers, "webhook-signature": f"v1,xxxx {got.headers['webhook-signature']}"}
    assert verify(secret, several, got.body, None)


@EACH_EXAMPLE
@pytest.mark.parametrize("name", NAMES)
async def test_the_examples_run_nothing_of_a_stranger(
    verify: Verify, program: str, name: str, tmp_path: Path
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")
    got, secret = await _received()
    others = {other: value for other, value in got.headers.items() if other != name}
    assert not verify(secret, others, got.body, None)
    ran = tmp_path / "ran"
    for value in ("é", f"PATH[$(touch {ran})]"):
        assert not verify(secret, {**others, name: value}, got.body, None)
    assert not ran.exists()


async def _received() -> tuple[Got, str]:
    secret = new_secret()
    async with receiving() as receiver:
        send = make(Webhook(receiver.url), secret, Client(Networks(("127.0.0.0/8",))), Settings())
        await send(TEST)
        return receiver.got[0], secret


def test_a_test_says_so() -> None:
    said: dict[str, Any] = json.loads(msgspec.json.encode(compose(TEST)))
    assert said == {
        "type": "test",
        "timestamp": "2026-01-02T03:04:05Z",
        "data": {"server": "https://errors.example.org", "alerts": [], "more": 0},
    }
