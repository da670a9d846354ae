"""The family of the demo data."""

from dataclasses import dataclass
from typing import Final

from mana_errors.model.event import SourceType

# In front of every app's id, so that no real app is meant.
PREFIX: Final = "demo-"


@dataclass(frozen=True, slots=True)
class Runtime:
    """How the stacks of a platform look."""

    # as payload.platform says it
    platform: str
    extension: str
    # where an app's own sources lie, before app and module
    root: str
    # calls of the framework into the app: (file, function, line), the outermost first
    library: tuple[tuple[str, str, int], ...]
    # what is thrown, and what it says: {noun}, {n} and {id} are filled in
    faults: tuple[tuple[str, str], ...]
    sdk: str


PYTHON: Final = Runtime(
    "python",
    "py",
    "/srv/{app}/app",
    (
        ("/usr/lib/python3.12/site-packages/starlette/routing.py", "app", 77),
        ("/usr/lib/python3.12/site-packages/fastapi/routing.py", "run_endpoint_function", 212),
    ),
    (
        ("KeyError", "'{noun}_id'"),
        ("ValueError", "invalid {noun} number {n}"),
        ("AttributeError", "'NoneType' object has no attribute '{noun}'"),
        ("OperationalError", 'could not connect to server at "10.0.0.{n}"'),
        ("IntegrityError", "duplicate key value violates unique constraint {noun}_pkey: {id}"),
        ("TimeoutError", "{noun} {id} was not answered within {n} ms"),
    ),
    "sentry.python.fastapi",
)
NODE: Final = Runtime(
    "node",
    "ts",
    "/srv/{app}/src",
    (
        ("/srv/app/node_modules/@nestjs/core/router/router-execution-context.js", "handler", 46),
        ("/srv/app/node_modules/@nestjs/core/router/router-proxy.js", "next", 9),
    ),
    (
        ("TypeError", "Cannot read properties of undefined (reading '{noun}')"),
        ("ValidationError", "{noun} must have at most {n} characters"),
        ("QueryFailedError", 'relation "{noun}" does not exist'),
        ("ForbiddenException", "{noun} {id} belongs to another tenant"),
        ("AxiosError", "Request failed with status code 502"),
        ("SyntaxError", "Unexpected token < in JSON at position {n}"),
    ),
    "sentry.javascript.nestjs",
)
BROWSER: Final = Runtime(
    "javascript",
    "svelte",
    "https://{app}.example.com/_app/src",
    (("https://example.com/_app/node_modules/svelte/internal/client/runtime.js", "flush", 604),),
    (
        ("TypeError", "Cannot read properties of null (reading '{noun}')"),
        ("ReferenceError", "{noun} is not defined"),
        ("ChunkLoadError", "Loading chunk {n} failed"),
        ("NetworkError", "NetworkError when attempting to fetch {noun} {id}"),
        ("QuotaExceededError", "The quota has been exceeded while storing {noun}"),
        ("RangeError", "Maximum call stack size exceeded"),
    ),
    "sentry.javascript.sveltekit",
)
MOBILE: Final = Runtime(
    "javascript",
    "tsx",
    "app:///src",
    (("app:///node_modules/react-native/Libraries/Core/Timers/JSTimers.js", "_callTimer", 83),),
    (
        ("TypeError", "Network request failed while loading {noun}"),
        ("Invariant Violation", "Tried to register two views with the same name {noun}"),
        ("Error", "Unable to resolve module {noun}"),
        ("TypeError", "undefined is not an object (evaluating '{noun}.items')"),
    ),
    "sentry.javascript.react-native",
)
JVM: Final = Runtime(
    "java",
    "kt",
    "",
    (("DispatcherServlet.java", "org.springframework.web.servlet.DispatcherServlet.doGet", 979),),
    (
        ("NullPointerException", 'Cannot invoke "{noun}.getId()" because "{noun}" is null'),
        ("IllegalStateException", "{noun} {id} is already closed"),
        ("SQLTimeoutException", "Query for {noun} cancelled after {n} ms"),
        ("JsonParseException", "Unexpected character in {noun} at line {n}"),
    ),
    "sentry.java.spring-boot",
)
GO: Final = Runtime(
    "go",
    "go",
    "/srv/{app}/internal",
    (("/usr/local/go/src/net/http/server.go", "net/http.HandlerFunc.ServeHTTP", 2220),),
    (
        ("*net.OpError", "dial tcp 10.0.0.{n}:5432: connect: connection refused"),
        ("*errors.errorString", "{noun} {id} not found"),
        ("runtime.boundsError", "index out of range [{n}] with length 0"),
        ("*url.Error", 'Get "https://{noun}.internal/v1": context deadline exceeded'),
    ),
    "sentry.go",
)


@dataclass(frozen=True, slots=True)
class DemoApp:
    """One app of the family."""

    name: str
    runtime: Runtime
    source: SourceType
    # share of the family's errors, relative to the others
    weight: int
    # who use it
    people: int
    # between two releases, on average
    release_days: float
    # share of events that come from the release before
    stragglers: float

    @property
    def slug(self) -> str:
        """Its name in hosts and folders."""
        return self.name.lower().replace(" ", "-")

    @property
    def id(self) -> str:
        """Its id here."""
        return PREFIX + self.slug


APPS: Final = (
    DemoApp("Chat", NODE, SourceType.BACKEND, 18, 4_000, 2.0, 0.05),
    DemoApp("Chat Web", BROWSER, SourceType.FRONTEND_WEB, 16, 4_000, 2.0, 0.15),
    DemoApp("Picture", BROWSER, SourceType.FRONTEND_WEB, 12, 2_500, 3.0, 0.1),
    DemoApp("Zitare", MOBILE, SourceType.FRONTEND_MOBILE, 14, 6_000, 7.0, 0.4),
    DemoApp("Billing", PYTHON, SourceType.BACKEND, 9, 900, 4.0, 0.02),
    DemoApp("Auth", NODE, SourceType.BACKEND, 8, 5_000, 5.0, 0.02),
    DemoApp("Mail", PYTHON, SourceType.BACKEND, 6, 3_000, 6.0, 0.02),
    DemoApp("Search", JVM, SourceType.BACKEND, 5, 2_000, 9.0, 0.05),
    DemoApp("Media", GO, SourceType.BACKEND, 4, 1_500, 6.0, 0.05),
    DemoApp("Calendar", MOBILE, SourceType.FRONTEND_MOBILE, 4, 1_200, 8.0, 0.35),
    DemoApp("Reports", PYTHON, SourceType.BACKEND, 2, 150, 10.0, 0.02),
    DemoApp("Admin", BROWSER, SourceType.FRONTEND_WEB, 2, 40, 5.0, 0.1),
)
