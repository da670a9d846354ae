"""What maps events to issues."""

from uuid import UUID

import msgspec


class Grouping(msgspec.Struct, frozen=True, gc=False):
    """Everything that grouping says about one event."""

    # the contract's five-field hash (32 hex digits), or what the client sent
    fingerprint: str
    # maps the event to its issue; hashes the app in
    grouping_hash: UUID
    title: str
    culprit: str
    # why the event is where it is: (component, value) pairs in hashing order,
    # for example ("fingerprint", "9f…"), ("stack", "cart.ts total | main.ts checkout")
    components: tuple[tuple[str, str], ...]
