"""The pages' words, in English and German."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

_ENGLISH: Final[Mapping[str, str]] = {
    "issues": "Issues",
    "issue": "Issue",
    "app": "App",
    "all_apps": "All apps",
    "environment": "Environment",
    "severity": "Severity",
    "status": "Status",
    "any_status": "Any status",
    "search": "Search",
    "search_hint": "Words in title, place or type",
    "filter": "Filter",
    "count": "Events",
    "users": "Users",
    "first_seen": "First seen",
    "last_seen": "Last seen",
    "release": "Release",
    "first_release": "First release",
    "fingerprint": "Fingerprint",
    "unresolved": "unresolved",
    "resolved": "resolved",
    "ignored": "ignored",
    "regressed": "came back",
    "more": "Older issues",
    "first_page": "Latest issues",
    "no_match": "No issue matches.",
    "show_all": "Show all issues",
    "empty": "No errors yet",
    "empty_hint": "Report the first one:",
    "hours": "Last 24 hours",
    "days": "Last 14 days",
    "latest_event": "Latest event",
    "message": "Message",
    "stack": "Stack trace",
    "request": "Request",
    "user": "User",
    "context": "Context",
    "details": "All fields",
    "grouped_by": "Why these events are one issue",
    "no_events": "Its events are older than the retention: only counts are left.",
    "api": "API",
    "not_found": "Not found",
    "not_found_hint": "There is no such page or issue.",
    "forbidden": "Only from this machine, for now",
    "forbidden_hint": "Signing in comes later. Until then, pages are shown to a browser on the "
    "server itself, at http://localhost. From elsewhere, use the API with a token: "
    "mana-errors token create --name NAME --scope read",
    "unavailable": "The database is away",
    "unavailable_hint": "Reports are still accepted and will show up here. Try again in a moment.",
    "bad_request": "That address makes no sense",
    "bad_request_hint": "A filter has a value that does not exist.",
    "error": "Something went wrong here",
    "error_hint": "The server's log says more.",
    "now": "just now",
    "minutes": "{} min ago",
    "hours_ago": "{} h ago",
    "yesterday": "1 day ago",
    "days_ago": "{} days ago",
}
_GERMAN: Final[Mapping[str, str]] = {
    "issues": "Probleme",
    "issue": "Problem",
    "app": "App",
    "all_apps": "Alle Apps",
    "environment": "Umgebung",
    "severity": "Schwere",
    "status": "Status",
    "any_status": "Jeder Status",
    "search": "Suche",
    "search_hint": "Wörter in Titel, Ort oder Typ",
    "filter": "Filtern",
    "count": "Ereignisse",
    "users": "Nutzer",
    "first_seen": "Zuerst gesehen",
    "last_seen": "Zuletzt gesehen",
    "release": "Version",
    "first_release": "Erste Version",
    "fingerprint": "Fingerabdruck",
    "unresolved": "offen",
    "resolved": "gelöst",
    "ignored": "ignoriert",
    "regressed": "wiedergekehrt",
    "more": "Ältere Probleme",
    "first_page": "Neueste Probleme",
    "no_match": "Kein Problem passt.",
    "show_all": "Alle Probleme zeigen",
    "empty": "Noch keine Fehler",
    "empty_hint": "Melde den ersten:",
    "hours": "Letzte 24 Stunden",
    "days": "Letzte 14 Tage",
    "latest_event": "Neuestes Ereignis",
    "message": "Meldung",
    "stack": "Stacktrace",
    "request": "Anfrage",
    "user": "Nutzer",
    "context": "Kontext",
    "details": "Alle Felder",
    "grouped_by": "Warum diese Ereignisse ein Problem sind",
    "no_events": "Die Ereignisse sind älter als die Aufbewahrung: nur Zahlen sind geblieben.",
    "api": "API",
    "not_found": "Nicht gefunden",
    "not_found_hint": "Diese Seite oder dieses Problem gibt es nicht.",
    "forbidden": "Vorerst nur auf diesem Rechner",
    "forbidden_hint": "Die Anmeldung kommt später. Bis dahin sieht Seiten nur ein Browser auf dem "
    "Server selbst, unter http://localhost. Von anderswo hilft die API mit einem Token: "
    "mana-errors token create --name NAME --scope read",
    "unavailable": "Die Datenbank ist nicht erreichbar",
    "unavailable_hint": "Meldungen werden weiter angenommen und erscheinen hier später. Versuche "
    "es gleich noch einmal.",
    "bad_request": "Diese Adresse ergibt keinen Sinn",
    "bad_request_hint": "Ein Filter hat einen Wert, den es nicht gibt.",
    "error": "Hier ging etwas schief",
    "error_hint": "Im Protokoll des Servers steht mehr.",
    "now": "gerade eben",
    "minutes": "vor {} min",
    "hours_ago": "vor {} h",
    "yesterday": "vor 1 Tag",
    "days_ago": "vor {} Tagen",
}
LANGUAGES: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "de": _GERMAN}


def pick_language(accept_language: str) -> str:
    """The best of ours for an Accept-Language header (RFC 9110, 12.5.4); English else."""
    wishes: list[tuple[float, str]] = []
    for wish in accept_language.split(","):
        name, _, weight = wish.partition(";q=")
        language = name.strip().lower().partition("-")[0]
        if language in LANGUAGES:
            wishes.append((_weight(weight), language))
    best = max(wishes, key=lambda wish: wish[0], default=(0.0, "en"))
    return best[1] if best[0] > 0 else "en"


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def ago(time: datetime, now: datetime, words: Mapping[str, str]) -> str:
    """How long ago, in the largest unit that fits."""
    minutes = int((now - time).total_seconds() // 60)
    if minutes < 1:
        return words["now"]
    hours, days = minutes // 60, minutes // (60 * 24)
    if hours < 1:
        return words["minutes"].format(minutes)
    if days < 1:
        return words["hours_ago"].format(hours)
    return words["yesterday"] if days == 1 else words["days_ago"].format(days)
