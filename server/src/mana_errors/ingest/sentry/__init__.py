"""Sentry's protocol, read: https://develop.sentry.dev/sdk/. Pure."""
