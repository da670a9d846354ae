"""Requests made from our own OpenAPI document, right and wrong ones, against a running server."""

from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from harness import Server

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_every_answer_is_as_documented(server: Server, subtests: pytest.Subtests) -> None:
    """No 5xx; status, content type and body are those of the document."""
    headers = {"Authorization": f"Bearer {server.token('admin')}"}
    document = schemathesis.openapi.from_url(f"{server.base_url}/openapi.json")
    operations = [cast(Any, found).ok() for found in document.get_all_operations()]
    assert operations
    for operation in operations:
        with subtests.test(operation=operation.label):
            _try(operation.as_strategy(), headers)


def _try(cases: st.SearchStrategy[schemathesis.Case], headers: dict[str, str]) -> None:
    @given(cases)
    @settings(
        # of each of many operations
        max_examples=settings().max_examples // 7,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    def answers(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS, headers=headers, timeout=20)

    answers()
