"""Fixtures that all tests share. TEST_PG chooses the PostgreSQL: 18 (default) or 15."""

import asyncio
import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from harness import Cluster, Server, keep_in_memory
from mana_errors.store.embedded.layout import binary
from mana_errors.store.migrate import migrate

# How long examples take says how busy the machine is. A nightly run may ask for more of them;
# tests that need more or fewer than others have a share of the number.
settings.register_profile(
    "tests", deadline=None, suppress_health_check=[HealthCheck.too_slow],
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100")),
)  # fmt: skip
settings.load_profile("tests")
keep_in_memory()

_running: list[Server] = []

StartServer = Callable[..., Server]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Once on another PostgreSQL: only what touches it."""
    if os.environ.get("TEST_PG", "18") == "18":
        return
    others = [item for item in items if "cluster" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One PostgreSQL for the session."""
    version = os.environ.get("TEST_PG", "18")
    binaries = binary("postgres").parent if version == "18" else Path(os.environ["PG15_BIN"])
    started = Cluster(tmp_path_factory.mktemp("pg"), binaries)
    yield started
    started.stop()


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """Name of a migrated database, to be copied."""
    cluster.execute("CREATE DATABASE migrated")
    # in a thread: an event loop of the test run must not be disturbed
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(migrate(cluster.dsn("migrated")))).result()
    return "migrated"


@pytest.fixture
def empty_dsn(cluster: Cluster) -> Iterator[str]:
    """A fresh database with nothing in it."""
    dsn = cluster.create()
    yield dsn
    cluster.drop(dsn)


@pytest.fixture
def migrated_dsn(cluster: Cluster, template: str) -> Iterator[str]:
    """A fresh database at this release's schema."""
    dsn = cluster.create(template)
    yield dsn
    cluster.drop(dsn)


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Makes servers with data directories of their own; environ are settings. Without
    DATABASE_URL they have an embedded PostgreSQL."""
    made: list[Server] = []

    def make(name: str = "data", *, start: bool = True, **environ: str) -> Server:
        server = Server(tmp_path / name, environ)
        made.append(server)
        _running.append(server)
        return server.start() if start else server

    yield make
    for server in made:
        _running.remove(server)
        server.clean_up()


@pytest.fixture(scope="module")
def server(
    cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One running server for the tests of a module, on a fresh database of the cluster."""
    dsn = cluster.create(template)
    server = Server(tmp_path_factory.mktemp("server") / "data", {"DATABASE_URL": dsn})
    _running.append(server)
    try:
        yield server.start()
    finally:
        _running.remove(server)
        server.clean_up()
        cluster.drop(dsn)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what its servers said."""
    report = yield
    if report.failed:
        report.sections += [(f"log of {item.data_dir}", item.log_tail()) for item in _running]
    return report
