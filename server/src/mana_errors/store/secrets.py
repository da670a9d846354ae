"""What is stored encrypted, because it must be read again: with the server's key (AES-256-GCM).

The key is a setting or a file in the data directory, never in the database: a copy of the database
alone gives nothing away.
"""

import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final

from mana_errors.config import Settings
from mana_errors.errors import BadSetting

KEY_FILE: Final = "secret.key"
# Which way of encrypting this is, so that another one can follow.
_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
# Says what the digest of the setting is for, so that it is no other use's key.
_PURPOSE: Final = b"mana-errors stored secrets\0"
_LINKS: Final = b"mana-errors links\0"


class SecretBox:
    """Encrypts and decrypts with one key."""

    def __init__(self, key: str) -> None:
        # 7 MB and 40 ms that a worker pays only once somebody signs in
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        # random and long: a slow derivation would protect nothing more
        self._cipher = AESGCM(sha256(_PURPOSE + key.encode()).digest())

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt. `context` is where it is kept: it opens nowhere else."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain, _VERSION + context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Decrypt. Raises BadSetting where the key is another one than it was sealed with."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above

        version, nonce = sealed[:1], sealed[1 : 1 + _NONCE_BYTES]
        try:
            return self._cipher.decrypt(nonce, sealed[1 + _NONCE_BYTES :], version + context)
        except (InvalidTag, ValueError) as error:
            raise BadSetting(
                "MANA_ERRORS_SECRET_KEY: what is stored was encrypted with another key"
            ) from error


def open_box(settings: Settings) -> SecretBox:
    """The server's box; makes its key when there is none. Raises BadSetting."""
    return SecretBox(_key(settings))


def link_key(settings: Settings) -> bytes:
    """What signs links in messages; makes the server's key when there is none. Raises
    BadSetting."""
    return sha256(_LINKS + _key(settings).encode()).digest()


def _key(settings: Settings) -> str:
    return settings.secret_key or _from_file(settings.data_dir / KEY_FILE)


def _from_file(path: Path) -> str:
    try:
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"MANA_ERRORS_SECRET_KEY: cannot use {path}: {error}") from error


def _make(path: Path) -> None:
    """Whole or not at all, and one key however many processes start at once."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secrets.token_hex(32).encode())
        os.fsync(descriptor)
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        os.close(descriptor)
        draft.unlink()
