"""What unit tests share. They run on every Python that the SDK supports: standard library only."""

import os

import pytest

from mana_errors_sdk import api
from mana_errors_sdk import scope as scopes
from stand_in import StandIn


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    """No client, no scope and no settings of the machine's own before and after each test."""
    for name in list(os.environ):
        if name.startswith("MANA_") or name.lower().endswith("_proxy") or name == "ENVIRONMENT":
            monkeypatch.delenv(name)
    monkeypatch.setattr(scopes, "_global", scopes.Root())
    yield
    api.close(5)


@pytest.fixture
def server():
    """A stand-in for the server that does as it is told."""
    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def client(server):
    """An SDK that reports to the stand-in; its settings can be chosen: client(sample_rate=0)."""

    def start(**options):
        api.init(server.url, "chat", **{"shutdown_timeout": 60.0, "timeout": 60.0, **options})
        return api

    return start
