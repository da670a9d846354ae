"""The structured part of an event: what the contract's columns have no place for.

The column `payload` holds it as JSON with names in camelCase; what is empty is left out.
"""

import msgspec

from mana_errors.model.event import JsonObject
from mana_errors.model.stack import Frame


class Mechanism(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """How an exception was caught, and its place in a tree of exceptions."""

    type: str | None = None
    # False: nobody caught it but the SDK
    handled: bool | None = None
    # made up by the SDK, which had a message and no exception
    synthetic: bool | None = None
    id: int | None = None
    parent_id: int | None = None
    # Python's ExceptionGroup, JavaScript's AggregateError
    is_group: bool | None = None
    # the attribute that links it to its parent: __cause__, cause, errors[0]
    source: str | None = None
    data: JsonObject | None = None
    meta: JsonObject | None = None


class Thrown(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One exception of a chain."""

    type: str | None = None
    value: str | None = None
    module: str | None = None
    thread_id: str | None = None
    mechanism: Mechanism | None = None
    frames: tuple[Frame, ...] = ()
    # frames left out of the middle
    omitted: int = 0


class Thread(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One thread of the process at the time of the event."""

    id: str | None = None
    name: str | None = None
    crashed: bool | None = None
    current: bool | None = None
    frames: tuple[Frame, ...] = ()
    omitted: int = 0


class LogEntry(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A log message before its parameters were put in."""

    template: str | None = None
    params: list[object] | JsonObject | None = None


class Breadcrumb(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Something that happened before the event."""

    # ISO 8601
    at: str | None = None
    type: str | None = None
    category: str | None = None
    message: str | None = None
    level: str | None = None
    data: JsonObject | None = None


class Sdk(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """The client library that made the event."""

    name: str | None = None
    version: str | None = None
    packages: list[str] = []
    integrations: list[str] = []


class Trace(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Where in a distributed trace it happened; ids in hex."""

    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None


class Attachment(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A file that came with the event; its content is not kept."""

    filename: str | None = None
    content_type: str | None = None
    type: str | None = None
    # bytes
    size: int = 0


class Payload(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Everything structured that a client says of an event."""

    # oldest cause first; the last one is what the event is about
    exceptions: tuple[Thrown, ...] = ()
    # exceptions left out of the middle
    omitted: int = 0
    # stack of an event without exception
    frames: tuple[Frame, ...] = ()
    threads: tuple[Thread, ...] = ()
    log_entry: LogEntry | None = None
    breadcrumbs: tuple[Breadcrumb, ...] = ()
    contexts: dict[str, JsonObject] = {}
    # id, email, username, name, ip, geo, data
    user: JsonObject = {}
    # query, fragment, cookies, env
    request: JsonObject = {}
    sdk: Sdk | None = None
    # debug ids of the files in the stack, as the SDK names them
    debug_images: list[JsonObject] = []
    # packages and their versions
    modules: dict[str, str] = {}
    # name of the route, task or page
    transaction: str | None = None
    logger: str | None = None
    platform: str | None = None
    server_name: str | None = None
    dist: str | None = None
    trace: Trace | None = None
    attachments: tuple[Attachment, ...] = ()
