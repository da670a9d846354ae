"""Guides for a set-up: what to install and what to write, with an app's own address in it. Tests
run and compile each of them as it is shown."""

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec


class Place(NamedTuple):
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

    @property
    def tracker(self) -> str:
        """How our package for JavaScript makes a tracker."""
        return f"createErrorTracker({self.options})"

    @property
    def options(self) -> str:
        """What our package for JavaScript wants to know."""
        return f"{{ errorTrackingUrl: '{self.origin}', appId: {self.quoted} }}"


class File(NamedTuple):
    """Something to be written."""

    # empty: anywhere
    path: str
    code: str


class Guide(NamedTuple):
    """One way to report."""

    name: str
    install: str
    files: tuple[File, ...]


_PACKAGE: Final = "npm install @manacore/shared-error-tracking"


def _nestjs(to: Place) -> Guide:
    module = f"""import {{ ErrorTrackingModule }} from '@manacore/shared-error-tracking/nestjs';
import {{ Module }} from '@nestjs/common';

@Module({{
  imports: [ErrorTrackingModule.forRoot({to.options})],
}})
export class AppModule {{}}"""
    main = """import { ErrorTrackingFilter } from '@manacore/shared-error-tracking/nestjs';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
app.useGlobalFilters(app.get(ErrorTrackingFilter));
app.enableShutdownHooks();
await app.listen(3000);"""
    return Guide("NestJS", _PACKAGE, (File("src/app.module.ts", module), File("src/main.ts", main)))


def _sveltekit(to: Place) -> Guide:
    client = f"""import {{
  createErrorTracker,
  createSvelteErrorHandler,
  setupGlobalErrorHandler,
}} from '@manacore/shared-error-tracking/frontend';

const tracker = {to.tracker};
setupGlobalErrorHandler(tracker);
export const handleError = createSvelteErrorHandler(tracker);"""
    server = f"""import {{ createErrorTracker }} from '@manacore/shared-error-tracking/node';
import {{ createSvelteErrorHandler }} from '@manacore/shared-error-tracking/svelte';

export const handleError = createSvelteErrorHandler({to.tracker});"""
    files = (File("src/hooks.client.ts", client), File("src/hooks.server.ts", server))
    return Guide("SvelteKit", _PACKAGE, files)


def _expo(to: Place) -> Guide:
    code = f"""import {{
  createErrorTracker,
  createExpoErrorHandler,
  setupGlobalErrorHandler,
}} from '@manacore/shared-error-tracking/expo';
import type {{ ReactNode }} from 'react';
import ErrorBoundary from 'react-native-error-boundary';

const tracker = {to.tracker};
setupGlobalErrorHandler(tracker);
const {{ errorHandler }} = createExpoErrorHandler(tracker);

// around the app
export function Reported({{ children }}: {{ children: ReactNode }}) {{
  return <ErrorBoundary onError={{errorHandler}}>{{children}}</ErrorBoundary>;
}}"""
    install = f"{_PACKAGE} react-native-error-boundary"
    return Guide("Expo, React Native", install, (File("src/Reported.tsx", code),))


def _javascript(name: str, entry: str) -> Callable[[Place], Guide]:
    def guide(to: Place) -> Guide:
        code = f"""import {{
  createErrorTracker,
  setupGlobalErrorHandler,
}} from '@manacore/shared-error-tracking/{entry}';

setupGlobalErrorHandler({to.tracker});"""
        return Guide(name, _PACKAGE, (File("", code),))

    return guide


def _python(to: Place) -> Guide:
    code = f"""import mana_errors_sdk

mana_errors_sdk.init("{to.origin}", app_id={to.quoted})"""
    return Guide("Python", "pip install mana-errors-sdk", (File("", code),))


def _sentry_python(to: Place) -> Guide:
    code = f'import sentry_sdk\n\nsentry_sdk.init(dsn="{to.dsn}")'
    return Guide("Sentry SDK: Python", "pip install sentry-sdk", (File("", code),))


def _sentry_node(to: Place) -> Guide:
    code = f"import * as Sentry from '@sentry/node';\n\nSentry.init({{ dsn: '{to.dsn}' }});"
    files = (File("instrument.mjs", code), File("", "node --import ./instrument.mjs app.mjs"))
    return Guide("Sentry SDK: Node", "npm install @sentry/node", files)


def _sentry_browser(to: Place) -> Guide:
    code = f"import * as Sentry from '@sentry/browser';\n\nSentry.init({{ dsn: '{to.dsn}' }});"
    install = "npm install @sentry/browser    # or @sentry/sveltekit, @sentry/react-native"
    return Guide("Sentry SDK: web pages", install, (File("", code),))


def _opentelemetry(to: Place) -> Guide:
    code = f"""export OTEL_EXPORTER_OTLP_TRACES_ENDPOINT={to.origin}/v1/traces
export OTEL_EXPORTER_OTLP_LOGS_ENDPOINT={to.origin}/v1/logs
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_HEADERS=x-app-key={to.key}"""
    return Guide("OpenTelemetry", "", (File("", code),))


def _http(to: Place) -> Guide:
    code = f"""curl {to.origin}/api/v1/errors \\
  -H 'X-App-Key: {to.key}' -H 'Content-Type: application/json' \\
  -d '{{"errorCode": "HELLO", "errorType": "Error", "message": "It works"}}'"""
    return Guide("HTTP", "", (File("", code),))


GUIDES: Final[tuple[Callable[[Place], Guide], ...]] = (
    _nestjs,
    _sveltekit,
    _expo,
    _javascript("JavaScript: web pages", "frontend"),
    _javascript("JavaScript: Node", "node"),
    _python,
    _sentry_python,
    _sentry_node,
    _sentry_browser,
    _opentelemetry,
    _http,
)
