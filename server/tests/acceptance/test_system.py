"""The page about the system: what nodes and the background's jobs say of themselves."""

import socket

import httpx
import pytest

from harness import Server, wait_until
from mana_errors.config import load_settings
from mana_errors.retention.run import jobs, quota_jobs
from mana_errors.store.migrate import available
from mana_errors.web.words import LANGUAGES
from people import text_of


@pytest.mark.parametrize(
    ("language", "job"), [("en", "Quotas of apps"), ("de", "Kontingente der Apps")]
)
def test_nodes_and_jobs_are_listed(server: Server, language: str, job: str) -> None:
    """Each with what it last did."""
    headers = server.session() | {"Accept-Language": language}

    def shown() -> str:
        page = httpx.get(f"{server.base_url}/system", headers=headers)
        assert page.status_code == 200, page.text
        node = f'<th scope="row">{socket.gethostname()} '
        return text_of(page.text) if job in page.text and node in page.text else ""

    text = wait_until(shown, "the node's first words and a job's first run")
    assert available()[-1].name in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_job_has_a_name_for_people(language: str) -> None:
    """Else the page shows its code."""
    names = {f"job_{job.name}" for job in (*jobs(load_settings()), *quota_jobs())}
    assert names == {word for word in LANGUAGES[language] if word.startswith("job_")}
