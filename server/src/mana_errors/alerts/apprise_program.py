"""The process in which Apprise sends one message: a Task on stdin, a Done on stdout."""

import re
import resource
import sys
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from mana_errors.alerts.network import Networks

if TYPE_CHECKING:
    from apprise.result import AppriseResult

# Four times what Apprise takes: an answer without end ends the process and nothing else.
MAX_MEMORY_BYTES: Final = 1024 * 1024 * 1024
# Services of the machine that it runs on: a server has no desktop, and its log is not for this.
LOCAL: Final = frozenset({"dbus", "gnome", "glib", "kde", "macosx", "qt", "syslog", "windows"})
# In what Apprise logs; the rest of it may repeat the URL.
_STATUS: Final = re.compile(r"\berror[=:] ?(\d{3})\b")
_FORBIDDEN: Final = {
    **dict.fromkeys(
        ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"),
        "a channel may not start programs",
    ),
    **dict.fromkeys(
        ("syslog.openlog", "syslog.syslog"), "a channel may not write this machine's log"
    ),
}
_CONNECTS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class Task(msgspec.Struct, frozen=True):
    """What to send, and where it may go."""

    url: str
    title: str
    body: str
    # info, warning, failure
    kind: str
    # networks that need not be public
    networks: tuple[str, ...]


class Done(msgspec.Struct, frozen=True):
    """How it went."""

    sent: bool
    # without secrets
    reason: str
    # HTTP status of the service, where Apprise tells it
    status: int | None = None
    # whether Apprise knows the service at all, and may go there
    known: bool = True


class _Forbidden(Exception):
    pass


def main() -> None:
    """Send what stdin says."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    # what Apprise or a plugin of it prints is no answer
    answer, sys.stdout = sys.stdout, sys.stderr
    answer.buffer.write(msgspec.json.encode(_send(task)))


def _send(task: Task) -> Done:
    import apprise  # noqa: PLC0415 - the program that is started, not the one that imports Task

    service = cast("Any", apprise.Apprise())
    # one URL may name several services
    if not service.add(task.url) or len(service) != 1 or service[0].schemas() & LOCAL:
        return Done(sent=False, reason="Apprise knows no service by this URL", known=False)
    refused = _watch(Networks(task.networks))
    form = apprise.NotifyFormat.TEXT
    result: AppriseResult = service.notify(task.body, task.title, task.kind, body_format=form)
    if refused:
        return Done(sent=False, reason=refused[0], known=False)
    return _done(result)


def _done(result: "AppriseResult") -> Done:
    if result:
        return Done(sent=True, reason="")
    logged = " ".join(entry.message for entry in result.logs())
    found = _STATUS.search(logged)
    if found is None:
        return Done(sent=False, reason="Apprise could not send it")
    return Done(sent=False, reason=f"HTTP {found[1]}", status=int(found[1]))


def _watch(networks: Networks) -> list[str]:
    """From now on this process connects to permitted addresses alone; it starts no program, and
    writes no log of this machine's. What was forbidden is said by the list."""
    refused: list[str] = []

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        reason = _FORBIDDEN.get(event)
        if event in _CONNECTS and not _permitted(networks, arguments):
            reason = "its address is not public: see MANA_ERRORS_ALERT_NETWORKS"
        if reason is None:
            return
        refused.append(reason)
        raise _Forbidden(reason)

    sys.addaudithook(hook)
    return refused


def _permitted(networks: Networks, arguments: tuple[object, ...]) -> bool:
    address = arguments[1] if len(arguments) > 1 else None
    # a path is a socket of this machine
    return isinstance(address, tuple) and networks.permit(str(cast("Any", address)[0]))


if __name__ == "__main__":
    main()
