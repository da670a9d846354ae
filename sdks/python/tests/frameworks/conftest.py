"""One server for the tests of all frameworks."""

from collections.abc import Iterator

import httpx
import pytest

from harness import PATIENCE_S, Server
from programs import Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    server = Server(folder / "data")
    try:
        server.start()
        headers = {"authorization": f"Bearer {server.token('read')}"}
        with httpx.Client(base_url=server.base_url, timeout=PATIENCE_S, headers=headers) as http:
            yield Site(server, folder, http)
    finally:
        server.clean_up()
