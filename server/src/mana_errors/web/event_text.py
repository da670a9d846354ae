"""An event as text, and as Markdown: to be pasted into a chat, a tracker or an editor."""

from collections.abc import Iterator
from typing import Final

from mana_errors.model.reading import EventDetail
from mana_errors.web.stack import Run, ShownException, ShownFrame, show_exceptions

# What a tracker takes and a person reads.
MAX_TEXT: Final = 50_000
# Longer than any run of backticks that strangers put into a stack to leave the fence.
_LEAST_FENCE: Final = 3


def as_text(event: EventDetail) -> str:
    """The event's stack, with what was called last first."""
    exceptions = show_exceptions(event)
    if not exceptions:
        return (event.stack_trace or f"{event.error_type}: {event.message}")[:MAX_TEXT]
    return "\n".join(_lines(exceptions))[:MAX_TEXT]


def as_markdown(event: EventDetail, link: str) -> str:
    """Headline, facts, stack."""
    stack = as_text(event)
    fence = "`" * max(_LEAST_FENCE, _longest_run(stack) + 1)
    facts = {
        "App": event.app_id,
        "Environment": event.environment,
        "Release": event.release,
        "When": event.occurred_at.isoformat(timespec="seconds"),
        "Request": " ".join(filter(None, (event.request_method, event.request_url))),
        "Link": link,
    }
    said = [f"- {name}: {_plain(value)}" for name, value in facts.items() if value]
    headline = f"{event.error_type}: {event.message.partition(chr(10))[0]}"
    return (
        f"**{_plain(headline[:300])}**\n\n" + "\n".join(said) + f"\n\n{fence}\n{stack}\n{fence}\n"
    )


def _lines(exceptions: tuple[ShownException, ...]) -> Iterator[str]:
    for index, exception in enumerate(exceptions):
        head = f"{exception.type}: {exception.value}" if exception.value else exception.type
        yield f"{'Caused by: ' if index else ''}{head}"
        yield from _calls(exception.runs)
        if exception.omitted:
            yield f"    … {exception.omitted} more"


def _calls(runs: tuple[Run, ...]) -> Iterator[str]:
    for run in runs:
        for frame in run.frames:
            yield f"    at {_call(frame)}"


def _call(frame: ShownFrame) -> str:
    return f"{frame.function} ({frame.place})" if frame.function else frame.place


def _longest_run(text: str) -> int:
    longest = current = 0
    for character in text:
        current = current + 1 if character == "`" else 0
        longest = max(longest, current)
    return longest


def _plain(text: str) -> str:
    """One line that Markdown leaves as it is: a stranger's text links and mentions nothing."""
    for special in "\\`*_[]<>#|!@":
        text = text.replace(special, f"\\{special}")
    return " ".join(text.split())
