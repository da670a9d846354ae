"""A real server, and one in front of it."""

from collections.abc import Iterator

import pytest

from between import Between
from harness import Server
from mana_errors_sdk import api


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """As it is shipped, on its own data directory."""
    server = Server(tmp_path_factory.mktemp("real") / "data")
    try:
        yield server.start()
    finally:
        server.clean_up()


@pytest.fixture
def between(real: Server) -> Iterator[Between]:
    with Between(real) as stand_in:
        yield stand_in
    api.close(0)
