"""Microseconds per call of the pure stages, beside decoding of the same bytes as the yardstick.

    uv run python bench/micro.py

Each figure is CPU time, the median of RUNS runs. Compare ratios: the machine is in all of them.
"""

import itertools
import json
import statistics
import time
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.config import Settings
from mana_errors.digest.group import group, tell
from mana_errors.digest.parse import parse_stack
from mana_errors.ingest.decode import decode_report
from mana_errors.ingest.filter import FilterSet
from mana_errors.ingest.identify import Identify, Known
from mana_errors.ingest.limit import Limits
from mana_errors.ingest.quota import Quotas
from mana_errors.ingest.report import Report
from mana_errors.ingest.scrub import scrub
from mana_errors.model.app import AppSettings, Directory, Filters, KnownApp
from mana_errors.model.event import Event

RUNS: Final = 5
SECONDS_PER_RUN: Final = 0.2

STACK: Final = "\n".join(
    [
        "TypeError: Cannot read properties of undefined (reading 'amount')",
        *(
            f"    at Cart.step{n} (file:///srv/shop/src/cart/step{n}.ts:{n}:17)"
            for n in range(1, 8)
        ),
        *(
            f"    at async Way.run{n} (/srv/shop/node_modules/@nestjs/core/router/run{n}.js:{n}:9)"
            for n in range(1, 9)
        ),
    ]
)
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
HEADERS: Final = {
    "host": "shop.example",
    "accept": "application/json",
    "accept-language": "de-DE,de;q=0.9",
    "content-type": "application/json",
    "referer": "https://shop.example/cart",
}
# A report as the contract's NestJS client sends it: 2.4 KB of JSON.
CLEAN: Final = Event(
    id=UUID(int=1),
    occurred_at=NOW,
    received_at=NOW,
    app_id="shop",
    error_code="INTERNAL_ERROR",
    error_type="TypeError",
    message="Cannot read properties of undefined (reading 'amount')",
    stack_trace=STACK,
    service_name="shop-backend",
    user_id="user_123",
    request_url="/api/orders/17/pay?step=2",
    request_method="POST",
    request_headers=HEADERS,
    request_body={"items": [{"sku": f"A-{n}", "qty": n, "gift": False} for n in range(15)]},
    context={"route": "/api/orders/:id/pay", "requestId": "550e8400-e29b-41d4-a716-446655440000"},
    user_agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36",
    browser_info={"name": "Chrome", "version": "131", "viewport": {"width": 1280, "height": 720}},
    device_info={"os": "Linux", "memory": 8, "cores": 4},
)
SECRET_HEADER: Final = msgspec.structs.replace(
    CLEAN, request_headers={**HEADERS, "authorization": "Bearer abc"}
)
SECRET_TEXT: Final = msgspec.structs.replace(CLEAN, request_url="/api/orders?token=abc&step=2")
# More of each than is remembered, so that going around them never meets a remembered one.
NEW_STACKS: Final = [
    STACK.replace("step", f"step{n}x").replace("run", f"run{n}x") for n in range(600)
]
NEW_MESSAGES: Final = [msgspec.structs.replace(CLEAN, message=f"no cart{n}x") for n in range(4200)]


KEY: Final = "0123456789abcdef0123456789abcdef"
REQUEST: Final = {
    b"host": b"errors.example",
    b"content-type": b"application/json",
    b"user-agent": b"node",
    b"x-forwarded-for": b"198.51.100.7",
    b"x-app-key": KEY.encode(),
}


def gate(settings: AppSettings) -> Callable[[], object]:
    """Everything that may refuse a report: who sends, limits, quota, filters."""
    app = KnownApp("shop", 1, settings)
    directory = Directory(1, {"shop": app}, {KEY: "shop"})
    server = Settings(rate_per_address=1_000_000, rate_burst_per_address=1_000_000)
    identify, limits = Identify(Known(lambda: directory), server), Limits(server)
    quotas, filters = Quotas(server, lambda: NOW), FilterSet()
    report = decode_report(msgspec.json.encode(REPORT))

    def pass_through() -> None:
        sender = identify.meet(REQUEST, b"", "127.0.0.1")
        limits.take_request(sender.address.bucket)
        identify.check(sender)
        found = identify.app_of(report, sender)
        limits.take_event(found, sender.key)
        quotas.take_event(found, report)
        filters.unwanted(CLEAN, found, sender.address)

    return pass_through


REPORT: Final = Report(error_code="C", error_type="TypeError", message="no cart", app_id="shop")
ALL_FILTERS: Final = Filters(
    messages=("*ResizeObserver*", "*Script error*"),
    types=("AbortError",),
    paths=("/health*",),
    releases=("0.*",),
    user_agents=("curl/*",),
    addresses=("203.0.113.0/24",),
    crawlers=True,
    legacy_browsers=True,
    extensions=True,
)
LIMITED: Final = AppSettings(
    rate_per_second=1_000_000, key_rate_per_second=1_000_000, allowed_origins=("https://a.example",)
)


def measure(call: Callable[[], object]) -> float:
    """Median microseconds per call."""
    timer = timeit.Timer(call, timer=time.process_time)
    once = max(timer.timeit(100) / 100, 1e-7)
    number = max(1, int(SECONDS_PER_RUN / once))
    return statistics.median(timer.repeat(RUNS, number)) / number * 1e6


def main() -> None:
    """Print the table."""
    raw = msgspec.json.encode(CLEAN)
    decode = msgspec.json.Decoder(Event).decode
    stack = parse_stack(STACK)
    new_stack = itertools.cycle(NEW_STACKS).__next__
    new_parsed = itertools.cycle([parse_stack(text) for text in NEW_STACKS]).__next__
    new_message = itertools.cycle(NEW_MESSAGES).__next__
    figures: dict[str, Callable[[], object]] = {
        f"yardstick: json.loads of {len(raw)} bytes": lambda: json.loads(raw),
        "yardstick: msgspec decode and validate": lambda: decode(raw),
        "identity, limits, filters: none set": gate(AppSettings()),
        "identity, limits, filters: all limits": gate(LIMITED),
        "identity, limits, filters: all of them": gate(
            msgspec.structs.replace(LIMITED, filters=ALL_FILTERS)
        ),
        "scrub, nothing secret": lambda: scrub(CLEAN),
        "scrub, secret in a header": lambda: scrub(SECRET_HEADER),
        "scrub, secret in a URL's query": lambda: scrub(SECRET_TEXT),
        "parse, 15 frames of V8, seen before": lambda: parse_stack(STACK),
        "parse, 15 frames of V8, new": lambda: parse_stack(new_stack()),
        "group, by stack, seen before": lambda: group(CLEAN, tell(stack)),
        "group, by stack, new": lambda: group(CLEAN, tell(new_parsed())),
        "group, by message, seen before": lambda: group(CLEAN, None),
        "group, by message, new": lambda: group(new_message(), None),
    }
    print(f"{'call':<45} {'µs':>8}")
    for name, call in figures.items():
        print(f"{name:<45} {measure(call):>8.1f}")


if __name__ == "__main__":
    main()
