"""What the weekly report says: subject, text and HTML."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from mana_errors.alerts.card import COLOURS
from mana_errors.alerts.mail import Image, Rendered, render_html
from mana_errors.alerts.picture import draw_bars
from mana_errors.alerts.text import one_line, sparkline
from mana_errors.alerts.words import LANGUAGES, Words, counted, number
from mana_errors.model.weekly import DAYS, AppWeek, Span, Week, WeekIssue

# A table that is read in one look; the rest as a number.
MAX_APPS: Final = 12
_MAX_TITLE: Final = 160
_MAX_NAME: Final = 60
# Above it a percentage says less than a factor.
_MAX_PERCENT: Final = 900
# A smaller share than that comes and goes.
_MOVE: Final = 0.05
_TIMES: Final = "\N{MULTIPLICATION SIGN}"
_MINUS: Final = "\N{MINUS SIGN}"


class _Line(msgspec.Struct, frozen=True):
    """An app."""

    name: str
    events: str
    change: str
    # whether the change is for the worse; None: neither
    worse: bool | None
    new: str
    fixed: str


class _Item(msgspec.Struct, frozen=True):
    """An issue."""

    title: str
    url: str
    colour: str
    said: str


class _Part(msgspec.Struct, frozen=True):
    """A list of issues."""

    title: str
    items: tuple[_Item, ...]
    # how many it leaves out; empty: none
    more: str
    # instead of a list
    none: str


class _Figure(msgspec.Struct, frozen=True):
    """A number of all apps."""

    label: str
    value: str
    change: str
    worse: bool | None


class _Report(msgspec.Struct, frozen=True):
    """All of it in words: what text and HTML say."""

    dates: str
    figures: tuple[_Figure, ...]
    days: str
    lines: tuple[_Line, ...]
    more_apps: str
    parts: tuple[_Part, ...]


def render_week(week: Week, language: str, server_url: str, mute_url: str = "") -> Rendered:
    """An e-mail to one person. `mute_url`: ends these for them; empty: there is none."""
    words = LANGUAGES[language]
    new = counted(week.new_total, "new_issue", words)
    subject = words["week_subject"].format(counted(week.events, "event", words), new)
    report = _report(week, server_url, words)
    values = {
        "subject": subject,
        "preheader": report.dates,
        "report": report,
        "server_url": server_url,
        "footer": words["week_footer"],
        "mute_url": mute_url,
        "mute_label": words["week_mute"],
    }
    image = Image("days", draw_bars(week.days, pale=DAYS))
    text = _text(report, words, mute_url)
    return Rendered(subject, text, render_html("weekly.html", language, values), (image,))


def _report(week: Week, server_url: str, words: Words) -> _Report:
    return _Report(
        dates=dates(week.span, words),
        figures=_figures(week, words),
        days=sparkline(week.days),
        lines=tuple(_line(app, words) for app in week.apps[:MAX_APPS]),
        more_apps=_more(len(week.apps), MAX_APPS, words),
        parts=_parts(week, server_url, words),
    )


def dates(span: Span, words: Words) -> str:
    """Its first and its last day."""
    last = span.monday + timedelta(days=DAYS - 1)
    months = words["months"].split()
    return words["dates"].format(
        from_day=span.monday.day,
        from_month=months[span.monday.month - 1],
        to_day=last.day,
        to_month=months[last.month - 1],
        year=last.year,
    )


def change(now: int, before: int, words: Words) -> str:
    """Against the week before."""
    if not before:
        return words["first_time"] if now else ""
    percent = round(100 * (now - before) / before)
    if percent > _MAX_PERCENT:
        return f"{number(round(now / before))}\u202f{_TIMES}"
    sign = "+" if percent > 0 else _MINUS if percent else "±"
    return f"{sign}{abs(percent)}\u202f%"


def _worse(now: int, before: int) -> bool | None:
    return None if abs(now - before) <= before * _MOVE else now > before


def _figures(week: Week, words: Words) -> tuple[_Figure, ...]:
    events, before = week.events, week.before
    moved, moved_by = _worse(events, before), change(events, before, words) if before else ""
    return (
        _Figure(words["week_events"], number(events), moved_by, moved),
        _Figure(words["week_new"], number(week.new_total), "", None),
        _Figure(words["week_worse"], number(week.worse_total), "", None),
        _Figure(words["week_fixed"], number(week.fixed_total), "", None),
    )


def _line(app: AppWeek, words: Words) -> _Line:
    return _Line(
        one_line(app.name, _MAX_NAME) or "?",
        number(app.events),
        change(app.events, app.before, words),
        _worse(app.events, app.before),
        number(app.new_issues),
        number(app.fixed_issues),
    )


def _parts(week: Week, server_url: str, words: Words) -> tuple[_Part, ...]:
    def part(title: str, none: str, issues: Sequence[WeekIssue], total: int) -> _Part:
        items = tuple(_item(issue, server_url, words) for issue in issues)
        more = _more(total, len(issues), words)
        return _Part(words[title], items, more, "" if items else words[none])

    parts = (
        part("week_new", "none_new", week.new, week.new_total),
        part("week_worse", "none_worse", week.worse, week.worse_total),
        part("week_fixed", "none_fixed", week.fixed, week.fixed_total),
    )
    met = part("week_met", "week_met", week.met, len(week.met))
    return (*parts, met) if met.items else parts


def _item(issue: WeekIssue, server_url: str, words: Words) -> _Item:
    said = [one_line(issue.app_name, _MAX_NAME), counted(issue.events, "event", words)]
    if issue.before:
        said.append(words["was"].format(number(issue.before)))
    if issue.users:
        said.append(counted(issue.users, "user", words))
    return _Item(
        one_line(issue.title, _MAX_TITLE) or "?",
        f"{server_url}/issues/{issue.id}",
        f"#{COLOURS[issue.severity]:06x}",
        " · ".join(said),
    )


def _more(total: int, told: int, words: Words) -> str:
    return words["more"].format(number(total - told)) if total > told else ""


def _text(report: _Report, words: Words, mute_url: str) -> str:
    figures = [f"{one.label}: {one.value} {one.change}".rstrip() for one in report.figures]
    blocks = [
        [words["week"], report.dates],
        [*figures, f"{words['week_days']}:", report.days],
        [words["week_apps"], *(_app_text(line, words) for line in report.lines), report.more_apps],
        *(_part_text(part) for part in report.parts),
        [words["week_footer"], f"{words['week_mute']}: {mute_url}" if mute_url else ""],
    ]
    return "\n\n".join("\n".join(line for line in lines if line) for lines in blocks) + "\n"


def _app_text(line: _Line, words: Words) -> str:
    moved = f" ({line.change})" if line.change else ""
    new, fixed = (words[name].lower() for name in ("column_new", "column_fixed"))
    events = f"{words['week_events'].lower()} {line.events}{moved}"
    return f"- {line.name}: {events}, {new} {line.new}, {fixed} {line.fixed}"


def _part_text(part: _Part) -> list[str]:
    items = [
        text
        for item in part.items
        for text in (f"- {item.title}", f"  {item.said}", f"  {item.url}")
    ]
    return [part.title, *items, part.more, part.none]
