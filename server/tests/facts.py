"""What an issue's page says of its events, by the issue's id."""

from uuid import UUID

from mana_errors.model.exploring import IssueRelease, IssueUser, Neighbours, TagDistribution
from mana_errors.store import issue_facts, read_events, read_issues
from mana_errors.store.db import Connection


async def tags_of(connection: Connection, issue_id: UUID) -> TagDistribution:
    """Of its latest events."""
    grouped = await read_issues.find_with_hashes(connection, issue_id, None)
    window = await issue_facts.latest(connection, *grouped)
    return await issue_facts.tags_of(connection, window)


async def users_of(connection: Connection, issue_id: UUID) -> list[IssueUser]:
    """Of its latest events."""
    grouped = await read_issues.find_with_hashes(connection, issue_id, None)
    window = await issue_facts.latest(connection, *grouped)
    return await issue_facts.users_of(connection, window)


async def releases_of(connection: Connection, issue_id: UUID) -> list[IssueRelease]:
    """Of all its events."""
    _, hashes = await read_issues.find_with_hashes(connection, issue_id, None)
    return await issue_facts.releases_of(connection, hashes)


async def neighbours_of(connection: Connection, event_id: UUID) -> Neighbours:
    """Of an event, by its id."""
    event = await read_events.find_event(connection, event_id, None)
    assert event.issue_id
    grouped = await read_issues.find_with_hashes(connection, event.issue_id, None)
    return await issue_facts.neighbours_of(connection, event, *grouped)
