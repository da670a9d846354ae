"""A server whose certificate only its owner knows."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from mana_errors_sdk.delivery import encode_batch
from mana_errors_sdk.options import Options
from mana_errors_sdk.transport import NotDelivered, Transport
from stand_in import StandIn


def certificate(folder: Path) -> tuple[Path, Path]:
    """Self-signed, for this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(signed.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, secret


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address and certificate of a server that speaks TLS."""
    public, secret = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, secret)
    with StandIn() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        yield server.url.replace("http:", "https:"), public


BODY = encode_batch([b'{"id":"1"}'], {}, None)


def test_ca_certs_is_trusted(secured: tuple[str, Path]) -> None:
    """The report arrives."""
    url, public = secured
    transport = Transport(Options(url=url, ca_certs=str(public)))
    assert transport.post(BODY).status == 201
    transport.close()


def test_nothing_else_is(secured: tuple[str, Path]) -> None:
    """Without it, a stranger's certificate gets no report."""
    url, _ = secured
    with pytest.raises(NotDelivered, match="certificate"):
        Transport(Options(url=url)).post(BODY)
