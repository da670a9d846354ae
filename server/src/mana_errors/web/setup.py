"""How an app is made to report here: everything filled in, to be copied; and a test event."""

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec
from starlette.responses import Response

from mana_errors.errors import NotFound
from mana_errors.model.app_reading import dsn
from mana_errors.store import apps
from mana_errors.web.visit import Visit


class _Place(NamedTuple):
    """What differs from app to app."""

    origin: str
    app: str
    key: str
    dsn: str

    @property
    def quoted(self) -> str:
        """The app's id as JavaScript and Python write a text: strangers choose ids, and somebody
        will paste them into a program."""
        return msgspec.json.encode(self.app).decode()


class Guide(NamedTuple):
    """One way to report: what to install, and what to write."""

    name: str
    install: str
    code: str


async def show(visit: Visit) -> Response:
    """The guides of an app. Raises NotFound, for a foreign app too."""
    app_id = visit.request.query_params.get("app", "")
    visit.principal.must_see(app_id)
    async with visit.reader.connection() as connection:
        app = await apps.find(connection, app_id)
        keys = await apps.keys_of(connection, app_id)
    origin = visit.site.address(visit.request)
    key = next((key.key for key in keys if key.revoked_at is None), None)
    if key is None:
        raise NotFound(f"{app_id} has no key that works")
    place = _Place(origin, app.id, key, dsn(app.number, key, origin))
    values = {"app": app, "place": place, "guides": [guide(place) for guide in _GUIDES]}
    return visit.page("setup.html", values)


def _nestjs(to: _Place) -> Guide:
    return Guide(
        "NestJS",
        "pnpm add @manacore/shared-error-tracking",
        f"""// app.module.ts
import {{ ErrorTrackingModule }} from '@manacore/shared-error-tracking/nestjs';

@Module({{
  imports: [ErrorTrackingModule.forRoot({{ errorTrackingUrl: '{to.origin}', appId: {to.quoted} }})],
}})
export class AppModule {{}}

// main.ts
import {{ ErrorTrackingFilter }} from '@manacore/shared-error-tracking/nestjs';

app.useGlobalFilters(app.get(ErrorTrackingFilter));""",
    )


def _sveltekit(to: _Place) -> Guide:
    return Guide(
        "SvelteKit",
        "pnpm add @manacore/shared-error-tracking",
        f"""// src/hooks.client.ts
import {{
  createErrorTracker,
  createSvelteErrorHandler,
  setupGlobalErrorHandler,
}} from '@manacore/shared-error-tracking/frontend';

const tracker = createErrorTracker({{ errorTrackingUrl: '{to.origin}', appId: {to.quoted} }});
setupGlobalErrorHandler(tracker);
export const handleError = createSvelteErrorHandler(tracker);""",
    )


def _expo(to: _Place) -> Guide:
    return Guide(
        "Expo, React Native",
        "pnpm add @manacore/shared-error-tracking react-native-error-boundary",
        f"""import ErrorBoundary from 'react-native-error-boundary';
import {{
  createErrorTracker,
  createExpoErrorHandler,
}} from '@manacore/shared-error-tracking/frontend';

const tracker = createErrorTracker({{ errorTrackingUrl: '{to.origin}', appId: {to.quoted} }});
const {{ errorHandler }} = createExpoErrorHandler(tracker);

<ErrorBoundary onError={{errorHandler}}>…</ErrorBoundary>""",
    )


def _python(to: _Place) -> Guide:
    return Guide(
        "Python",
        "pip install mana-errors-sdk",
        f"""import mana_errors_sdk

mana_errors_sdk.init("{to.origin}", app_id={to.quoted})""",
    )


def _sentry_python(to: _Place) -> Guide:
    return Guide(
        "Sentry SDK: Python",
        "pip install sentry-sdk",
        f'import sentry_sdk\n\nsentry_sdk.init(dsn="{to.dsn}")',
    )


def _sentry_javascript(to: _Place) -> Guide:
    return Guide(
        "Sentry SDK: JavaScript",
        "npm install @sentry/browser    # or @sentry/node, @sentry/sveltekit, @sentry/react-native",
        f"import * as Sentry from '@sentry/browser';\n\nSentry.init({{ dsn: '{to.dsn}' }});",
    )


def _opentelemetry(to: _Place) -> Guide:
    return Guide(
        "OpenTelemetry",
        "",
        f"""export OTEL_EXPORTER_OTLP_TRACES_ENDPOINT={to.origin}/v1/traces
export OTEL_EXPORTER_OTLP_LOGS_ENDPOINT={to.origin}/v1/logs
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_HEADERS=x-app-key={to.key}""",
    )


def _http(to: _Place) -> Guide:
    return Guide(
        "HTTP",
        "",
        f"""curl {to.origin}/api/v1/errors \\
  -H 'X-App-Key: {to.key}' -H 'Content-Type: application/json' \\
  -d '{{"errorCode": "HELLO", "errorType": "Error", "message": "It works"}}'""",
    )


_GUIDES: Final[tuple[Callable[[_Place], Guide], ...]] = (
    _nestjs,
    _sveltekit,
    _expo,
    _python,
    _sentry_python,
    _sentry_javascript,
    _opentelemetry,
    _http,
)
